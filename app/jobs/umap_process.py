"""Run UMAP in a child process: it has no cancel hook, so cancelling kills the process.

The worker stays alive between embeddings, since importing and compiling UMAP takes longer than
most embeddings.
"""

from pathlib import Path

import numpy as np

from quests_core.utils import scratch
from quests_core.utils.child import Child

N_NEIGHBORS, MIN_DIST, SEED = 15, 0.1, 0
# With fewer points, UMAP's neighbour graph is meaningless; the principal components are shown instead.
MIN_POINTS = 20
STEP = "UMAP"
_SOURCE, _TARGET = "X.npy", "xy.npy"


class UmapWorker(Child):
    """A process that computes UMAP embeddings, one at a time."""

    def __init__(self):
        super().__init__(f"{__name__}:embed_in_child")

    def embed(self, X: np.ndarray, progress=None) -> np.ndarray:
        """Return the UMAP embedding of the rows of `X`, shape (n, 2); deterministic.

        Raises
        ------
        Cancelled
            If `progress` raises it; the process is then killed.
        ChildError
            If the process dies or reports an error.
        """
        with scratch.temporary("umap-") as name:
            folder = Path(name)
            np.save(folder / _SOURCE, X)
            self.run(folder, progress, STEP)
            return np.load(folder / _TARGET)


def embed_in_child(folder: Path) -> None:
    """Embed the array that `UmapWorker.embed` saved in a folder."""
    np.save(folder / _TARGET, umap(np.load(folder / _SOURCE)))


def umap(X: np.ndarray) -> np.ndarray:
    """Return the UMAP embedding of the rows of `X`, with a fixed seed."""
    from umap import UMAP

    model = UMAP(
        n_neighbors=N_NEIGHBORS, min_dist=MIN_DIST, init="pca", random_state=SEED, n_jobs=1, verbose=False
    )
    return np.asarray(model.fit_transform(X), dtype=np.float64)
