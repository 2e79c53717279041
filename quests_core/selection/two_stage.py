"""Selection in two stages, for sets that are too large for one pass."""

import numbers
from collections.abc import Iterable, Iterator

import numpy as np

from ..environments import Environments
from ..progress import ProgressCallback
from ..utils.arrays import Indices
from ..utils.validation import check_count, check_frame_indices, check_n_to_select
from .dispatch import select
from .result import Selection


def select_in_chunks(
    envs: Environments | Iterable[Environments],
    method: str = "msc",
    n_to_select: int | float | None = None,
    keep: int | float = 0.5,
    n_chunks: int = 8,
    bandwidth: float = 0.015,
    reference=None,
    locked: Indices = (),
    excluded: Indices = (),
    random_state: int = 0,
    precision: str = "single",
    progress: ProgressCallback | None = None,
) -> Selection:
    """Select frames of each chunk by itself, then among all these.

    No pass sees more than a chunk, or than what all chunks kept. What is lost against one pass: frames that
    a chunk did not keep, and in the final pass the environments of these, which nothing there counts. So
    ``information_loss``, ``coverage`` and ``balanced``, which count all environments, lose more than ``msc``:
    in four or eight chunks that kept twice the share wanted in the end, 0 to 5 points of overlap on
    gap20_Fullerenes, up to 24 on the more redundant mlearn_Mo and mg_fletcher_ns, where ``msc`` lost at
    most 5 (docs/choosing.md has the table).

    Measured on every 3rd frame of gap20_partial (1,187 frames of carbon, 76,354 environments): what 10 /
    25 / 50 % of the frames have more (+) or less (-) than after one pass.

    ================= ======== ====== ======================== ======================== ======================
    method            n_chunks keep   overlap                  entropy, nats            information loss, nats
    ================= ======== ====== ======================== ======================== ======================
    ``msc``           4        1.5 ×  -0.012 / +0.004 / +0.002 +0.20 / -0.01 / +0.00    -0.25 / +0.01 / +0.01
    ``msc``           8        1.5 ×  -0.028 / +0.005 / +0.003 -0.02 / +0.03 / +0.01    +0.85 / +0.02 / +0.00
    ``msc``           4        2 ×    -0.003 / -0.001 / 0      +0.06 / -0.01 / 0        -0.33 / +0.04 / 0
    ``msc``           8        2 ×    -0.015 / -0.005 / 0      -0.02 / +0.02 / 0        +0.43 / +0.03 / 0
    information_loss  4        1.5 ×  -0.042 / -0.020 / -0.006 +0.02 / +0.04 / +0.02    +0.34 / +0.11 / +0.03
    ================= ======== ====== ======================== ======================== ======================

    Here *keep* is in units of the fraction that was selected in the end (at 50 %, 2 × keeps all: one pass).
    The largest δH, which one environment decides, was up to 13 nats (10 %) and 11 nats (25 %) larger by
    ``msc``, and 21 nats in one case at 50 %: where no outlier may be lost, lock it. At 10 % the two stages
    took a third of the CPU time of one pass, at 50 % as long as this or a little longer: then what is saved
    is memory.

    Parameters
    ----------
    envs : Environments or iterable of Environments
        The full set, which is dealt out: frame i into chunk ``i % n_chunks``. Or the chunks themselves, such
        as a generator that reads and describes one file after the other; frames are numbered through all of
        them, and of each chunk only what it keeps stays in memory.
    method : str
        One of `METHODS`, for both stages.
    n_to_select : int or float, optional
        A count, or a fraction of all frames; by default the whole order of what the chunks kept.
    keep : int or float
        How many frames of each chunk, or which fraction, go into the final pass. The larger, the nearer to
        one pass: twice the fraction that is wanted in the end is a good choice.
    n_chunks : int
        Number of chunks; of no use where the chunks are given.
    bandwidth : float
        h of the kernel, Å⁻¹.
    reference : Environments or array_like of shape (n_reference, d), optional
        What is there already, Å⁻¹, for both stages; see `select`.
    locked : sequence of int
        Frames that always come first, in this order.
    excluded : sequence of int
        Frames that are not there.
    random_state : int
        Seed.
    precision : {"single", "double"}
        See `select`.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    Selection
        Nested, unless by ``k_means``; its parameters tell how many chunks there were.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or the chunks kept fewer frames than are to be selected.

    References
    ----------
    B. Mirzasoleiman et al., "Distributed submodular maximization", JMLR 17, 1 (2016), arXiv 1411.0541.

    Examples
    --------
    >>> envs = Environments([[0.0], [0.001], [0.9], [0.9], [3.0], [3.0]], offsets=range(7))
    >>> select_in_chunks(envs, n_to_select=3, keep=2, n_chunks=2).order.tolist()
    [0, 4, 1]
    """
    keep = _check_keep(keep)
    chunks = _dealt(envs, n_chunks) if isinstance(envs, Environments) else _numbered(envs)
    arguments = {
        "method": method,
        "bandwidth": bandwidth,
        "reference": reference,
        "random_state": random_state,
        "precision": precision,
        "progress": progress,
    }
    n_frames, frames, blocks = 0, [], []
    for chunk_frames, chunk in chunks:
        n_frames += len(chunk)
        kept = _kept(chunk_frames, chunk, keep, locked, excluded, arguments)
        frames.append(chunk_frames[kept])
        blocks += [chunk[frame].copy() for frame in kept]
    locked = check_frame_indices(locked, n_frames, "locked", unique=True)
    excluded = check_frame_indices(excluded, n_frames, "excluded", unique=True)
    candidates = np.concatenate([np.empty(0, np.int64), *frames])
    # As everywhere, equal scores go to the lowest index.
    by_index = np.argsort(candidates)
    candidates, blocks = candidates[by_index], [blocks[i] for i in by_index]
    if not len(candidates):
        raise ValueError(f"envs: expected at least 1 frame that is not excluded, got none of {n_frames}")
    count = len(candidates)
    if n_to_select is not None:
        count = check_n_to_select(n_to_select, n_frames - len(excluded))
    if count > len(candidates):
        raise ValueError(
            f"n_to_select: expected at most the {len(candidates)} frames that the chunks kept, got {count}"
        )
    last = select(
        Environments.from_frames(blocks),
        n_to_select=count,
        locked=np.searchsorted(candidates, locked),
        **arguments,
    )
    told = last.parameters | {"locked": locked.tolist(), "excluded": excluded.tolist(), "keep": keep}
    return Selection(candidates[last.order], method, n_frames, told | {"n_chunks": len(frames)})


def _check_keep(keep: int | float) -> int | float:
    if isinstance(keep, numbers.Real) and not isinstance(keep, numbers.Integral):
        if not 0 < keep <= 1:
            raise ValueError(f"keep: expected a fraction in (0, 1] or a whole number, got {keep}")
        return float(keep)
    return check_count(keep, "keep")


def _dealt(envs: Environments, n_chunks: int) -> Iterator[tuple[np.ndarray, Environments]]:
    """Yield frames and environments of each chunk; each chunk has something of every part of the file."""
    n_chunks = min(check_count(n_chunks, "n_chunks"), max(1, len(envs)))
    for first in range(n_chunks):
        frames = np.arange(first, len(envs), n_chunks)
        yield frames, envs.take(frames)


def _numbered(chunks: Iterable[Environments]) -> Iterator[tuple[np.ndarray, Environments]]:
    if not hasattr(chunks, "__iter__"):
        raise TypeError(f"envs: expected Environments, or several of them, got {type(chunks).__name__}")
    first = 0
    for chunk in chunks:
        if not isinstance(chunk, Environments):
            raise TypeError(
                f"envs: expected Environments, or several of them, got a {type(chunk).__name__} in it"
            )
        yield np.arange(first, first + len(chunk)), chunk
        first += len(chunk)


def _kept(frames: np.ndarray, chunk: Environments, keep, locked, excluded, arguments: dict) -> np.ndarray:
    """Return which frames of a chunk go into the final pass."""
    own_locked, own_excluded = (
        np.searchsorted(frames, [frame for frame in chosen if frame in frames]).astype(np.int64)
        for chosen in (locked, excluded)
    )
    n_free = len(frames) - len(own_excluded)
    if n_free == 0:
        return np.empty(0, dtype=np.int64)
    count = check_n_to_select(keep, n_free) if isinstance(keep, float) else min(keep, n_free)
    return select(
        chunk,
        n_to_select=max(count, len(own_locked)),
        locked=own_locked,
        excluded=own_excluded,
        **arguments,
    ).order
