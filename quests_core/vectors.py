"""The innermost loop, written for the machine's vectors: squared differences of coordinates.

What it does is `add_axes`, in plain numpy. Compiled, a block of `BLOCK` lanes of the sums of all
references stays in registers while the axes go by, which no compiler finds by itself: it would load and
store the sums again for each few axes.
"""

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.extending import intrinsic, overload

from .tree import CHUNK, TILE_ROWS

# References worked on at once: a column of a tile, once loaded, serves them all.
GROUP = 4
# Vectors of 16 numbers; where the machine's are shorter, LLVM takes several, and registers are fewer.
_VECTOR = ir.VectorType(ir.FloatType(), 16)
_N_VECTORS = 2 if get_host_cpu_features().get("avx512f") else 1
# Lanes worked on at once.
BLOCK = 16 * _N_VECTORS


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
