"""Tests of data sets of the ColabFit Exchange."""

from functools import partial

import numpy as np
import pyarrow as pa
import pytest
from ase import Atoms
from pyarrow import parquet

import quests_core as q
from quests_core import published
from quests_core.published.colabfit import frames_of_parquet
from tests.core.published.sources import ProgressRecorder


def write_parquet(path, rows, as_text=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = pa.list_(pa.list_(pa.float64()))
    types = {
        "property_id": pa.string(),
        "method": pa.string(),
        "energy": pa.float64(),
        "atomic_forces": numbers,
        "cauchy_stress": numbers,
        "cauchy_stress_volume_normalized": pa.bool_(),
        "configuration_id": pa.string(),
        "cell": numbers,
        "pbc": pa.list_(pa.bool_()),
        "positions": numbers,
        "atomic_numbers": pa.list_(pa.int32()),
        "names": pa.list_(pa.string()),
        "labels": pa.list_(pa.string()),
    }
    if as_text:
        rows = [{k: str(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows]
        types = {name: pa.string() if pa.types.is_list(kind) else kind for name, kind in types.items()}
    parquet.write_table(pa.Table.from_pylist(rows, schema=pa.schema(types.items())), path)


def row(i, symbols="CO", **others):
    atoms = Atoms(
        symbols, positions=[[0, 0, 0.1 * i], [0, 0, 1.1]], cell=[9, 9, 9 + i], pbc=[True, True, False]
    )
    return {
        "atomic_numbers": atoms.numbers.tolist(),
        "positions": atoms.positions.tolist(),
        "cell": atoms.cell.array.tolist(),
        "pbc": atoms.pbc.tolist(),
        "energy": -7.25 - i,
        "atomic_forces": [[0.0, 0.0, 1 / 3], [0.0, 0.0, -1 / 3]],
        "cauchy_stress": np.eye(3).tolist(),
        "method": "DFT-PBE",
        "configuration_id": f"CO_{i}",
        "names": [f"file__config_{i}"],
        "labels": ["relaxed"],
        **others,
    }


@pytest.mark.parametrize("as_text", [False, True])
def test_columns_of_colabfit(tmp_path, as_text):
    path = tmp_path / "co_0.parquet"
    rows = [row(0), row(1, labels=[], names=None), row(2, energy=None, atomic_forces=None)]
    write_parquet(path, rows, as_text)
    recorder = ProgressRecorder()
    frames = list(frames_of_parquet(path, partial(recorder, "reading co_0.parquet")))
    assert [str(atoms.symbols) for atoms in frames] == ["CO"] * 3
    assert frames[1].positions.tolist() == rows[1]["positions"]
    assert frames[1].cell.array.tolist() == rows[1]["cell"]
    assert frames[1].pbc.tolist() == [True, True, False]
    assert [q.atoms_energy(atoms) for atoms in frames] == [-7.25, -8.25, None]
    assert q.atoms_forces(frames[0]).tolist() == rows[0]["atomic_forces"]
    assert q.atoms_forces(frames[2]) is None
    assert frames[0].info["config_type"] == "relaxed"
    assert frames[0].info["name"] == "file__config_0"
    assert "config_type" not in frames[1].info
    assert frames[1].info["method"] == "DFT-PBE"
    assert recorder.calls[-1] == ("reading co_0.parquet", 3, 3)


def test_other_parquet_files_are_refused(tmp_path):
    parquet.write_table(pa.table({"positions": [1.0], "atomic_numbers": [6]}), tmp_path / "co_0.parquet")
    with pytest.raises(ValueError, match=r"co_0\.parquet: expected the columns of ColabFit, but cell"):
        list(frames_of_parquet(tmp_path / "co_0.parquet"))


@pytest.fixture
def hub(server, monkeypatch):
    import huggingface_hub

    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    real = huggingface_hub.snapshot_download
    monkeypatch.setattr(huggingface_hub, "snapshot_download", partial(real, endpoint=server.url, token=False))
    return server


def test_a_data_set_of_colabfit_on_hugging_face(hub, cache):
    for n in (0, 1, 10, 2):
        write_parquet(hub.root / "colabfit" / "C_NPJ2020" / "co" / f"co_{n}.parquet", [row(n)])
    (hub.root / "colabfit" / "C_NPJ2020" / "README.md").write_text("not wanted")
    recorder = ProgressRecorder()
    frames = q.load("colabfit:C_NPJ2020", progress=recorder)
    assert [q.atoms_energy(atoms) for atoms in frames] == [-7.25, -8.25, -9.25, -17.25]
    assert q.atoms_forces(frames[0])[0, 2] == 1 / 3, "to the last bit"
    assert not any("README" in path for path in hub.asked)
    assert recorder.calls
    asked = len(hub.asked)
    q.load("colabfit:C_NPJ2020")
    assert len(hub.asked) == asked
    with pytest.raises(ValueError, match="colabfit:gone: there is no such data set on Hugging Face"):
        q.load("colabfit:gone")


def test_a_damaged_download_is_not_used(hub, cache):
    write_parquet(hub.root / "colabfit" / "small" / "co" / "co_0.parquet", [row(0)])
    path = published.fetch("colabfit:small")
    path.unlink()
    (blob,) = (cache / "colabfit" / "downloads").rglob("blobs/*")
    blob.write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"co_0\.parquet was damaged"):
        published.fetch("colabfit:small")
    assert len(q.load("colabfit:small")) == 1
