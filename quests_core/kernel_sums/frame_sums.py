"""Sparse kernel sums of all environments against each single frame.

``K[e, f] = Σ_{j in f} exp(-‖x_e - x_j‖² / 2h²)``. An environment resembles those of few frames, so that only
a few per cent of all pairs are stored, with five bytes each, in runs. A run contains the sums of one tile
(see `quests_core.kernel_sums.tiles`) against one frame: increasing lanes and their values. All runs of a
frame are contiguous, and so are their entries, so that a selection can look up the kernels of a frame
repeatedly without computing them again, and reads them from memory in one stretch.
"""

import math
import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..progress import ProgressCallback
from ..utils import memory
from ..utils.jit import jit
from ..utils.mapped_arrays import ArraysInMemory, Empty
from ..utils.threads import parallel_blocks
from . import tile_loops
from .incremental import query_arrays, thread_workspace
from .tile_states import Accuracy, new_states
from .tile_sums import FADE_EXPONENT
from .tiles import TILE_ROWS, References, Tiles

# Relative change of a sum by all pairs that are skipped in the largest frame.
_TOLERANCE = 1e-3
# Number of entries in the buffer of a thread, and of runs that it sorts at a time.
_BUFFER, _RUNS_AT_ONCE = 1 << 20, 1 << 14


class FrameKernelSums(NamedTuple):
    """Kernel sums of all environments against single frames, those of at least `least`.

    Attributes
    ----------
    indptr : ndarray of shape (n_frames + 1,)
        The runs of frame f are ``indptr[f]:indptr[f + 1]``.
    run_start : ndarray of shape (n_runs + 1,)
        The entries of run r are ``run_start[r]:run_start[r + 1]``.
    run_row : ndarray of shape (n_runs,)
        Row of the tiles in its lane 0.
    lanes : ndarray of shape (n_entries,)
        Lane of each entry; unsigned bytes.
    values : ndarray of shape (n_entries,)
        K, single precision.
    """

    indptr: np.ndarray
    run_start: np.ndarray
    run_row: np.ndarray
    lanes: np.ndarray
    values: np.ndarray

    @classmethod
    def of(
        cls, envs, bandwidth: float, least: float, progress: ProgressCallback | None = None
    ) -> "FrameKernelSums":
        """Compute the kernel sums of environments against each of their frames."""
        reach = reach_of(least, int(envs.sizes.max()))
        return cls.between(envs.tiles, envs.blocks, bandwidth, least, reach, envs.arrays, progress)

    @classmethod
    def between(
        cls, tiles: Tiles, frames: References, bandwidth: float, least: float, reach: float,
        arrays: ArraysInMemory, progress: ProgressCallback | None = None,
    ) -> "FrameKernelSums":  # fmt: skip
        """Compute the kernel sums of the rows of tiles against each of some frames, in the same axes.

        Kernels below ``exp(-reach)`` may be left out; `arrays` makes the arrays.
        """
        queries, n_frames = query_arrays(tiles), len(frames.starts) - 1
        accuracy = Accuracy(0.5 / bandwidth**2, reach, FADE_EXPONENT)
        found: dict[int, list[np.ndarray]] = {}
        lock = threading.Lock()
        all_lanes, all_values = arrays.growing(np.uint8), arrays.growing(np.float32)
        # If all environments are similar, all pairs are stored; finally they are in memory twice.
        free, n_bytes = arrays.room(), [0]

        def work(first: int, last: int) -> None:
            lanes, values = np.empty(_BUFFER, np.uint8), np.empty(_BUFFER, np.float32)
            runs = np.empty((n_frames, 3), np.int64)
            states, found[first] = new_states([TILE_ROWS]), []
            for t in range(first, last):
                frame = 0
                while frame < n_frames:
                    given = (
                        queries,
                        tiles.starts,
                        t,
                        frames,
                        frame,
                        least,
                        accuracy,
                        states,
                        thread_workspace(),
                    )
                    frame, n_runs, n = tile_loops.add_frames_apart(*given, lanes, values, runs)
                    n_bytes[0] += 5 * n + runs[:n_runs].nbytes
                    _check_memory(n_bytes[0], free, max(1, t) / len(tiles), len(tiles.rows))
                    with lock:
                        start = all_lanes.append(lanes[:n])
                        all_values.append(values[:n])
                    found[first].append(_with_stops(runs[:n_runs], start, n))

        size = max(1, min(-(-len(tiles) // 64), 8))
        parallel_blocks(work, len(tiles), size, "kernels of frames", progress)
        # In the order of the tiles, and then sorted by frame.
        runs = [np.empty((0, 4), np.int64), *(part for first in sorted(found) for part in found[first])]
        found_runs = np.concatenate(runs)
        by_frame = np.argsort(found_runs[:, 0], kind="stable")
        frame, row, starts, stops = np.ascontiguousarray(found_runs[by_frame].T)
        indptr = np.searchsorted(frame, np.arange(n_frames + 1))
        run_start = np.concatenate([[0], np.cumsum(stops - starts)])
        lanes, values = (
            _in_runs(entries.array(), starts, run_start, arrays.empty) for entries in (all_lanes, all_values)
        )
        return cls(indptr, run_start, row.copy(), lanes, values)

    @classmethod
    def joined(cls, parts: "Sequence[FrameKernelSums]") -> "FrameKernelSums":
        """Return the kernel sums against the frames of all parts, one part after the other."""
        if len(parts) == 1:
            return parts[0]
        runs = np.cumsum([0, *(len(one.run_row) for one in parts)])[:-1]
        entries = np.cumsum([0, *(len(one.lanes) for one in parts)])[:-1]
        indptr = [one.indptr[1:] + n for one, n in zip(parts, runs, strict=True)]
        starts = [one.run_start[1:] + n for one, n in zip(parts, entries, strict=True)]
        others = (np.concatenate(some) for some in zip(*(one[2:] for one in parts), strict=True))
        return cls(np.concatenate([[0], *indptr]), np.concatenate([[0], *starts]), *others)


def reach_of(least: float, largest: int) -> float:
    """Return the exponent up to which kernels matter for sums of at least `least`.

    All that is left out changes them by up to a thousandth, in frames of at most `largest` environments.
    """
    return -math.log(least) + math.log(max(1, largest) / _TOLERANCE)


def _in_runs(entries: np.ndarray, starts: np.ndarray, run_start: np.ndarray, empty: Empty) -> np.ndarray:
    """Return the entries from each of the `starts` on in the order of the runs; see `FrameKernelSums`."""
    found, size = empty((int(run_start[-1]),), entries.dtype), entries.itemsize
    source, target = entries.view(np.uint8), found.view(np.uint8)

    def copy(first: int, last: int) -> None:
        _copy_runs(source, size * starts[first:last], size * run_start[first : last + 1], target)

    parallel_blocks(copy, len(starts), _RUNS_AT_ONCE)
    return found


@jit
def _copy_runs(source, starts, run_start, target):
    """Copy the bytes from each of the `starts` on to the places of the runs."""
    for run in range(starts.shape[0]):
        shift = starts[run] - run_start[run]
        for byte in range(run_start[run], run_start[run + 1]):
            target[byte] = source[byte + shift]


def _with_stops(runs: np.ndarray, start: int, n: int) -> np.ndarray:
    """Return runs of n entries that are stored from `start` on, with the end of each as a further column."""
    starts = runs[:, tile_loops.RUN_START] + start
    stops = np.append(starts[1:], start + n)[: len(starts)]
    return np.column_stack([runs[:, : tile_loops.RUN_START], starts, stops])


def _check_memory(n_bytes: int, free: int | None, fraction: float, n_envs: int) -> None:
    """Raise a ValueError if twice `n_bytes`, of which `fraction` is done, exceed the free memory."""
    if free is not None and 2 * n_bytes > free:
        memory.check_fits(
            int(max(2 * n_bytes / fraction, free + 1)),
            f"the kernels of {n_envs:,} environments",
            "use a smaller bandwidth or fewer frames, or select in chunks",
        )
