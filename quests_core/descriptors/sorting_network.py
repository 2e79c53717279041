"""Sorting networks: fixed sequences of comparisons, which sort many columns at once."""

from functools import cache

import numpy as np
from llvmlite import ir
from numba import types

from ..utils.jit import compiled_as, intrinsic

# Number of values that `sort_columns` sorts: the published number of neighbours.
SORTED = 32
_SORTED_LANES = 4


def sort_columns(matrix):
    """Sort each column of a matrix in descending order; `SORTED` rows, and a multiple of 4 columns."""
    matrix[:] = -np.sort(-matrix, axis=0)


@intrinsic
def _sort_lanes(typing_context, matrix, lane, stride):
    """Sort `_SORTED_LANES` columns from `lane` on, as `sort_columns` does."""

    def generate(context, builder, signature, arguments):
        matrix, lane, stride = arguments
        data = context.make_array(signature.args[0])(context, builder, matrix).data
        vector = ir.VectorType(ir.DoubleType(), _SORTED_LANES)
        offsets = [
            builder.add(lane, builder.mul(stride, ir.Constant(lane.type, row))) for row in range(SORTED)
        ]
        pointers = [builder.bitcast(builder.gep(data, [at]), vector.as_pointer()) for at in offsets]
        values = [builder.load(pointer, align=8) for pointer in pointers]
        for upper, lower in sorting_network(SORTED):
            first, second = values[upper], values[lower]
            values[upper] = builder.select(builder.fcmp_ordered(">", first, second), first, second)
            values[lower] = builder.select(builder.fcmp_ordered("<", first, second), first, second)
        for pointer, value in zip(pointers, values, strict=True):
            builder.store(value, pointer, align=8)
        return context.get_dummy_value()

    return types.none(matrix, lane, stride), generate


@compiled_as(sort_columns)
def _sort_compiled(matrix):
    def sort_columns(matrix):
        for lane in range(0, matrix.shape[1], _SORTED_LANES):
            _sort_lanes(matrix, lane, matrix.shape[1])

    return sort_columns


@cache
def sorting_network(n: int) -> np.ndarray:
    """Return the comparisons of Batcher's odd-even merge sort of n values, shape (n_pairs, 2).

    Those among the first m values sort these m.
    """
    pairs = []
    run = 1
    while run < n:
        step = run
        while step >= 1:
            for start in range(step % run, n - step, 2 * step):
                stop = min(start + step, n - step)
                within = [i for i in range(start, stop) if i // (2 * run) == (i + step) // (2 * run)]
                pairs += [(i, i + step) for i in within]
            step //= 2
        run *= 2
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
