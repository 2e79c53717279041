"""Parquet files in the layout of the ColabFit Exchange, row by row.

The columns are documented at https://materials.colabfit.org/docs/configuration_schema.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

_STRUCTURE = ("atomic_numbers", "positions", "cell", "pbc")
_LABELS = ("energy", "atomic_forces", "method", "names", "labels", "configuration_id")
STRESS = "cauchy_stress"
# Rows that are frames at a time; pyarrow holds their row group.
_ROWS = 64


def is_parquet(name: str) -> bool:
    """Return whether a name has the suffix of a Parquet file.

    Examples
    --------
    >>> is_parquet("co_0.parquet"), is_parquet("train.xyz")
    (True, False)
    """
    return name.lower().endswith((".parquet", ".parq"))


def frames_of_parquet(
    path: Path,
    on_row: Callable[[int, int], None] | None = None,
    n_skipped: int = 0,
    note: Callable[[str], None] | None = None,
) -> Iterator[Atoms]:
    """Yield the configurations of a Parquet file with ColabFit's columns.

    Energies (eV) and forces (eV Å⁻¹) are stored in the frame's calculator; ``labels`` become ``config_type``,
    and the first of ``names`` becomes ``name``. The stress is ignored, as its sign differs between data sets.

    Parameters
    ----------
    path : Path
        The file.
    on_row : callable, optional
        Called with the number of rows that were read so far, and of all rows.
    n_skipped : int
        Number of rows to leave out at the beginning; row groups before the first are not read.
    note : callable, optional
        Called with a sentence on what is ignored.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    ValueError
        If a column of the structure is missing; the message names it.
    """
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise ImportError(
            'Parquet files need pyarrow: install the extra "parquet": quests-explorer[parquet]'
        ) from error
    with ParquetFile(path) as file:
        known = set(file.schema_arrow.names)
        if missing := [name for name in _STRUCTURE if name not in known]:
            raise ValueError(f"{path.name}: expected the columns of ColabFit, but {missing[0]} is missing")
        if note is not None and STRESS in known:
            note(f"{STRESS} is not read, as its sign differs between data sets of ColabFit")
        columns = [name for name in (*_STRUCTURE, *_LABELS) if name in known]
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
        ends = np.cumsum(sizes)
        first = int(np.searchsorted(ends, n_skipped, side="right"))
        done, total = int(ends[first - 1]) if first else 0, file.metadata.num_rows
        for batch in _batches(file, range(first, len(sizes)), columns):
            rows = batch.to_pylist()
            for i, row in enumerate(rows, done):
                if i >= n_skipped:
                    yield _atoms(row)
            done += len(rows)
            if on_row is not None:
                on_row(done, total)


def _batches(file: Any, groups: Iterable[int], columns: list[str]) -> Iterator[Any]:
    for group in groups:
        # Given several groups, pyarrow decodes all of them ahead of the first batch.
        yield from file.iter_batches(_ROWS, [group], columns, use_threads=False)


def _value(value):
    """Return a value, parsed if it is stored as text, as in older files."""
    return ast.literal_eval(value) if isinstance(value, str) and value[:1] in "[(" else value


def _atoms(row: dict) -> Atoms:
    numbers, positions, cell, pbc = (_value(row[name]) for name in _STRUCTURE)
    atoms = Atoms(
        numbers=numbers,
        positions=np.asarray(positions, dtype=float).reshape(-1, 3),
        cell=np.zeros((3, 3)) if cell is None else np.asarray(cell, dtype=float),
        pbc=False if pbc is None else pbc,
    )
    results: dict[str, float | np.ndarray] = {}
    if row.get("energy") is not None:
        results["energy"] = float(row["energy"])
    forces = _value(row.get("atomic_forces"))
    if forces:
        results["forces"] = np.asarray(forces, dtype=float).reshape(-1, 3)
    if results:
        atoms.calc = SinglePointCalculator(atoms, **results)
    names, labels = (_value(row.get(name)) for name in ("names", "labels"))
    given = {
        "config_type": ",".join(labels) if isinstance(labels, list) else labels,
        "name": names[0] if isinstance(names, list) and names else names,
        "method": row.get("method"),
        "configuration_id": row.get("configuration_id"),
    }
    atoms.info.update({key: value for key, value in given.items() if value})
    return atoms
