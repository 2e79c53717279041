"""UMAP in a process of its own, because it has no cancel hook: cancelling kills the process.

The worker stays alive between embeddings, since importing and compiling UMAP takes longer than
most embeddings. Run as a module, this file is the worker.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

N_NEIGHBORS, MIN_DIST, SEED = 15, 0.1, 0
# Below this UMAP's graph of neighbours says nothing; the principal components are shown instead.
MIN_POINTS = 20
STEP = "UMAP"


class EmbeddingError(RuntimeError):
    """The worker could not embed."""


class UmapWorker:
    """A process that computes UMAP embeddings, one at a time."""

    def __init__(self):
        self._process: subprocess.Popen | None = None
        self._lock = threading.Lock()

    def embed(self, X: np.ndarray, progress=None) -> np.ndarray:
        """Return the UMAP of the rows of `X`, shape (n, 2); the same for the same rows.

        Raises
        ------
        Cancelled
            If `progress` raises it; the worker is killed then.
        EmbeddingError
            If the worker dies or reports an error.
        """
        with self._lock, tempfile.TemporaryDirectory(prefix="quests-umap-") as folder:
            source, target = Path(folder, "X.npy"), Path(folder, "xy.npy")
            np.save(source, X)
            process = self._start()
            process.stdin.write(f"{source}\n")
            process.stdin.flush()
            failure = target.with_suffix(".error")
            try:
                self._wait(process, (target, failure), progress)
            except BaseException:
                self._kill()
                raise
            if failure.exists():
                raise EmbeddingError(failure.read_text(encoding="utf-8"))
            return np.load(target)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._kill()

    def _start(self) -> subprocess.Popen:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self._process

    @staticmethod
    def _wait(process: subprocess.Popen, answers: tuple[Path, ...], progress) -> None:
        """Wait until one of `answers` is there."""
        while not any(answer.exists() for answer in answers):
            if process.poll() is not None:
                killed = process.returncode == -9
                raise EmbeddingError(
                    "its process was killed, as the system does where memory runs short"
                    if killed
                    else f"its process ended with code {process.returncode}"
                )
            if progress is not None:
                progress(STEP, 0, 0)
            time.sleep(0.1)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.stdin.close()
            self._process.wait()
            self._process = None


def umap(X: np.ndarray) -> np.ndarray:
    """Return the UMAP of the rows of `X`, seeded."""
    from umap import UMAP

    model = UMAP(
        n_neighbors=N_NEIGHBORS, min_dist=MIN_DIST, init="pca", random_state=SEED, n_jobs=1, verbose=False
    )
    return np.asarray(model.fit_transform(X), dtype=np.float64)


def _serve() -> None:
    """Embed each file named on standard input, until that closes because the parent is gone."""
    # Nobody waits for the map: what the pages compute goes first.
    if hasattr(os, "nice"):
        os.nice(10)
    for line in sys.stdin:
        source = Path(line.rstrip("\n"))
        target, part = source.with_name("xy.npy"), source.with_name("part.npy")
        with contextlib.suppress(FileNotFoundError):
            try:
                np.save(part, umap(np.load(source)))
                part.rename(target)
            except Exception as error:
                # The parent shows it; the worker lives on.
                part.write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
                part.rename(target.with_suffix(".error"))


if __name__ == "__main__":
    _serve()
