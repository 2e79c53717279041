"""What the compiled sums of tiles work on: the sums and buffers, as tuples with named fields."""

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
    """The sums of one tile, a number for each lane; or of all tiles, a row for each."""

    nearest: np.ndarray  # the sum so far is ``total · exp(-nearest)``
    total: np.ndarray
    # Squared distance beyond which a reference no longer matters, negative for a lane that is empty or
    # whose sum is not wanted any more.
    limit: np.ndarray
    # Squared distance up to which a term is computed again in double precision, negative where single
    # precision will do.
    needs_double: np.ndarray
    offset: np.ndarray  # `nearest` in single precision, in which the terms are computed
    summary: np.ndarray  # columns `FARTHEST`, `N_DOUBLE`, `N_LANES`


class Accuracy(NamedTuple):
    """What the compiled kernels know of accuracy."""

    scale: float  # 1 / 2h²: exponents are squared distances times this
    reach: float  # a term does not matter where its exponent is above that of the sum by this
    fade: float  # exponent above the nearest up to which a term needs double precision, where a query does


class Queries(NamedTuple):
    """The rows of one tile: lane j holds ``rows[positions[j]]``."""

    rows: np.ndarray
    positions: np.ndarray


class Tile(NamedTuple):
    """The columns of one tile relative to its centre, and its box."""

    columns: np.ndarray  # (D, TILE_ROWS), single precision
    radii: np.ndarray  # distance of each lane from the centre
    center: np.ndarray  # (D,)
    low: np.ndarray  # (CHUNK_AXES,)
    high: np.ndarray


class TileWorkspace(NamedTuple):
    """The buffers of one thread: all that hold lanes are as long as a full tile has."""

    members: np.ndarray  # indices of the references worked on, (GROUP_SIZE,)
    chunk: np.ndarray  # a chunk of their axes, relative to the tile's centre
    squares: np.ndarray  # squared distances, (GROUP_SIZE, TILE_ROWS)
    terms: np.ndarray  # kernels, likewise
    bits: np.ndarray  # powers of two, as bits
    powers: np.ndarray  # and as numbers
    flags: np.ndarray  # lanes that need double precision
    words: np.ndarray  # eight of these flags at a time
    mantissas: np.ndarray
    mantissa_bits: np.ndarray
    log_sums: np.ndarray  # logarithms of the sums, after `update_limits`
    added: np.ndarray  # what each reference added, (GROUP_SIZE,)


@jit_no_refcount
def n_lanes(n_queries):
    """Return the number of lanes for this many queries."""
    return -(-n_queries // BLOCK_LANES) * BLOCK_LANES


@jit_no_refcount
def reset(states, t, n_queries):
    """Forget all references of tile t, which has this many queries."""
    limit, needs_double, summary = states.limit, states.needs_double, states.summary
    states.nearest[t], states.total[t], states.offset[t] = np.inf, 0.0, NEVER
    limit[t, :n_queries], limit[t, n_queries:] = FAR, np.float32(-1.0)
    needs_double[t, :n_queries], needs_double[t, n_queries:] = FAR, np.float32(-1.0)
    summary[t, FARTHEST], summary[t, N_DOUBLE] = np.inf, n_queries
    summary[t, N_LANES] = n_lanes(n_queries)


def new_states(sizes) -> LaneSums:
    """Return the states of tiles of these numbers of queries before any reference was added."""
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


def work_space() -> TileWorkspace:
    """Return the buffers of one thread."""
    mantissas, bits, flags = np.empty(TILE_ROWS), np.empty(TILE_ROWS, np.int32), np.empty(TILE_ROWS, np.uint8)
    return TileWorkspace(
        members=np.empty(GROUP_SIZE, np.int64),
        chunk=np.empty((GROUP_SIZE, CHUNK_AXES), np.float32),
        squares=np.empty((GROUP_SIZE, TILE_ROWS), np.float32),
        terms=np.empty((GROUP_SIZE, TILE_ROWS), np.float32),
        bits=bits,
        powers=bits.view(np.float32),
        flags=flags,
        words=flags.view(np.uint64),
        mantissas=mantissas,
        mantissa_bits=mantissas.view(np.int64),
        log_sums=np.empty(TILE_ROWS),
        added=np.empty(GROUP_SIZE),
    )
