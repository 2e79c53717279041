"""Numba decorators with common options.

Compiled functions are serial and release the GIL; `quests_core.utils.threads` runs them in threads.
`quests_core.utils.kernel_cache` stores them.
"""

import functools
import warnings
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import numba
from numba import extending

from . import kernel_cache

_Arguments = ParamSpec("_Arguments")

# Sums may be reordered and fused; NaN and infinity are respected ("nnan" and "ninf" stay off).
_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
}
NO_CACHE = (
    "compiled kernels cannot be stored: neither the installed package nor the user's cache directory is "
    "writable. Each process compiles them again, which takes a minute or two. Set NUMBA_CACHE_DIR to a "
    "writable directory"
)


def _jit(**options) -> Callable[[Callable], Callable]:
    """Return a decorator that compiles a function, and caches the machine code if a directory is writable."""

    def decorate(function: Callable) -> Callable:
        compiled = numba.njit(**_OPTIONS, **options)(function)
        if not kernel_cache.attach(compiled):
            _warn_once()
        return compiled

    return decorate


@functools.cache
def _warn_once() -> None:
    warnings.warn(NO_CACHE, RuntimeWarning, stacklevel=1)


jit = _jit()
# For innermost functions: without reference counts of arrays, which numba updates by atomic operations on
# memory shared by all threads whenever a row is taken. Such a function must not create an array, nor return
# one to a `jit` function or to Python.
jit_no_refcount = _jit(_nrt=False)
# For functions in the loop of another one, inlined to avoid passing hundreds of array descriptors.
jit_inline = _jit(_nrt=False, forceinline=True)


def intrinsic(
    generate: Callable[Concatenate[Any, _Arguments], tuple[Any, Callable]],
) -> Callable[_Arguments, Any]:
    """Return a function for compiled code whose LLVM code is written by `generate`."""
    # Numba's type hints include the typing context in the arguments of the call.
    return extending.intrinsic(generate)  # type: ignore[return-value]


def compiled_as(function: Callable) -> Callable[[Callable], Callable]:
    """Return a decorator for the implementation of `function` in compiled code, as by `jit_no_refcount`."""
    # Numba's type hints lack `_nrt`.
    options: Any = {"_nrt": False, "nogil": True}
    return extending.overload(function, jit_options=options)
