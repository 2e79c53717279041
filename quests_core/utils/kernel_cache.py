"""Store compiled kernels by the content of their sources and by the processor.

Numba's own cache names its folders after the path of a source file, so that kernels are compiled again after
each installation in another place. It also compares the file of a function only, not those of the functions
that it calls, and numbers the compiled signatures of a function in an index that several processes write:
one may load the code of another. Here a folder belongs to one set of sources and one kind of processor, and
a file to one signature. So an update never mixes old and new code, and computers with different processors
may share a home directory.
"""

import ast
import contextlib
import functools
import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding
import numba

from .cache_dir import platform_cache_dir

try:
    # Not public: without them, or if they have changed, kernels are not stored; see `attach`.
    from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile
except ImportError:
    CompileResultCacheImpl = FunctionCache = IndexDataCacheFile = object  # type: ignore[assignment, misc]

PACKAGE = Path(__file__).parents[1]
# Folders of other versions that are kept, the most recently used ones.
N_KEPT = 8
_FILE, _COMPLETE = "*.nbc", "complete"
_DIGEST = re.compile("[0-9a-f]{64}")
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


def digest_of_sources(package: Path) -> str:
    """Return a hash of all that compiled code is made from, wherever the package is installed."""
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__}".encode())
    for path in compiled_sources(package):
        digest.update(f"\n{path.relative_to(package).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stamped_digest(package: Path) -> str:
    """Return `digest_of_sources`, without reading the sources if none has changed since the last call.

    Reading and parsing them takes 0.2 s at each start of a process, the comparison with the stamp 2 ms.
    """
    state = _state_of(package)
    stamps = [_stamp(package, base) for base in bases()]
    for stamp in stamps:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            digest, _, known = stamp.read_text(encoding="utf-8").partition("\n")
            if known == state and _DIGEST.fullmatch(digest):
                return digest
    digest = digest_of_sources(package)
    for stamp in stamps:
        with contextlib.suppress(OSError):
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.write_text(f"{digest}\n{state}", encoding="utf-8")
            break
    return digest


def _stamp(package: Path, base: Path) -> Path:
    """Return the file that holds the digest of a package and the state of the files it belongs to."""
    return base.parent / f"sources-{hashlib.sha256(str(package).encode()).hexdigest()[:16]}"


def _state_of(package: Path) -> str:
    """Return a hash of the sizes and times of all modules, and of the versions of the compilers.

    Files of reproducible packages all have the same modification time; the time of the last change of the
    file's status tells one installation from the next.
    """
    found = [
        (path.relative_to(package).as_posix(), status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        for path in package.rglob("*.py")
        for status in (path.stat(),)
    ]
    described = f"{numba.__version__} {llvmlite.__version__} {sorted(found)}"
    return hashlib.sha256(described.encode()).hexdigest()


def processor() -> str:
    """Return a hash of the processor that kernels are compiled for: its kind and its vector extensions."""
    config: Any = numba.config
    name = config.CPU_NAME or llvmlite.binding.get_host_cpu_name()
    features = config.CPU_FEATURES or llvmlite.binding.get_host_cpu_features().flatten()
    described = f"{llvmlite.binding.get_process_triple()} {name} {features}"
    return hashlib.sha256(described.encode()).hexdigest()


def bases() -> list[Path]:
    """Return the folders in which kernels may be stored, in the order in which they are tried."""
    config: Any = numba.config
    found = [Path(config.CACHE_DIR)] if config.CACHE_DIR else []
    # An account may have no home directory.
    with contextlib.suppress(RuntimeError):
        found.append(platform_cache_dir())
    return [base / "kernels" for base in (*found, PACKAGE / "__pycache__")]


@functools.cache
def folder() -> Path | None:
    """Return the folder of the kernels of these sources and this processor; None if none is writable.

    A folder that cannot be written is used if it holds kernels, as in an image.
    """
    name = f"{stamped_digest(PACKAGE)[:16]}-{processor()[:8]}"
    for base in bases():
        path = base / name
        try:
            path.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=path).close()
        except OSError:
            if not _holds_kernels(path):
                continue
        else:
            _forget_old(path)
        return path
    return None


def is_writable() -> bool:
    """Return whether kernels are compiled, and can be stored."""
    path = folder()
    return not numba.config.DISABLE_JIT and path is not None and os.access(path, os.W_OK)  # type: ignore[attr-defined]


def is_complete() -> bool:
    """Return whether all kernels are stored; see `mark_complete`."""
    path = folder()
    return path is not None and (path / _COMPLETE).exists()


def mark_complete() -> None:
    """Record that all kernels are stored."""
    path = folder()
    if path is not None:
        with contextlib.suppress(OSError):
            (path / _COMPLETE).touch()


def _holds_kernels(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return any(path.glob(_FILE))
    return False


def _forget_old(used: Path) -> None:
    """Delete the kernels of other versions beside those in use, except the most recently used ones."""
    with contextlib.suppress(OSError):
        os.utime(used)
        folders = sorted(used.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in folders[N_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)


class _Locator:
    """Tells numba where the kernels of a function are."""

    def __init__(self, function):
        self._function = function

    @classmethod
    def from_function(cls, function, file) -> "_Locator | None":
        return None if folder() is None else cls(function)

    def ensure_cache_path(self) -> None:
        os.makedirs(self.get_cache_path(), exist_ok=True)

    def get_cache_path(self) -> str:
        return str(folder())

    def get_source_stamp(self) -> str:
        # The name of the folder has it.
        return ""

    def get_disambiguator(self) -> str:
        return f"{self._function.__module__}-{self._function.__code__.co_firstlineno}"


_LOCATORS: Any = [_Locator]


class _Implementation(CompileResultCacheImpl):
    _locator_classes = _LOCATORS


class _KernelFiles(IndexDataCacheFile):
    """One file for each signature, without an index that several processes would write."""

    def save(self, key, data) -> None:
        # Kernels that cannot be stored are compiled again.
        with contextlib.suppress(OSError):
            self._save_data(self._name_of(key), data)

    def load(self, key):
        try:
            return self._load_data(self._name_of(key))
        except FileNotFoundError:
            return None
        except Exception:
            # A damaged file can raise anything; the kernel is then compiled again.
            return None

    def _name_of(self, key) -> str:
        return f"{Path(self._index_name).stem}.{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc"


class _Cache(FunctionCache):
    _impl_class = _Implementation

    def __init__(self, function):
        super().__init__(function)
        files = self._cache_file
        self._cache_file = _KernelFiles(self._cache_path, self._impl.filename_base, "")
        if not (hasattr(files, "_load_data") and hasattr(files, "_save_data")):
            raise AttributeError("numba's cache files have changed")


def attach(compiled: Any) -> bool:
    """Make a compiled function of this package store its kernels; return False if that is impossible.

    Functions of other modules are not stored, as their globals are not part of the hash.
    """
    function = getattr(compiled, "py_func", None)
    if function is None or not function.__module__.startswith(f"{PACKAGE.name}."):
        return True
    try:
        compiled._cache = _Cache(function)
    except (AttributeError, RuntimeError, TypeError):
        # No folder is writable, or another numba works differently.
        return False
    return True
