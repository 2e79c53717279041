"""The innermost loops, written for the machine's vectors.

What they do is `add_axes` (squared differences of coordinates) and `sort_columns`, in plain numpy.
Compiled, a block of lanes stays in registers while the axes, or the comparisons of the sorting network,
go by, which no compiler finds by itself: it would load and store the block again for each few of them.
`quests_core.kernel_sums.leaf_simd` has those for the lanes of one leaf.
"""

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types

from ..utils.jit import compiled_as, intrinsic
from .tiles import CHUNK_AXES, TILE_ROWS

# References worked on at once: a column of a tile, once loaded, serves them all.
GROUP_SIZE = 4
# Vectors of 16 numbers; where the machine's are shorter, LLVM takes several, and registers are fewer.
VECTOR = ir.VectorType(ir.FloatType(), 16)
_N_VECTORS = 2 if get_host_cpu_features().get("avx512f") else 1
# Lanes worked on at once.
BLOCK_LANES = 16 * _N_VECTORS


def add_axes(chunk, columns, first, lanes, squares):
    """Add the squared differences of references and queries along some axes to `squares`.

    Shapes: `chunk` ``(n_references, n_axes)``, `columns` ``(all axes, lanes)``, of which those from
    `first` on count, `squares` ``(n_references, lanes)``; only the first `lanes`, a multiple of
    `BLOCK_LANES`, are touched. All in single precision.
    """
    columns = columns[first : first + chunk.shape[1], :lanes]
    for r in range(chunk.shape[0]):
        squares[r, :lanes] += np.square(chunk[r, :, None] - columns).sum(axis=0)


def pointers(context, builder, signature, arguments, which):
    """Return the pointers to the numbers of some arguments, which are arrays."""
    return [context.make_array(signature.args[i])(context, builder, arguments[i]).data for i in which]


def vector_at(builder, data, place):
    """Return the pointer to the vector that begins at a place."""
    return builder.bitcast(builder.gep(data, [place]), VECTOR.as_pointer())


def splat(builder, number):
    """Return a vector of one number."""
    integer, undefined = ir.IntType(32), ir.Constant(VECTOR, ir.Undefined)
    one = builder.insert_element(undefined, number, ir.Constant(integer, 0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(integer, 16), [0] * 16))


def broadcast(builder, data, offset):
    """Return a vector of the number at a place."""
    return splat(builder, builder.load(builder.gep(data, [ir.Constant(ir.IntType(64), offset)])))


def _add_square(builder, total, coordinate, x):
    difference = builder.fsub(coordinate, x)
    square = builder.fmul(difference, difference, flags=("contract",))
    return builder.fadd(total, square, flags=("contract",))


@intrinsic
def _add_block(typing_context, chunk, columns, squares, first, lane):
    """`add_axes` for `BLOCK_LANES` lanes from `lane` on."""

    def generate(context, builder, signature, arguments):
        data = pointers(context, builder, signature, arguments, (0, 1, 2))
        first, lane = arguments[3:]
        start = builder.add(builder.mul(first, ir.Constant(first.type, TILE_ROWS)), lane)

        def place_of(array, offset, variable):
            return vector_at(builder, data[array], builder.add(variable, ir.Constant(variable.type, offset)))

        sums = {
            (r, v): builder.load(place_of(2, r * TILE_ROWS + 16 * v, lane), align=4)
            for r in range(GROUP_SIZE)
            for v in range(_N_VECTORS)
        }
        for c in range(CHUNK_AXES):
            offsets = [c * TILE_ROWS + 16 * v for v in range(_N_VECTORS)]
            x = [builder.load(place_of(1, offset, start), align=4) for offset in offsets]
            for r in range(GROUP_SIZE):
                coordinate = broadcast(builder, data[0], r * CHUNK_AXES + c)
                for v in range(_N_VECTORS):
                    sums[r, v] = _add_square(builder, sums[r, v], coordinate, x[v])
        for (r, v), total in sums.items():
            builder.store(total, place_of(2, r * TILE_ROWS + 16 * v, lane), align=4)
        return context.get_dummy_value()

    return types.none(chunk, columns, squares, first, lane), generate


@compiled_as(add_axes)
def _compiled(chunk, columns, first, lanes, squares):
    def add_axes(chunk, columns, first, lanes, squares):
        for lane in range(0, lanes, BLOCK_LANES):
            _add_block(chunk, columns, squares, first, lane)

    return add_axes
