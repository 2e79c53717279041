"""Tests of data sets of load-atoms."""

import pytest

import quests_core as q
from quests_core import published
from quests_core.published import load_atoms
from tests.core.published.sources import ProgressRecorder, extxyz, labelled


@pytest.fixture
def github(server, monkeypatch):
    from load_atoms.database import internet
    from load_atoms.database.importers import c_gap_20u

    frames = [labelled("C", -1.0, config_type="Dimer"), labelled("C", -2.0, config_type="Fullerenes")]
    frames.append(labelled("C", -3.0, config_type="Dimer"))
    (server.root / "C-GAP-20U").mkdir()
    (server.root / "C-GAP-20U" / "C-GAP-20U.xyz").write_bytes(extxyz(*frames))
    monkeypatch.setattr(c_gap_20u, "BASE_GITHUB_URL", server.url)
    monkeypatch.setattr(internet, "matches_checksum", lambda path, expected: expected == "da0462802df1")
    return server


def test_a_data_set_of_load_atoms(github, cache, capsys):
    recorder = ProgressRecorder()
    frames = q.load("load-atoms:C-GAP-20U", progress=recorder)
    assert [q.atoms_energy(atoms) for atoms in frames] == [-1.0, -2.0, -3.0]
    assert (q.atoms_forces(frames[2]) == 0.25).all()
    assert "downloading c-gap-20u.xyz" in recorder.steps()
    assert capsys.readouterr().out == ""


def test_a_label_of_gap20(github, cache):
    source = (github.root / "C-GAP-20U" / "C-GAP-20U.xyz").read_bytes()
    lines = source.split(b"\n")
    path = published.fetch("gap20:Fullerenes")
    assert path.read_bytes() == b"\n".join(lines[10:20]) + b"\n", "byte for byte"
    assert [q.atoms_energy(atoms) for atoms in q.load("gap20:Dimer")] == [-1.0, -3.0]
    assert len(github.asked) == 1
    with pytest.raises(ValueError, match="gap20:Graphene: expected one of Dimer, Fullerenes"):
        q.load("gap20:Graphene")


def test_frames_of_gap20_have_the_given_label(github, cache):
    path = github.root / "C-GAP-20U" / "C-GAP-20U.xyz"
    frame = "1\nProperties=species:S:1:pos:R:3 {} energy=-5\nC 0 0 0\n"
    comments = (
        'note="config_type=Quoted" Config_Type=Capital', "config_type = Blanks", "old_config_type=Old",
        "config_type='Two words'",
    )  # fmt: skip
    frames = [frame.format(comment) for comment in comments]
    path.write_text("".join(frames))
    for label, block in (("Capital", frames[0]), ("Blanks", frames[1]), ("Two words", frames[3])):
        written = b"".join(load_atoms.gap20(label, cache, None)).decode()
        assert written == block
    with pytest.raises(ValueError, match="gap20:Quoted: expected one of , Blanks, Capital, Two words"):
        list(load_atoms.gap20("Quoted", cache, None))


def test_a_wrong_hash_of_load_atoms_is_an_error(github, cache, monkeypatch):
    from load_atoms.database import internet

    monkeypatch.setattr(internet, "matches_checksum", lambda *_: False)
    with pytest.raises(ValueError, match="C-GAP-20U: the download differs from what was published"):
        q.load("load-atoms:C-GAP-20U")
    assert not list(cache.rglob("*.xyz"))


def test_only_included_importers_are_run(github, cache):
    with pytest.raises(
        ValueError, match="load-atoms:Evil: expected a data set included in load-atoms: a_si_24"
    ):
        q.load("load-atoms:Evil")
    assert github.asked == []
