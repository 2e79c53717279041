"""Two-stage selection, for sets too large for one pass."""

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
    """Select frames from each chunk separately, then among the frames kept from all chunks.

    No pass sees more than one chunk, or the frames kept from all chunks. Compared with one pass, frames that
    a chunk dropped are lost, and their environments do not count in the final pass. Therefore
    ``information_loss``, ``coverage`` and ``balanced``, which count all environments, lose more than ``msc``:
    with four or eight chunks that each keep twice the final fraction, 0 to 5 points of overlap on
    gap20_Fullerenes and up to 24 on the more redundant mlearn_Mo and mg_fletcher_ns, where ``msc`` loses at
    most 5 (see the table in docs/choosing.md).

    Differences to one pass at 10 / 25 / 50 % of the frames, for every 3rd frame of gap20_partial (1,187
    frames of carbon, 76,354 environments):

    ================= ======== ====== ======================== ======================== ======================
    method            n_chunks keep   overlap                  entropy, nats            information loss, nats
    ================= ======== ====== ======================== ======================== ======================
    ``msc``           4        1.5 ×  -0.012 / +0.004 / +0.002 +0.20 / -0.01 / +0.00    -0.25 / +0.01 / +0.01
    ``msc``           8        1.5 ×  -0.028 / +0.005 / +0.003 -0.02 / +0.03 / +0.01    +0.85 / +0.02 / +0.00
    ``msc``           4        2 ×    -0.003 / -0.001 / 0      +0.06 / -0.01 / 0        -0.33 / +0.04 / 0
    ``msc``           8        2 ×    -0.015 / -0.005 / 0      -0.02 / +0.02 / 0        +0.43 / +0.03 / 0
    information_loss  4        1.5 ×  -0.042 / -0.020 / -0.006 +0.02 / +0.04 / +0.02    +0.34 / +0.11 / +0.03
    ================= ======== ====== ======================== ======================== ======================

    Here *keep* is relative to the final fraction (at 50 %, 2 × keeps all frames: one pass). The largest δH,
    which depends on a single environment, increased with ``msc`` by up to 13 nats (10 %) and 11 nats (25 %),
    and by 21 nats in one case at 50 %: lock outliers that must not be lost. At 10 % the two stages took a
    third of the CPU time of one pass; at 50 % they took as long or slightly longer, and save memory only.

    Parameters
    ----------
    envs : Environments or iterable of Environments
        The full set, of which frame i goes into chunk ``i % n_chunks``; or the chunks themselves, such as a
        generator that reads one file at a time. Frames are numbered consecutively over all chunks, and only
        the frames kept from each chunk stay in memory.
    method : str
        One of `METHODS` for both stages, except ``pcov_fps``.
    n_to_select : int or float, optional
        A count, or a fraction of all frames; by default all frames kept from the chunks.
    keep : int or float
        Number or fraction of the frames of each chunk that enter the final pass. The larger, the closer to
        one pass; twice the final fraction is a good choice.
    n_chunks : int
        Number of chunks; ignored if `envs` is an iterable of chunks.
    bandwidth : float
        h of the kernel, Å⁻¹.
    reference : Environments or array_like of shape (n_reference, d), optional
        Environments already present, Å⁻¹, in both stages; see `select`.
    locked : sequence of int
        Frames that always come first, in this order.
    excluded : sequence of int
        Frames to ignore.
    random_state : int
        Seed.
    precision : {"single", "double"}
        See `select`.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    Selection
        Nested, except for ``k_means`` and ``direct``; its parameters include the number of chunks.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, or the chunks kept fewer frames than `n_to_select`.

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
    chunks = _split(envs, n_chunks) if isinstance(envs, Environments) else _with_frame_numbers(envs)
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
        kept = _select_from_chunk(chunk_frames, chunk, keep, locked, excluded, arguments)
        frames.append(chunk_frames[kept])
        blocks += [chunk[frame].copy() for frame in kept]
    locked = check_frame_indices(locked, n_frames, "locked", unique=True)
    excluded = check_frame_indices(excluded, n_frames, "excluded", unique=True)
    candidates = np.concatenate([np.empty(0, np.int64), *frames])
    # Ties go to the lowest index, as in `select`.
    by_index = np.argsort(candidates)
    candidates, blocks = candidates[by_index], [blocks[i] for i in by_index]
    if not len(candidates):
        raise ValueError(f"envs: expected at least 1 frame that is not excluded, got 0 of {n_frames}")
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
    parameters = last.parameters | {"locked": locked.tolist(), "excluded": excluded.tolist(), "keep": keep}
    return Selection(candidates[last.order], method, n_frames, parameters | {"n_chunks": len(frames)})


def _check_keep(keep: int | float) -> int | float:
    if isinstance(keep, numbers.Real) and not isinstance(keep, numbers.Integral):
        if not 0 < keep <= 1:
            raise ValueError(f"keep: expected a fraction in (0, 1] or an integer, got {keep}")
        return float(keep)
    return check_count(keep, "keep")


def _split(envs: Environments, n_chunks: int) -> Iterator[tuple[np.ndarray, Environments]]:
    """Yield frame numbers and environments of each chunk; chunks interleave, so that all are alike."""
    n_chunks = min(check_count(n_chunks, "n_chunks"), max(1, len(envs)))
    for first in range(n_chunks):
        frames = np.arange(first, len(envs), n_chunks)
        yield frames, envs.take(frames)


def _with_frame_numbers(chunks: Iterable[Environments]) -> Iterator[tuple[np.ndarray, Environments]]:
    if not hasattr(chunks, "__iter__"):
        raise TypeError(f"envs: expected Environments or an iterable of them, got {type(chunks).__name__}")
    first = 0
    for chunk in chunks:
        if not isinstance(chunk, Environments):
            raise TypeError(
                f"envs: expected Environments or an iterable of them, got a {type(chunk).__name__} in it"
            )
        yield np.arange(first, first + len(chunk)), chunk
        first += len(chunk)


def _select_from_chunk(
    frames: np.ndarray, chunk: Environments, keep, locked, excluded, arguments: dict
) -> np.ndarray:
    """Return the frames of a chunk that enter the final pass."""
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
