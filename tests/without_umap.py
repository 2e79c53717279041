"""A plugin of ``panel serve``: principal components take the place of UMAP, in the same process of its own.

Each such process compiles UMAP anew, for 15 seconds and, with many points, for more than a minute; a page
that is left meanwhile has it killed and started again. UMAP itself has
`tests/app/jobs/test_umap_process.py`.
"""

import numpy as np

from quests_app.jobs import umap_process
from quests_app.jobs.umap_process import UmapWorker, embed_in_child
from quests_core.utils.child import Child

__all__ = ["ROUTES", "embed_in_child"]
ROUTES: list = []


def principal_components(X: np.ndarray) -> np.ndarray:
    """Return the first two of them."""
    centred = X - X.mean(axis=0)
    return centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T


umap_process.umap = principal_components
UmapWorker.__init__ = lambda worker: Child.__init__(worker, f"{__name__}:embed_in_child")
