"""Databases of ASE, row by row: SQLite, and LMDB where the package ase-db-backends is installed."""

import contextlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import ase.db
from ase import Atoms
from ase.db.sqlite import SQLite3Database

from ..utils.regular import open_regular

ASELMDB = ".aselmdb"
# The number by which LMDB recognises its files, after the header of the first page.
_MAGIC, _MAGIC_START = b"\xde\xc0\xef\xbe", 16
# Rows that are in memory at a time.
_ROWS = 64


def iread_database(
    database: Any, n_skipped: int = 0, on_row: Callable[[int, int], None] | None = None
) -> Iterator[Atoms]:
    """Yield the frames of an ASE database, with the key-value pairs of each row in ``info``.

    Parameters
    ----------
    database : ase.db.core.Database
        An open database; a few of its rows are in memory at a time.
    n_skipped : int
        Number of rows to leave out at the beginning.
    on_row : callable, optional
        Called with the number of rows that were read so far, and of all rows.
    """
    # ASE closes connections only at the end of a context.
    unconnected = getattr(database, "connection", False) is None
    with database if unconnected else contextlib.nullcontext():
        total = 0 if on_row is None else _count(database)
        for i, row in enumerate(_rows(database, n_skipped), n_skipped + 1):
            atoms = row.toatoms()
            atoms.info.update(row.key_value_pairs)
            yield atoms
            if on_row is not None and i % _ROWS == 0:
                on_row(i, total)


def database_frames(database: Any) -> list[Atoms]:
    """Return all frames of an ASE database; see `iread_database`."""
    return list(iread_database(database))


@contextlib.contextmanager
def connected_lmdb(path: Path) -> Iterator[Any]:
    """Yield a database in LMDB, opened for reading; no file is locked or changed.

    Raises
    ------
    ImportError
        If the package is not installed.
    ValueError
        If the file is another one.
    """
    with open_regular(path) as file:
        # Otherwise the package prints an error when it is cleaned up.
        if file.read(_MAGIC_START + len(_MAGIC))[_MAGIC_START:] not in (_MAGIC, _MAGIC[::-1]):
            raise ValueError("expected a database in LMDB, got another file")
    try:
        database = ase.db.connect(path, type=ASELMDB[1:], readonly=True)
    except ImportError as error:
        raise ImportError(f"{ASELMDB} needs the package ase-db-backends ({error})") from error
    with contextlib.closing(database):
        yield database


def _rows(database: Any, n_skipped: int) -> Iterator[Any]:
    if not isinstance(database, SQLite3Database):
        yield from islice(database.select(), n_skipped, None)
        return
    # `select` alone would fetch all rows before it yields the first.
    found = list(database.select(sort="id", limit=_ROWS, offset=n_skipped, include_data=False))
    while found:
        yield from found
        after = f"id>{found[-1].id}"
        found = list(database.select(after, sort="id", limit=_ROWS, include_data=False))


def _count(database: Any) -> int:
    # Counting the rows of LMDB would decode them.
    ids = getattr(database, "ids", None)
    return database.count() if ids is None else len(ids)
