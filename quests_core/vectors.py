"""The innermost loops, written for the machine's vectors.

What they do is `add_axes` and `add_axes_of_one` (squared differences of coordinates), `box_gap` and
`sort_columns`, in plain numpy. Compiled, a block of lanes stays in registers while the axes, or the
comparisons of the sorting network, go by, which no compiler finds by itself: it would load and store
the block again for each few of them.
"""

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from .sorting import sorting_network
from .tree import CHUNK, LEAF_ROWS, TILE_ROWS

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


def _data(context, builder, signature, arguments, which):
    """Return the pointers to the numbers of some arguments, which are arrays."""
    return [context.make_array(signature.args[i])(context, builder, arguments[i]).data for i in which]


def _vector_at(builder, data, place):
    return builder.bitcast(builder.gep(data, [place]), _VECTOR.as_pointer())


def _splat(builder, number):
    """Return a vector of one number."""
    integer, undefined = ir.IntType(32), ir.Constant(_VECTOR, ir.Undefined)
    one = builder.insert_element(undefined, number, ir.Constant(integer, 0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(integer, 16), [0] * 16))


def _broadcast(builder, data, offset):
    return _splat(builder, builder.load(builder.gep(data, [ir.Constant(ir.IntType(64), offset)])))


def _add_square(builder, total, coordinate, x):
    difference = builder.fsub(coordinate, x)
    square = builder.fmul(difference, difference, flags=("contract",))
    return builder.fadd(total, square, flags=("contract",))


@intrinsic
def _add_block(typing_context, chunk, columns, squares, first, lane):
    """`add_axes` for `BLOCK` lanes from `lane` on."""

    def generate(context, builder, signature, arguments):
        data = _data(context, builder, signature, arguments, (0, 1, 2))
        first, lane = arguments[3:]
        start = builder.add(builder.mul(first, ir.Constant(first.type, TILE_ROWS)), lane)

        def vector_at(array, offset, variable):
            return _vector_at(builder, data[array], builder.add(variable, ir.Constant(variable.type, offset)))

        sums = {
            (r, v): builder.load(vector_at(2, r * TILE_ROWS + 16 * v, lane), align=4)
            for r in range(GROUP)
            for v in range(_N_VECTORS)
        }
        for c in range(CHUNK):
            offsets = [c * TILE_ROWS + 16 * v for v in range(_N_VECTORS)]
            x = [builder.load(vector_at(1, offset, start), align=4) for offset in offsets]
            for r in range(GROUP):
                coordinate = _broadcast(builder, data[0], r * CHUNK + c)
                for v in range(_N_VECTORS):
                    sums[r, v] = _add_square(builder, sums[r, v], coordinate, x[v])
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


def add_axes_of_one(chunk, columns, squares, limit):
    """Add the squared differences of one row and a leaf's along `CHUNK` axes; say if any is within `limit`.

    Shapes: `chunk` ``(CHUNK,)``, `columns` ``(CHUNK, LEAF_ROWS)``, `squares` ``(LEAF_ROWS,)``; all in
    single precision.
    """
    squares += np.square(chunk[:, None] - columns).sum(axis=0)
    return bool((squares <= limit).any())


@intrinsic
def _add_leaf(typing_context, chunk, columns, squares, limit):
    def generate(context, builder, signature, arguments):
        chunk, columns, squares = _data(context, builder, signature, arguments, (0, 1, 2))
        integer = ir.IntType(64)

        def vector_at(data, offset):
            return _vector_at(builder, data, ir.Constant(integer, offset))

        # Two sums for each vector: none waits for the one before.
        n_vectors, zero = LEAF_ROWS // 16, ir.Constant(_VECTOR, [0.0] * 16)
        sums = [builder.load(vector_at(squares, 16 * v), align=4) for v in range(n_vectors)]
        sums += [zero] * n_vectors
        for c in range(CHUNK):
            coordinate = _broadcast(builder, chunk, c)
            for v in range(n_vectors):
                x = builder.load(vector_at(columns, c * LEAF_ROWS + 16 * v), align=4)
                which = v + n_vectors * (c % 2)
                sums[which] = _add_square(builder, sums[which], coordinate, x)
        within = ir.Constant(ir.VectorType(ir.IntType(1), 16), [0] * 16)
        for v in range(n_vectors):
            total = builder.fadd(sums[v], sums[v + n_vectors])
            builder.store(total, vector_at(squares, 16 * v), align=4)
            is_within = builder.fcmp_ordered("<=", total, _splat(builder, arguments[3]))
            within = builder.or_(within, is_within)
        bits = builder.bitcast(within, ir.IntType(16))
        return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))

    return types.boolean(chunk, columns, squares, types.float32), generate


@overload(add_axes_of_one, jit_options={"_nrt": False, "nogil": True})
def _one_compiled(chunk, columns, squares, limit):
    return lambda chunk, columns, squares, limit: _add_leaf(chunk, columns, squares, limit)


def box_gap(low, high, x):
    """Return the squared distance of a point and a box along `CHUNK` axes; all in single precision."""
    beyond = np.maximum(np.maximum(low - x, x - high), np.float32(0.0))
    return np.square(beyond).sum()


@intrinsic
def _box_gap(typing_context, low, high, x):
    def generate(context, builder, signature, arguments):
        start = ir.Constant(ir.IntType(64), 0)
        low, high, x = (
            builder.load(_vector_at(builder, data, start), align=4)
            for data in _data(context, builder, signature, arguments, (0, 1, 2))
        )
        zero = ir.Constant(_VECTOR, [0.0] * 16)
        beyond = builder.fsub(low, x)
        for other in (builder.fsub(x, high), zero):
            beyond = builder.select(builder.fcmp_ordered(">", beyond, other), beyond, other)
        number = ir.FloatType()
        add_up = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(number, [number, _VECTOR]), "llvm.vector.reduce.fadd.v16f32"
        )
        square = builder.fmul(beyond, beyond)
        return builder.call(add_up, [ir.Constant(number, 0.0), square], fastmath=("reassoc",))

    return types.float32(low, high, x), generate


@overload(box_gap, jit_options={"_nrt": False, "nogil": True})
def _gap_compiled(low, high, x):
    return lambda low, high, x: _box_gap(low, high, x)


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
