"""Explicitly vectorised innermost loops over leaves and their lanes.

A leaf consists of two vectors of 16 lanes, and the boxes of 16 leaves form a block (see
`quests_core.kernel_sums.picked_leaves`). Each function defines its result in plain NumPy; in compiled code,
lanes and boxes are kept in registers for all axes.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from ..utils.jit import compiled_as, intrinsic
from .simd import (
    LOG2_E,
    VECTOR,
    WORDS,
    broadcast,
    call,
    exponential,
    larger,
    multiply_add,
    numbers,
    pointers,
    smaller,
    splat,
    vector_at,
)
from .tile_distances import FAR
from .tiles import CHUNK_AXES, LEAF_ROWS

# Number of axes of a leaf's box; further axes rarely separate boxes.
BOX_AXES = 8
# Factor that makes a squared distance in single precision an upper bound.
ROUND_UP = np.float32(1.00001)
_LONG = ir.IntType(64)
_HALVES = range(2)
# Number of axes that are summed before the lanes are compared with the limit, which most exceed.
_STEP = CHUNK_AXES // 2


def _splat_word(builder, word):
    return builder.bitcast(splat(builder, builder.bitcast(word, ir.FloatType())), WORDS)


def _add_up(builder, vector):
    zero = ir.Constant(ir.FloatType(), 0.0)
    name = "llvm.vector.reduce.fadd.v16f32"
    return call(builder, name, zero, vector, result=ir.FloatType(), fastmath=("reassoc",))


def _halves(builder, data, kind=VECTOR):
    """Return pointers to both vectors of a leaf."""
    pointers = [builder.gep(data, [ir.Constant(_LONG, 16 * half)]) for half in _HALVES]
    return [builder.bitcast(pointer, kind.as_pointer()) for pointer in pointers]


def leaves_within(low, high, last, x, since, limit, n_blocks, gaps, near):
    """Find the leaves whose squared distance to a point is at most `limit`, and `last` at least `since`.

    Writes the squared distances of all leaves to `gaps`, and the indices of those found to `near`; returns
    their number. Shapes: `low` and `high` ``(all blocks, BOX_AXES, 16)``, of which the first `n_blocks` are
    used; `x` ``(at least BOX_AXES,)``; all others ``(16 · all blocks,)``. `last`, `since` and `near` are
    32-bit integers, all others are in single precision.
    """
    n, x = 16 * n_blocks, x[:BOX_AXES, None]
    beyond = np.maximum(np.maximum(low[:n_blocks] - x, x - high[:n_blocks]), np.float32(0.0))
    gaps[:n] = np.square(beyond).sum(axis=1).ravel()
    found = np.flatnonzero((gaps[:n] <= limit) & (last[:n] >= since))
    near[: len(found)] = found
    return len(found)


@intrinsic
def _leaves_within(typing_context, low, high, last, x, since, limit, n_blocks, gaps, near):
    def generate(context, builder, signature, arguments):
        low, high, last, x, gaps, near = pointers(context, builder, signature, arguments, (0, 1, 2, 3, 7, 8))
        since, limit = _splat_word(builder, arguments[4]), splat(builder, arguments[5])
        point = [broadcast(builder, x, c) for c in range(BOX_AXES)]
        count = cgutils.alloca_once_value(builder, ir.Constant(_LONG, 0))
        lanes = ir.Constant(WORDS, list(range(16)))
        with cgutils.for_range(builder, arguments[6]) as loop:
            start = builder.mul(loop.index, ir.Constant(_LONG, 16))
            box, gap = builder.mul(start, ir.Constant(_LONG, BOX_AXES)), numbers(0.0)
            for c in range(BOX_AXES):
                index = builder.add(box, ir.Constant(_LONG, 16 * c))
                below, above = (
                    builder.load(vector_at(builder, data, index), align=4) for data in (low, high)
                )
                beyond = larger(builder, builder.fsub(below, point[c]), builder.fsub(point[c], above))
                beyond = larger(builder, beyond, numbers(0.0))
                gap = multiply_add(builder, beyond, beyond, gap)
            builder.store(gap, vector_at(builder, gaps, start), align=4)
            ranks = builder.load(builder.bitcast(builder.gep(last, [start]), WORDS.as_pointer()), align=4)
            is_within = builder.fcmp_ordered("<=", gap, limit)
            is_within = builder.and_(is_within, builder.icmp_signed(">=", ranks, since))
            leaves = builder.add(_splat_word(builder, builder.trunc(start, WORDS.element)), lanes)
            n = builder.load(count)
            found = builder.gep(near, [n])
            call(builder, "llvm.masked.compressstore.v16i32", leaves, found, is_within, result=ir.VoidType())
            bits = builder.bitcast(is_within, ir.IntType(16))
            more = builder.zext(call(builder, "llvm.ctpop.i16", bits, result=bits.type), _LONG)
            builder.store(builder.add(n, more), count)
        return builder.load(count)

    return types.int64(low, high, last, x, since, limit, n_blocks, gaps, near), generate


@compiled_as(leaves_within)
def _within_compiled(low, high, last, x, since, limit, n_blocks, gaps, near):
    return lambda low, high, last, x, since, limit, n_blocks, gaps, near: _leaves_within(
        low, high, last, x, since, limit, n_blocks, gaps, near
    )


def bfloat16_distances_sq(x, center, bfloat16, limit, relative, squares):
    """Write the squared distances of a row to the lanes of a leaf; return whether any is within `limit`.

    Shapes: `x` and `center` ``(at least n_axes,)``, `squares` ``(LEAF_ROWS,)``, and the buffer `relative`
    ``(CHUNK_AXES,)``, all in single precision; `bfloat16` ``(n_axes, LEAF_ROWS // 2, 2)``, where ``[c, j,
    half]`` is the coordinate of lane ``j + half · LEAF_ROWS // 2`` relative to the centre on axis c, as the
    upper 16 bits of a float32. Squares are summed over `_STEP` axes at a time, until all exceed the limit,
    and written only if some do not. NaN counts as within the limit.
    """
    n_axes = len(bfloat16)
    columns = (np.moveaxis(bfloat16, 2, 1).astype(np.uint32) << np.uint32(16)).view(np.float32)
    difference = (x[:n_axes] - center[:n_axes])[:, None]
    found = np.square(difference - columns.reshape(n_axes, LEAF_ROWS)).sum(axis=0)
    if (found > limit).all():
        return False
    squares[:] = found
    return True


def _add_chunk(builder, relative, bfloat16, first, sums):
    """Add `_STEP` axes to two independent partial sums for each half."""
    shift, mask = (ir.Constant(WORDS, [number] * 16) for number in (16, 0xFFFF0000))
    sums = list(sums)
    for c in range(_STEP):
        coordinate = broadcast(builder, relative, c)
        axis = builder.add(first, ir.Constant(_LONG, c))
        pointer = builder.gep(bfloat16, [builder.mul(axis, ir.Constant(_LONG, LEAF_ROWS))])
        pair = builder.load(builder.bitcast(pointer, WORDS.as_pointer()), align=2)
        for half, word in enumerate((builder.shl(pair, shift), builder.and_(pair, mask))):
            difference, which = builder.fsub(coordinate, builder.bitcast(word, VECTOR)), half + 2 * (c % 2)
            sums[which] = multiply_add(builder, difference, difference, sums[which])
    return sums


@intrinsic
def _bfloat16_distances_sq(typing_context, x, center, bfloat16, limit, relative, squares, n_axes):
    def generate(context, builder, signature, arguments):
        x, center, bfloat16, relative, squares = pointers(
            context, builder, signature, arguments, (0, 1, 2, 4, 5)
        )
        limit, n_axes, before = splat(builder, arguments[3]), arguments[6], builder.block
        loop, end = (builder.append_basic_block(name) for name in ("axes", "end"))
        builder.branch(loop)
        builder.position_at_end(loop)
        first, *sums = [builder.phi(_LONG), *(builder.phi(VECTOR) for _ in range(4))]
        few = ir.VectorType(ir.FloatType(), _STEP).as_pointer()
        point, origin = (
            builder.load(builder.bitcast(builder.gep(data, [first]), few), align=4) for data in (x, center)
        )
        builder.store(builder.fsub(point, origin), builder.bitcast(relative, few), align=4)
        added = _add_chunk(builder, relative, bfloat16, first, sums)
        totals = [builder.fadd(added[half], added[half + 2]) for half in _HALVES]
        beyond = [builder.fcmp_ordered(">", total, limit) for total in totals]
        bits = builder.bitcast(builder.and_(*beyond), ir.IntType(16))
        within = builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, -1))
        following = builder.add(first, ir.Constant(_LONG, _STEP))
        go_on = builder.and_(within, builder.icmp_signed("<", following, n_axes))
        starts, ends = [ir.Constant(_LONG, 0), *[numbers(0.0)] * 4], [following, *added]
        for phi, start, then in zip((first, *sums), starts, ends, strict=True):
            phi.add_incoming(start, before)
            phi.add_incoming(then, builder.block)
        builder.cbranch(go_on, loop, end)
        builder.position_at_end(end)
        with builder.if_then(within):
            for total, pointer in zip(totals, _halves(builder, squares), strict=True):
                builder.store(total, pointer, align=4)
        return within

    return types.boolean(x, center, bfloat16, types.float32, relative, squares, types.int64), generate


@compiled_as(bfloat16_distances_sq)
def _bfloat16_compiled(x, center, bfloat16, limit, relative, squares):
    return lambda x, center, bfloat16, limit, relative, squares: _bfloat16_distances_sq(
        x, center, bfloat16, limit, relative, squares, bfloat16.shape[0]
    )


def upper_bound_distances_sq(squares, rounding_norms, residual_norms, residual_norm, ranks, since):
    """Replace squares d² by ``(1 + s / 2) d² + s (2 + s) + (t + t')²``, and return the smallest.

    s are the `rounding_norms` and t' the `residual_norms` of the lanes, and t is the `residual_norm` of the
    query. The part that depends on d² is multiplied by `ROUND_UP`. The result is `FAR` for ranks below
    `since`. Shapes ``(LEAF_ROWS,)``; `ranks` are 32-bit integers, all others are in single precision.
    """
    half = np.float32(0.5) * rounding_norms
    widened = (squares + half * (squares + np.float32(4.0) + 2 * rounding_norms)) * ROUND_UP + np.square(
        residual_norm + residual_norms
    )
    squares[:] = np.where(ranks >= since, widened, FAR)
    return squares.min()


@intrinsic
def _upper_bound_distances_sq(
    typing_context, squares, rounding_norms, residual_norms, residual_norm, ranks, since
):
    def widened(builder, square, rounding_norms, residual_norm):
        half = builder.fmul(rounding_norms, numbers(0.5))
        more = builder.fadd(builder.fadd(square, numbers(4.0)), builder.fadd(rounding_norms, rounding_norms))
        square = builder.fmul(multiply_add(builder, half, more, square), numbers(ROUND_UP))
        return multiply_add(builder, residual_norm, residual_norm, square)

    def generate(context, builder, signature, arguments):
        data = pointers(context, builder, signature, arguments, (0, 1, 2, 4))
        residual_norm, since = splat(builder, arguments[3]), _splat_word(builder, arguments[5])
        both, kinds = [], [*[VECTOR] * 3, WORDS]
        for half in zip(*(_halves(builder, *one) for one in zip(data, kinds, strict=True)), strict=True):
            square, rounding_norms, own, ranks = (builder.load(pointer, align=4) for pointer in half)
            far = widened(builder, square, rounding_norms, builder.fadd(residual_norm, own))
            both.append(builder.select(builder.icmp_signed(">=", ranks, since), far, numbers(FAR)))
            builder.store(both[-1], half[0], align=4)
        # Non-negative floats have the same order as their bits as integers.
        bits = builder.bitcast(smaller(builder, *both), WORDS)
        least = call(builder, "llvm.vector.reduce.smin.v16i32", bits, result=WORDS.element)
        return builder.bitcast(least, ir.FloatType())

    return types.float32(squares, rounding_norms, residual_norms, residual_norm, ranks, since), generate


@compiled_as(upper_bound_distances_sq)
def _upper_bound_compiled(squares, rounding_norms, residual_norms, residual_norm, ranks, since):
    return lambda squares, rounding_norms, residual_norms, residual_norm, ranks, since: (
        _upper_bound_distances_sq(squares, rounding_norms, residual_norms, residual_norm, ranks, since)
    )


def sum_of_kernels(squares, offset):
    """Return ``Σ exp(offset - square)`` over the lanes of a leaf, in single precision.

    Exponents are clipped to ±80.
    """
    return np.exp(np.clip(offset - squares, np.float32(-80.0), np.float32(80.0))).sum(dtype=np.float32)


@intrinsic
def _sum_of_kernels(typing_context, squares, offset):
    def generate(context, builder, signature, arguments):
        (squares,) = pointers(context, builder, signature, arguments, (0,))
        offset, terms = splat(builder, arguments[1]), []
        for pointer in _halves(builder, squares):
            x = builder.fsub(offset, builder.load(pointer, align=4))
            terms.append(exponential(builder, builder.fmul(x, numbers(LOG2_E))))
        return _add_up(builder, builder.fadd(*terms))

    return types.float32(squares, offset), generate


@compiled_as(sum_of_kernels)
def _sum_compiled(squares, offset):
    return lambda squares, offset: _sum_of_kernels(squares, offset)
