"""Compressed files: gzip, bzip2, xz and, on Python 3.14 and newer, zstd.

The compression of an existing file is detected from its first bytes, that of a new file is determined by its
suffix.
"""

import bz2
import gzip
import importlib
import lzma
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from ..utils import memory
from ..utils.regular import open_regular

SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
SPLIT = "split the file, or read it on a machine with more memory"
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_CHUNK = 1 << 20
# Memory limit for decompressing xz, in bytes; presets need up to 65 MB.
_XZ_MEMORY = 256_000_000


def plain_name(name: str) -> str:
    """Return a file name without the suffix of a compression.

    Examples
    --------
    >>> plain_name("set.xyz.BZ2"), plain_name("set.xyz")
    ('set.xyz', 'set.xyz')
    """
    stem, suffix = os.path.splitext(name)
    return stem if suffix.lower() in SUFFIXES else name


def compress(data: bytes, name: str) -> bytes:
    """Compress data according to the suffix of a file name; the result is reproducible."""
    suffix = Path(name).suffix.lower()
    if suffix == ".gz":
        return gzip.compress(data, mtime=0)
    if suffix == ".bz2":
        return bz2.compress(data)
    if suffix == ".xz":
        return lzma.compress(data)
    return _zstd(name).compress(data) if suffix == ".zst" else data


@contextmanager
def compressing(file: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """Yield a file to write to, which compresses according to the suffix of `name` and writes to `file`.

    Examples
    --------
    >>> import io
    >>> packed = io.BytesIO()
    >>> with compressing(packed, "a.xyz.gz") as plain:
    ...     _ = plain.write(b"1")
    >>> gzip.decompress(packed.getvalue())
    b'1'
    """
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        yield file
        return
    opened: Any
    if suffix == ".gz":
        opened = gzip.GzipFile("", "wb", fileobj=file, mtime=0)
    elif suffix == ".zst":
        opened = _zstd(name).ZstdFile(file, "wb")
    else:
        opened = (bz2.BZ2File if suffix == ".bz2" else lzma.LZMAFile)(file, "wb")
    with opened:
        yield opened


def check_can_compress(name: str) -> None:
    """Raise a ValueError if this Python version lacks the compression that a file name requires."""
    if Path(name).suffix.lower() == ".zst":
        _zstd(name)


def _zstd(name: str):
    try:
        return importlib.import_module("compression.zstd")
    except ImportError:
        raise ValueError(
            f"{name}: zstd (.zst) needs Python 3.14 or newer; use another compression, such as .xz"
        ) from None


def read_bytes(path: Path, check_beginning=None) -> bytes:
    """Return the content of a file, decompressed if necessary.

    Parameters
    ----------
    path : Path
        The file.
    check_beginning : callable, optional
        Called with the first MB of a compressed file's content before the rest is decompressed; it may raise
        an error.

    Raises
    ------
    ValueError
        If the compressed data are damaged, or the content would not fit in memory.
    """
    with open_regular(path) as file:
        if _kind(file) is None:
            size = os.fstat(file.fileno()).st_size
            memory.check_fits(3 * size, f"{path.name}: reading it", SPLIT)
            # Ignore what is appended in the meantime.
            return file.read(size)
    return _join(read_chunks(path, check_beginning), path.name)


def read_chunks(path: Path, check_beginning=None, on_read=None) -> Iterator[bytes]:
    """Yield the content of a file, decompressed if necessary, in chunks of at most 1 MB.

    Parameters
    ----------
    path, check_beginning
        See `read_bytes`.
    on_read : callable, optional
        Called before each chunk with the number of bytes of the file that were read so far.

    Raises
    ------
    ValueError
        If the compressed data are damaged.
    """
    with open_regular(path) as file:
        kind = _kind(file)
        try:
            chunks = _plain_chunks(file) if kind is None else _chunks(file, kind, path.name)
            for i, chunk in enumerate(chunks):
                if i == 0 and kind is not None and check_beginning is not None:
                    check_beginning(chunk)
                if on_read is not None:
                    on_read(file.tell())
                yield chunk
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            if kind is None:
                raise
            raise ValueError(f"{path.name}: the {kind} data are damaged or cut off ({error})") from error


def is_compressed(path: Path) -> bool:
    """Return whether a file is compressed, according to its first bytes."""
    with open_regular(path) as file:
        return _kind(file) is not None


def _kind(file: BufferedReader) -> str | None:
    """Return the compression of an open file, or None; the position is its beginning afterwards."""
    first = file.read(6)
    file.seek(0)
    return next((kind for magic, kind in _MAGIC.items() if first.startswith(magic)), None)


def _join(chunks: Iterator[bytes], name: str) -> bytes:
    free = memory.available()
    found: list[bytes] = []
    n_bytes = 0
    for chunk in chunks:
        found.append(chunk)
        n_bytes += len(chunk)
        # The compressed size says nothing about the decompressed one.
        if free is not None and 3 * n_bytes > free:
            memory.check_fits(3 * n_bytes + free, f"{name}: unpacking it", SPLIT)
    return b"".join(found)


def _plain_chunks(file: BufferedReader) -> Iterator[bytes]:
    # Ignore what is appended in the meantime.
    left = os.fstat(file.fileno()).st_size
    while chunk := file.read(min(_CHUNK, left)):
        left -= len(chunk)
        yield chunk


def _chunks(file, kind: str, name: str) -> Iterator[bytes]:
    """Yield the content of a compressed file in chunks of at most 1 MB."""
    if kind == "gzip":
        with gzip.GzipFile(fileobj=file) as plain:
            while chunk := plain.read(_CHUNK):
                yield chunk
        return
    new = {
        "bzip2": bz2.BZ2Decompressor,
        "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY),
        "zstd": lambda: _zstd(name).ZstdDecompressor(),
    }[kind]
    errors = (_zstd(name).ZstdError,) if kind == "zstd" else ()
    unpacker, data = new(), file.read(_CHUNK)
    while True:
        try:
            chunk = unpacker.decompress(data, _CHUNK)
        except errors as error:
            raise OSError(str(error)) from error
        if chunk:
            yield chunk
        data = b""
        if unpacker.eof:
            # A file may contain several streams, and padding between those of xz.
            data = unpacker.unused_data
            while not (data := data.lstrip(b"\x00") if kind == "xz" else data):
                if not (data := file.read(_CHUNK)):
                    return
            unpacker = new()
        elif unpacker.needs_input and not (data := file.read(_CHUNK)):
            raise EOFError("the end of the stream is missing")
