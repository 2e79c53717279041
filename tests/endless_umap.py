"""A plugin of ``panel serve``: an embedding without an end takes the place of UMAP, in its child process.

A session that closes while UMAP runs always does so here, and no time goes into compiling UMAP.
"""

import signal
from pathlib import Path

from quests_app.jobs.umap_process import UmapWorker
from quests_core.utils.child import Child

__all__ = ["ROUTES", "embed_in_child"]
ROUTES: list = []


def embed_in_child(folder: Path) -> None:
    """Wait until the process is killed."""
    while folder.exists():
        signal.pause()


UmapWorker.__init__ = lambda worker: Child.__init__(worker, f"{__name__}:embed_in_child")
