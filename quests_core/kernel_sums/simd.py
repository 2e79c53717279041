"""Explicitly vectorised innermost loops over the lanes of a tile.

`add_axes` defines the result in plain NumPy. In compiled code, a block of lanes is kept in registers for all
axes; without explicit vectors, compilers load and store the block repeatedly.
`quests_core.kernel_sums.leaf_simd` contains the loops over the lanes of a leaf, and
`quests_core.descriptors.sorting_network` those that sort.
"""

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types

from ..utils.jit import compiled_as, intrinsic
from .tiles import CHUNK_AXES, TILE_ROWS

# Number of references processed at once, for which a column of a tile is loaded once.
GROUP_SIZE = 4
# Vectors of 16 numbers; for shorter machine vectors, LLVM uses several registers each, so fewer are
# available.
VECTOR = ir.VectorType(ir.FloatType(), 16)
_N_VECTORS = 2 if get_host_cpu_features().get("avx512f") else 1
# Number of lanes processed at once.
BLOCK_LANES = 16 * _N_VECTORS


def add_axes(chunk, columns, first, lanes, squares):
    """Add the squared differences of references and queries along some axes to `squares`.

    Shapes: `chunk` ``(n_references, n_axes)``; `columns` ``(all axes, lanes)``, of which those from `first`
    on are used; `squares` ``(n_references, lanes)``, of which the first `lanes`, a multiple of `BLOCK_LANES`,
    are changed. All arrays are in single precision.
    """
    columns = columns[first : first + chunk.shape[1], :lanes]
    for r in range(chunk.shape[0]):
        squares[r, :lanes] += np.square(chunk[r, :, None] - columns).sum(axis=0)


def pointers(context, builder, signature, arguments, which):
    """Return pointers to the data of the array arguments with the indices `which`."""
    return [context.make_array(signature.args[i])(context, builder, arguments[i]).data for i in which]


def vector_at(builder, data, index):
    """Return a pointer to the vector that starts at an index."""
    return builder.bitcast(builder.gep(data, [index]), VECTOR.as_pointer())


def splat(builder, number):
    """Return a vector with all elements equal to a number."""
    integer, undefined = ir.IntType(32), ir.Constant(VECTOR, ir.Undefined)
    one = builder.insert_element(undefined, number, ir.Constant(integer, 0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(integer, 16), [0] * 16))


def broadcast(builder, data, offset):
    """Return a vector with all elements equal to the number at an offset."""
    return splat(builder, builder.load(builder.gep(data, [ir.Constant(ir.IntType(64), offset)])))


def _add_square(builder, total, coordinate, x):
    difference = builder.fsub(coordinate, x)
    square = builder.fmul(difference, difference, flags=("contract",))
    return builder.fadd(total, square, flags=("contract",))


@intrinsic
def _add_block(typing_context, chunk, columns, squares, first, lane):
    """Process `BLOCK_LANES` lanes from `lane` on, as `add_axes` does."""

    def generate(context, builder, signature, arguments):
        data = pointers(context, builder, signature, arguments, (0, 1, 2))
        first, lane = arguments[3:]
        start = builder.add(builder.mul(first, ir.Constant(first.type, TILE_ROWS)), lane)

        def vector_of(array, offset, variable):
            return vector_at(builder, data[array], builder.add(variable, ir.Constant(variable.type, offset)))

        sums = {
            (r, v): builder.load(vector_of(2, r * TILE_ROWS + 16 * v, lane), align=4)
            for r in range(GROUP_SIZE)
            for v in range(_N_VECTORS)
        }
        for c in range(CHUNK_AXES):
            offsets = [c * TILE_ROWS + 16 * v for v in range(_N_VECTORS)]
            x = [builder.load(vector_of(1, offset, start), align=4) for offset in offsets]
            for r in range(GROUP_SIZE):
                coordinate = broadcast(builder, data[0], r * CHUNK_AXES + c)
                for v in range(_N_VECTORS):
                    sums[r, v] = _add_square(builder, sums[r, v], coordinate, x[v])
        for (r, v), total in sums.items():
            builder.store(total, vector_of(2, r * TILE_ROWS + 16 * v, lane), align=4)
        return context.get_dummy_value()

    return types.none(chunk, columns, squares, first, lane), generate


@compiled_as(add_axes)
def _compiled(chunk, columns, first, lanes, squares):
    def add_axes(chunk, columns, first, lanes, squares):
        for lane in range(0, lanes, BLOCK_LANES):
            _add_block(chunk, columns, squares, first, lane)

    return add_axes
