"""Tests of data sets that are archives."""

import io
import lzma
import tarfile

import pytest

import quests_core as q
from quests_core.published import materials_cloud
from tests.core.published.sources import ProgressRecorder, extxyz, labelled


def test_a_metal_of_tm23(tm23, cache):
    recorder = ProgressRecorder()
    frames = q.load("tm23:Ag", progress=recorder)
    assert [q.atoms_energy(atoms) for atoms in frames] == [5.5, -1.5, 4.5, -2.5]
    assert (q.atoms_forces(frames[0]) == 0.25).all()
    assert "downloading tm23.zip" in recorder.steps()
    assert [q.atoms_energy(atoms) for atoms in q.load("tm23:Ag-cold")] == [9.5, -1.5, 8.5, -2.5]
    assert tm23.asked == ["/tm23.zip"], "the archive is downloaded once"
    with pytest.raises(
        ValueError, match=r"tm23:Ag-melt: the archive does not contain Ag_melt_nequip_train\.xyz"
    ):
        q.load("tm23:Ag-melt")


@pytest.mark.parametrize("key", ["C", "Ag-hot", "Ag-"])
def test_unknown_keys_of_tm23_are_refused(tm23, cache, key):
    with pytest.raises(ValueError, match=f"tm23:{key}: expected one of Ag"):
        q.load(f"tm23:{key}")
    assert tm23.asked == []


def test_an_archive_with_another_hash_is_not_used(tm23, cache, monkeypatch):
    monkeypatch.setattr(materials_cloud, "TM23_MD5", "md5:" + 32 * "0")
    with pytest.raises(ValueError, match="hash"):
        q.load("tm23:Ag")
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_an_archive_of_the_colabfit_exchange(server, cache, monkeypatch):
    monkeypatch.setattr(materials_cloud, "COLABFIT_XYZ", server.url + "/{}.tar.gz")
    with tarfile.open(server.root / "DS_abc_0.tar.gz", "w:gz") as archive:
        for name, energy in (("DS_abc_0_1.xyz.xz", -2.0), ("DS_abc_0_0.xyz.xz", -1.0)):
            content = lzma.compress(extxyz(labelled("Ni", energy)))
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert [q.atoms_energy(atoms) for atoms in q.load("colabfit:DS_abc_0")] == [-1.0, -2.0]
