"""Parquet files in the layout of ColabFit; `tests/core/published/test_colabfit.py` tests more contents."""

import builtins

import numpy as np
import pytest
from ase import Atoms

from quests_core import atoms_energy, atoms_forces, descriptors, iread, read
from quests_core.io.chosen_frames import iread_chosen
from quests_core.io.colabfit_parquet import frames_of_parquet, is_parquet
from quests_core.io.read_process import read_in_process

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")


def row(i):
    return {
        "atomic_numbers": [29, 47],
        "positions": [[0.0, 0.0, 0.01 * i], [0.0, 0.0, 2.5]],
        "cell": [[9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0 + i]],
        "pbc": [True, True, False],
        "energy": -7.25 - i if i % 3 else None,
        "atomic_forces": [[0.0, 0.0, 1 / 3], [0.0, 0.0, -1 / 3]],
        "cauchy_stress": [[1.0, 0.0, 0.0]] * 3,
        "configuration_id": f"CO_{i}",
        "names": [f"row_{i}"],
        "labels": ["relaxed", "slab"],
    }


@pytest.fixture
def path(tmp_path):
    """Return a file of 200 rows in row groups of 90."""
    table = pa.Table.from_pylist([row(i) for i in range(200)])
    parquet.write_table(table, tmp_path / "co_0.parquet", row_group_size=90)
    return tmp_path / "co_0.parquet"


@pytest.mark.parametrize("reads", [read, lambda path: list(iread(path)), read_in_process])
def test_frames_and_labels_are_those_that_were_written(path, reads):
    frames = reads(path)
    assert [atoms.info["name"] for atoms in frames] == [f"row_{i}" for i in range(200)]
    assert [atoms_energy(atoms) for atoms in frames] == [-7.25 - i if i % 3 else None for i in range(200)]
    assert atoms_forces(frames[5]).tolist() == row(5)["atomic_forces"]
    assert frames[5] == Atoms("CuAg", row(5)["positions"], cell=row(5)["cell"], pbc=row(5)["pbc"])
    assert frames[5].info["config_type"] == "relaxed,slab"


@pytest.mark.parametrize("reads", [read, lambda path, notes: list(iread(path, notes=notes)), read_in_process])
def test_a_label_that_is_not_read_is_told(path, reads):
    notes = []
    assert all("stress" not in getattr(atoms.calc, "results", {}) for atoms in reads(path, notes=notes))
    assert notes == ["cauchy_stress is not read, as its sign differs between data sets of ColabFit"]


@pytest.mark.parametrize("n_skipped", [0, 1, 89, 90, 91, 180, 199, 200])
def test_row_groups_that_are_skipped_are_not_read(path, n_skipped):
    seen = []
    frames = list(frames_of_parquet(path, lambda *rows: seen.append(rows), n_skipped))
    assert [atoms.info["name"] for atoms in frames] == [f"row_{i}" for i in range(n_skipped, 200)]
    assert all(n_skipped // 90 * 90 < done <= 200 == total for done, total in seen)
    assert not seen or seen[-1] == (200, 200)


def test_chosen_rows_and_a_store(path, tmp_path):
    assert [one.atoms.info["name"] for one in iread_chosen(path, [100, 3])] == ["row_3", "row_100"]
    envs = descriptors(path, k=4, store=tmp_path / "a.envs")
    np.testing.assert_array_equal(envs.store.energies[:3], [np.nan, -8.25, -9.25])
    assert (len(envs), set(envs.store.labels)) == (200, {"relaxed,slab"})


def test_other_columns_are_refused(tmp_path):
    parquet.write_table(pa.table({"positions": [1.0]}), tmp_path / "a.parquet")
    with pytest.raises(ValueError, match=r"^a\.parquet: cannot be read: expected the columns of ColabFit"):
        read(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 no")
    for reads in (read, read_in_process):
        with pytest.raises(ValueError, match=r"^b\.parquet: cannot be read"):
            reads(tmp_path / "b.parquet")


def test_the_package_that_is_missing_is_named(path, monkeypatch):
    original = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("pyarrow"):
            raise ImportError(f"No module named {name!r}")
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match=r"cannot be read: Parquet files need pyarrow: install the extra"):
        read(path)


def test_names_of_parquet_files():
    assert is_parquet("A.PARQUET")
    assert not is_parquet("parquet")
