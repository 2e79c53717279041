"""Data structures of the compiled kernel sums: sums and buffers as named tuples."""

from typing import NamedTuple

import numpy as np

from ..utils.jit import jit_no_refcount
from .simd import BLOCK_LANES, GROUP_SIZE
from .tile_distances import FAR
from .tiles import CHUNK_AXES, TILE_ROWS

# An offset that makes every term vanish.
NEVER = np.float32(-1e30)
# Numbers in `LaneSums.summary`: the largest limit, the number of queries that need double precision, and
# the number of lanes.
FARTHEST, N_DOUBLE, N_LANES = range(3)


class LaneSums(NamedTuple):
    """The sums of a tile, with one element per lane; or of all tiles, with one row per tile."""

    nearest: np.ndarray  # the sum so far is ``total · exp(-nearest)``
    total: np.ndarray
    # Squared distance beyond which a reference is skipped, negative for a lane that is empty or
    # whose sum is no longer needed.
    limit: np.ndarray
    # Squared distance up to which a term is computed again in double precision, negative if single
    # precision suffices.
    needs_double: np.ndarray
    offset: np.ndarray  # `nearest` in single precision, subtracted from the exponents
    summary: np.ndarray  # columns `FARTHEST`, `N_DOUBLE`, `N_LANES`


class Accuracy(NamedTuple):
    """Truncation and precision of kernel sums."""

    scale: float  # 1 / 2h²: exponents are squared distances times this
    reach: float  # a term is negligible if its exponent exceeds that of the sum by this
    fade: float  # terms need double precision up to this difference from the smallest exponent


class Queries(NamedTuple):
    """The rows of one tile: lane j contains ``rows[positions[j]]``."""

    rows: np.ndarray
    positions: np.ndarray
    weights: np.ndarray  # number of environments that each of `rows` stands for


class Tile(NamedTuple):
    """The columns of one tile relative to its centre, and its box."""

    weights: np.ndarray  # those of the lanes, single precision
    columns: np.ndarray  # (D, TILE_ROWS), single precision
    radii: np.ndarray  # distance of each lane from the centre
    further: np.ndarray  # its square, without the first `CHUNK_AXES` axes, in single precision
    most_further: float  # the largest of these
    center: np.ndarray  # (D,)
    low: np.ndarray  # (CHUNK_AXES,)
    high: np.ndarray


class TileWorkspace(NamedTuple):
    """The buffers of one thread, with space for the lanes of a full tile."""

    members: np.ndarray  # indices of the current references, (GROUP_SIZE,)
    chunk: np.ndarray  # some of their axes, relative to the tile's centre, (GROUP_SIZE, CHUNK_AXES)
    further: np.ndarray  # squared distances from the centre, without the first axes, (GROUP_SIZE,)
    squares: np.ndarray  # squared distances, (GROUP_SIZE, TILE_ROWS)
    terms: np.ndarray  # kernels, (GROUP_SIZE, TILE_ROWS)
    flags: np.ndarray  # lanes that need double precision
    words: np.ndarray  # the same memory, eight flags at a time
    mantissas: np.ndarray
    mantissa_bits: np.ndarray  # the same memory as integers
    log_sums: np.ndarray  # logarithms of the sums, after `update_limits`
    added: np.ndarray  # sum of the terms of each reference, (GROUP_SIZE,)


@jit_no_refcount
def n_lanes(n_queries):
    """Return the number of lanes for a number of queries."""
    return -(-n_queries // BLOCK_LANES) * BLOCK_LANES


@jit_no_refcount
def reset(states, t, n_queries):
    """Reset the sums of tile t with `n_queries` queries."""
    limit, needs_double, summary = states.limit, states.needs_double, states.summary
    states.nearest[t], states.total[t], states.offset[t] = np.inf, 0.0, NEVER
    limit[t, :n_queries], limit[t, n_queries:] = FAR, np.float32(-1.0)
    needs_double[t, :n_queries], needs_double[t, n_queries:] = FAR, np.float32(-1.0)
    summary[t, FARTHEST], summary[t, N_DOUBLE] = np.inf, n_queries
    summary[t, N_LANES] = n_lanes(n_queries)


def new_states(sizes) -> LaneSums:
    """Return the initial states of tiles with the given numbers of queries."""
    shape = len(sizes), TILE_ROWS
    states = LaneSums(
        nearest=np.empty(shape),
        total=np.empty(shape),
        limit=np.empty(shape, np.float32),
        needs_double=np.empty(shape, np.float32),
        offset=np.empty(shape, np.float32),
        summary=np.empty((len(sizes), 3)),
    )
    for t, size in enumerate(sizes):
        reset(states, t, size)
    return states


@jit_no_refcount
def state_of(states, t):
    """Return the state of tile t."""
    lanes = int(states.summary[t, N_LANES])
    return LaneSums(
        states.nearest[t, :lanes],
        states.total[t, :lanes],
        states.limit[t, :lanes],
        states.needs_double[t, :lanes],
        states.offset[t, :lanes],
        states.summary[t],
    )


def new_workspace() -> TileWorkspace:
    """Return new buffers for a thread."""
    mantissas, flags = np.empty(TILE_ROWS), np.empty(TILE_ROWS, np.uint8)
    return TileWorkspace(
        members=np.empty(GROUP_SIZE, np.int64),
        chunk=np.empty((GROUP_SIZE, CHUNK_AXES), np.float32),
        further=np.empty(GROUP_SIZE, np.float32),
        squares=np.empty((GROUP_SIZE, TILE_ROWS), np.float32),
        terms=np.empty((GROUP_SIZE, TILE_ROWS), np.float32),
        flags=flags,
        words=flags.view(np.uint64),
        mantissas=mantissas,
        mantissa_bits=mantissas.view(np.int64),
        log_sums=np.empty(TILE_ROWS),
        added=np.empty(GROUP_SIZE),
    )
