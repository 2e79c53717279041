"""The only place where numba's options are decided.

Kernels are serial and release the GIL; threads are in `quests_core.utils.threads`.
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

# Sums may be reordered and fused; NaN and infinity keep their meaning ("nnan", "ninf" stay off).
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
    """Return a decorator that compiles, and stores the machine code where a directory is writable."""

    def decorate(function: Callable) -> Callable:
        try:
            return numba.njit(cache=True, **_OPTIONS, **options)(function)
        except RuntimeError:
            # Numba finds no directory that is writable.
            compiled = numba.njit(**_OPTIONS, **options)(function)
            _warn_once()
            return compiled

    return decorate


@functools.cache
def _warn_once() -> None:
    warnings.warn(NO_CACHE, RuntimeWarning, stacklevel=1)


jit = _jit()
# For what runs billions of times: numba counts no references to arrays here, which it does by atomic
# operations on memory that all threads share, at each row that is taken. Such a kernel makes no array,
# and returns none to a `jit` or to Python.
jit_no_refcount = _jit(_nrt=False)
# Part of another kernel's loop: hundreds of numbers, which describe its arrays, need not be handed over.
jit_inline = _jit(_nrt=False, forceinline=True)


def intrinsic(
    generate: Callable[Concatenate[Any, _Arguments], tuple[Any, Callable]],
) -> Callable[_Arguments, Any]:
    """Return a function for compiled code, whose LLVM code `generate` writes."""
    # numba's hints leave the typing context among the arguments of the call.
    return extending.intrinsic(generate)  # type: ignore[return-value]


def compiled_as(function: Callable) -> Callable[[Callable], Callable]:
    """Return a decorator for what stands for a plain function in compiled code, as by `jit_no_refcount`."""
    # numba's hints do not know `_nrt`.
    options: Any = {"_nrt": False, "nogil": True}
    return extending.overload(function, jit_options=options)


_COMPILED = re.compile(r"^@(jit|jit_no_refcount|jit_inline|intrinsic)\b", re.MULTILINE)


def compiled_sources(package: Path) -> list[Path]:
    """Return the modules of a package that hold compiled code, and all modules that these import.

    Code and constants of the latter are part of the machine code. Other modules, such as those that read
    files, may change without anything being compiled again.
    """
    found = [path for path in package.rglob("*.py") if _COMPILED.search(path.read_text(encoding="utf-8"))]
    for path in found:
        found += [one for one in _imported(path) if one not in found]
    return sorted(found)


def _imported(path: Path) -> list[Path]:
    """Return the modules that a module takes from its own package."""
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            parts = node.module.split(".") if node.module else []
            base = path.parents[node.level - 1].joinpath(*parts)
            # Names of a module, or modules of a folder.
            names = [base.with_suffix(".py")] if parts else []
            names += [(base / alias.name).with_suffix(".py") for alias in node.names]
            modules += [name for name in names if name.is_file() and name != path]
    return modules


def _modification_times(package: Path) -> str:
    """Return a hash of path, size and time of every module, by which numba recognises a changed file, too."""
    states = [
        (str(path), (status := path.stat()).st_size, status.st_mtime_ns) for path in package.rglob("*.py")
    ]
    return hashlib.sha256(repr(sorted(states)).encode()).hexdigest()


def forget_stale_kernels(package: Path) -> None:
    """Delete the compiled kernels of a package unless they were made from its present sources.

    Numba recompiles a kernel when its own file has changed, but not when one that it calls has: after
    an update of an editable installation it would run a mixture of both.
    """
    stamp = package / "__pycache__" / "kernels.sha256"
    times = _modification_times(package)
    try:
        known_digest, _, known_times = stamp.read_text().partition("\n") if stamp.exists() else ("", "", "")
        # Sources need not be parsed, which takes longer than all else here, unless a file has changed.
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
        # Where nothing can be written, nothing was, and an update replaces all files at once.
        pass


forget_stale_kernels(Path(__file__).parents[1])
