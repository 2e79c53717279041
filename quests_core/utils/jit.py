"""Numba decorators with common options, and invalidation of outdated compiled code.

Compiled functions are serial and release the GIL; `quests_core.utils.threads` runs them in threads.
"""

import ast
import functools
import hashlib
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import numba
from numba import extending

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
        try:
            return numba.njit(cache=True, **_OPTIONS, **options)(function)
        except RuntimeError:
            # Numba found no writable directory.
            compiled = numba.njit(**_OPTIONS, **options)(function)
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


_COMPILED = re.compile(r"^@(jit|jit_no_refcount|jit_inline|intrinsic)\b", re.MULTILINE)


def compiled_sources(package: Path) -> list[Path]:
    """Return the modules of a package that contain compiled functions, and all modules these import.

    Code and constants of the latter are part of the machine code. A change in any other module, such as those
    that read files, needs no recompilation.
    """
    found = [path for path in package.rglob("*.py") if _COMPILED.search(path.read_text(encoding="utf-8"))]
    for path in found:
        found += [one for one in _imported(path) if one not in found]
    return sorted(found)


def _imported(path: Path) -> list[Path]:
    """Return the modules that a module imports from its own package."""
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            parts = node.module.split(".") if node.module else []
            base = path.parents[node.level - 1].joinpath(*parts)
            # Names from a module, or modules of a package.
            names = [base.with_suffix(".py")] if parts else []
            names += [(base / alias.name).with_suffix(".py") for alias in node.names]
            modules += [name for name in names if name.is_file() and name != path]
    return modules


def _modification_times(package: Path) -> str:
    """Return a hash of the paths, sizes and modification times of all modules, as numba compares them."""
    states = [
        (str(path), (status := path.stat()).st_size, status.st_mtime_ns) for path in package.rglob("*.py")
    ]
    return hashlib.sha256(repr(sorted(states)).encode()).hexdigest()


def forget_stale_kernels(package: Path) -> None:
    """Delete the cached machine code of a package if it was compiled from other sources.

    Numba recompiles a function if its own file has changed, but not if a function that it calls has: after an
    update of an editable installation, old and new code would be mixed.
    """
    stamp = package / "__pycache__" / "kernels.sha256"
    times = _modification_times(package)
    try:
        known_digest, _, known_times = stamp.read_text().partition("\n") if stamp.exists() else ("", "", "")
        # Parsing the sources takes longest, and is needed only if a file has changed.
        if known_times == times:
            return
        sources = compiled_sources(package)
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
        if known_digest != digest:
            for compiled in [*package.rglob("*.nbi"), *package.rglob("*.nbc")]:
                compiled.unlink(missing_ok=True)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(f"{digest}\n{times}")
    except OSError:
        # In a read-only installation nothing is cached here, and an update replaces all files.
        pass


forget_stale_kernels(Path(__file__).parents[1])
