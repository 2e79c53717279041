"""The two innermost loops, written for the machine's vectors.

What they do is `add_axes` (squared differences of coordinates) and `sort_columns`, in plain numpy.
Compiled, a block of lanes stays in registers while the axes, or the comparisons of the sorting network,
go by, which no compiler finds by itself: it would load and store the block again for each few of them.
"""

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.extending import intrinsic, overload

from .sorting import sorting_network
from .tree import CHUNK, TILE_ROWS

# References worked on at once: a column of a tile, once loaded, serves them all.
GROUP = 4
# Vectors of 16 numbers; where the machine's are shorter, LLVM takes several, and registers are fewer.
_VECTOR = ir.VectorType(ir.FloatType(), 16)
_N_VECTORS = 2 if get_host_cpu_features().get("avx512f") else 1
# Lanes worked on at once.
BLOCK = 16 * _N_VECTORS
# Values that `sort_columns` sorts: the published number of neighbours.
SORTED = 32
_SORTED_LANES = 4


def add_axes(chunk, columns, first, lanes, squares):
    """Add the squared differences of references and queries along some axes to `squares`.

    Shapes: `chunk` ``(n_references, n_axes)``, `columns` ``(all axes, lanes)``, of which those from
    `first` on count, `squares` ``(n_references, lanes)``; only the first `lanes`, a multiple of `BLOCK`,
    are touched. All in single precision.
    """
    columns = columns[first : first + chunk.shape[1], :lanes]
    for r in range(chunk.shape[0]):
        squares[r, :lanes] += np.square(chunk[r, :, None] - columns).sum(axis=0)


@intrinsic
def _add_block(typing_context, chunk, columns, squares, first, lane):
    """`add_axes` for `BLOCK` lanes from `lane` on."""

    def generate(context, builder, signature, arguments):
        data = [
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip(signature.args[:3], arguments[:3], strict=True)
        ]
        first, lane = arguments[3:]
        start = builder.add(builder.mul(first, ir.Constant(first.type, TILE_ROWS)), lane)
        integer = ir.IntType(32)
        splat = ir.Constant(ir.VectorType(integer, 16), [0] * 16)
        undefined = ir.Constant(_VECTOR, ir.Undefined)

        def vector_at(array, offset, variable):
            at = builder.add(variable, ir.Constant(variable.type, offset))
            return builder.bitcast(builder.gep(data[array], [at]), _VECTOR.as_pointer())

        def broadcast(offset):
            number = builder.load(builder.gep(data[0], [ir.Constant(ir.IntType(64), offset)]))
            one = builder.insert_element(undefined, number, ir.Constant(integer, 0))
            return builder.shuffle_vector(one, undefined, splat)

        sums = {
            (r, v): builder.load(vector_at(2, r * TILE_ROWS + 16 * v, lane), align=4)
            for r in range(GROUP)
            for v in range(_N_VECTORS)
        }
        for c in range(CHUNK):
            offsets = [c * TILE_ROWS + 16 * v for v in range(_N_VECTORS)]
            x = [builder.load(vector_at(1, offset, start), align=4) for offset in offsets]
            for r in range(GROUP):
                coordinate = broadcast(r * CHUNK + c)
                for v in range(_N_VECTORS):
                    difference = builder.fsub(coordinate, x[v])
                    square = builder.fmul(difference, difference, flags=("contract",))
                    sums[r, v] = builder.fadd(sums[r, v], square, flags=("contract",))
        for (r, v), total in sums.items():
            builder.store(total, vector_at(2, r * TILE_ROWS + 16 * v, lane), align=4)
        return context.get_dummy_value()

    return types.none(chunk, columns, squares, first, lane), generate


@overload(add_axes, jit_options={"_nrt": False, "nogil": True})
def _compiled(chunk, columns, first, lanes, squares):
    def add_axes(chunk, columns, first, lanes, squares):
        for lane in range(0, lanes, BLOCK):
            _add_block(chunk, columns, squares, first, lane)

    return add_axes


def sort_columns(matrix):
    """Sort each column of a matrix, largest first; `SORTED` rows, and a multiple of 4 columns."""
    matrix[:] = -np.sort(-matrix, axis=0)


@intrinsic
def _sort_lanes(typing_context, matrix, lane, stride):
    """`sort_columns` for `_SORTED_LANES` columns from `lane` on."""

    def generate(context, builder, signature, arguments):
        matrix, lane, stride = arguments
        data = context.make_array(signature.args[0])(context, builder, matrix).data
        vector = ir.VectorType(ir.DoubleType(), _SORTED_LANES)
        offsets = [
            builder.add(lane, builder.mul(stride, ir.Constant(lane.type, row))) for row in range(SORTED)
        ]
        places = [builder.bitcast(builder.gep(data, [at]), vector.as_pointer()) for at in offsets]
        values = [builder.load(place, align=8) for place in places]
        for upper, lower in sorting_network(SORTED):
            first, second = values[upper], values[lower]
            values[upper] = builder.select(builder.fcmp_ordered(">", first, second), first, second)
            values[lower] = builder.select(builder.fcmp_ordered("<", first, second), first, second)
        for place, value in zip(places, values, strict=True):
            builder.store(value, place, align=8)
        return context.get_dummy_value()

    return types.none(matrix, lane, stride), generate


@overload(sort_columns, jit_options={"_nrt": False, "nogil": True})
def _sort_compiled(matrix):
    def sort_columns(matrix):
        for lane in range(0, matrix.shape[1], _SORTED_LANES):
            _sort_lanes(matrix, lane, matrix.shape[1])

    return sort_columns
