"""Explicitly vectorised innermost loops over the lanes of a tile.

`add_axes`, `add_products` and `kernels` define their results in plain NumPy. In compiled code, a block of
lanes is kept in registers for all axes; without explicit vectors, compilers load and store it repeatedly.
`quests_core.kernel_sums.leaf_simd` contains the loops over the lanes of a leaf, and
`quests_core.descriptors.sorting_network` those that sort.
"""

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils

from ..utils.jit import compiled_as, intrinsic
from .tiles import CHUNK_AXES, TILE_ROWS

# Number of references processed at once, for which a column of a tile is loaded once.
GROUP_SIZE = 4
# Vectors of 16 numbers; for shorter machine vectors, LLVM uses several registers each, so fewer are
# available.
VECTOR = ir.VectorType(ir.FloatType(), 16)
WORDS = ir.VectorType(ir.IntType(32), 16)
_N_VECTORS = 2 if get_host_cpu_features().get("avx512f") else 1
# Number of lanes processed at once.
BLOCK_LANES = 16 * _N_VECTORS
# Polynomial of 2^f on [-1/2, 1/2], exactly 1 at 0, with a relative error below 2e-7 in single precision: of
# all of its degree, the one with the smallest largest error.
_POWER_OF_TWO = (1.32647272e-3, 9.67151267e-3, 5.55073374e-2, 2.40222421e-1, 6.93146978e-1, 1.0)
# The last bits of a number near 1.5 · 2^23 are those of its nearest integer.
_ROUND = 1.5 * 2.0**23
LOG2_E = 1.4426950408889634


def add_axes(chunk, columns, first, lanes, squares):
    """Add the squared differences of references and queries along some axes to `squares`.

    Shapes: `chunk` ``(n_references, n_axes)``; `columns` ``(all axes, lanes)``, of which those from `first`
    on are used; `squares` ``(n_references, lanes)``, of which the first `lanes`, a multiple of `BLOCK_LANES`,
    are changed. All arrays are in single precision.
    """
    columns = columns[first : first + chunk.shape[1], :lanes]
    for r in range(chunk.shape[0]):
        squares[r, :lanes] += np.square(chunk[r, :, None] - columns).sum(axis=0)


def add_products(chunk, columns, first, lanes, squares):
    """Add the products of references and queries along some axes to `squares`; arguments as in `add_axes`."""
    squares[:, :lanes] += chunk @ columns[first : first + chunk.shape[1], :lanes]


def kernels(squares, scale, needs_double, offset, terms):
    """Write ``exp(offset - scale · square)`` to `terms`, and 0 where a term needs double precision.

    Exponents are clipped to ±80. Shapes: `squares` and `terms` ``(n_references, lanes)``, of which the first
    n lanes are used, n a multiple of `BLOCK_LANES`; `needs_double`, the largest square of such a term, and
    `offset` ``(n,)``. All are in single precision.
    """
    n = len(offset)
    exponents = np.clip(offset - squares[:, :n].astype(np.float64) * scale, -80.0, 80.0)
    terms[:, :n] = np.where(squares[:, :n] > needs_double, np.exp(exponents), 0.0)


def call(builder, name: str, *arguments, result=VECTOR, **more):
    """Call an LLVM intrinsic."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments, **more)


def multiply_add(builder, a, b, c):
    """Return ``a * b + c``; with separate operations, LLVM would merge independent partial sums into one."""
    return call(builder, "llvm.fmuladd.v16f32", a, b, c)


def numbers(number: float | np.floating) -> ir.Constant:
    """Return a vector with all elements equal to a constant."""
    return ir.Constant(VECTOR, [float(np.float32(number))] * 16)


def larger(builder, a, b):
    """Return the larger elements of two vectors."""
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def smaller(builder, a, b):
    """Return the smaller elements of two vectors."""
    return builder.select(builder.fcmp_ordered("<", a, b), a, b)


def exponential(builder, x):
    """Return ``2^x`` of a vector; exponents are clipped to ±80 / ln 2."""
    most = 80.0 * LOG2_E
    x = larger(builder, smaller(builder, x, numbers(most)), numbers(-most))
    # These flags keep numba from adding others, by which rounding would be undone.
    shifted = builder.fadd(x, numbers(_ROUND), flags=("nsz",))
    f = builder.fsub(x, builder.fsub(shifted, numbers(_ROUND), flags=("nsz",)), flags=("nsz",))
    power = numbers(_POWER_OF_TWO[0])
    for coefficient in _POWER_OF_TWO[1:]:
        power = multiply_add(builder, power, f, numbers(coefficient))
    # Adding n to the bits of the exponent multiplies by 2^n.
    whole = builder.shl(builder.bitcast(shifted, WORDS), ir.Constant(WORDS, [23] * 16))
    return builder.bitcast(builder.add(builder.bitcast(power, WORDS), whole), VECTOR)


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
    return _add_product(builder, total, difference, difference)


def _add_product(builder, total, coordinate, x):
    product = builder.fmul(coordinate, x, flags=("contract",))
    return builder.fadd(total, product, flags=("contract",))


def _block_adder(add):
    """Return the intrinsic that adds a term for each axis to `BLOCK_LANES` sums from a lane on."""

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
                    sums[r, v] = add(builder, sums[r, v], coordinate, x[v])
        for (r, v), total in sums.items():
            builder.store(total, vector_of(2, r * TILE_ROWS + 16 * v, lane), align=4)
        return context.get_dummy_value()

    def add_block(typing_context, chunk, columns, squares, first, lane):
        return types.none(chunk, columns, squares, first, lane), generate

    return intrinsic(add_block)


def _by_blocks(function, add_block):
    """Compile a function as a loop that adds block by block."""

    @compiled_as(function)
    def compiled(chunk, columns, first, lanes, squares):
        def loop(chunk, columns, first, lanes, squares):
            for lane in range(0, lanes, BLOCK_LANES):
                add_block(chunk, columns, squares, first, lane)

        return loop


_by_blocks(add_axes, _block_adder(_add_square))
_by_blocks(add_products, _block_adder(_add_product))


@intrinsic
def _kernels_of_block(typing_context, squares, scale, needs_double, offset, terms, lane):
    """Process `BLOCK_LANES` lanes from `lane` on, as `kernels` does."""

    def generate(context, builder, signature, arguments):
        squares, needs_double, offset, terms = pointers(context, builder, signature, arguments, (0, 2, 3, 4))
        scale, lane = arguments[1], arguments[5]
        factor = splat(builder, builder.fptrunc(scale, ir.FloatType()))
        factor = builder.fmul(factor, numbers(-LOG2_E))
        for v in range(_N_VECTORS):
            own = builder.add(lane, ir.Constant(lane.type, 16 * v))
            least = builder.load(vector_at(builder, needs_double, own), align=4)
            start = builder.load(vector_at(builder, offset, own), align=4)
            start = builder.fmul(start, numbers(LOG2_E))
            for r in range(GROUP_SIZE):
                at = builder.add(own, ir.Constant(lane.type, r * TILE_ROWS))
                square = builder.load(vector_at(builder, squares, at), align=4)
                term = exponential(builder, multiply_add(builder, square, factor, start))
                is_single = builder.fcmp_ordered(">", square, least)
                term = builder.select(is_single, term, numbers(0.0))
                builder.store(term, vector_at(builder, terms, at), align=4)
        return context.get_dummy_value()

    return types.none(squares, scale, needs_double, offset, terms, lane), generate


@compiled_as(kernels)
def _compiled_kernels(squares, scale, needs_double, offset, terms):
    def kernels(squares, scale, needs_double, offset, terms):
        for lane in range(0, offset.shape[0], BLOCK_LANES):
            _kernels_of_block(squares, scale, needs_double, offset, terms, lane)

    return kernels
