"""Some frames of files, read without the others."""

import tempfile

import ase.io
import numpy as np
import pytest
from ase import Atoms

from quests_core.io import chosen_frames
from quests_core.io.chosen_frames import TextsInFile, iread_chosen
from quests_core.io.read import read

FRAME = "1\nnumber={} my_e=-{}.50 Properties=species:S:1:pos:R:3\nCu 0 0 {}.10\n"


@pytest.fixture
def files(tmp_path):
    """Return an extxyz file, a compressed one, and one in another format."""
    import gzip

    paths = [tmp_path / name for name in ("a.xyz", "b.xyz.gz", "c.traj")]
    texts = ["".join(FRAME.format(i, i, i) for i in range(first, first + 3)) for first in (0, 3)]
    paths[0].write_text(texts[0])
    paths[1].write_bytes(gzip.compress(texts[1].encode()))
    ase.io.write(paths[2], [Atoms("Ag", info={"number": i}) for i in (6, 7)])
    return paths


@pytest.mark.parametrize("chosen", [[0], [5, 1], [2, 3, 7], range(8)])
def test_frames_are_those_of_the_whole_set(files, chosen):
    found = list(iread_chosen(tuple(files), chosen))
    frames = read(files)
    assert [one.frame for one in found] == sorted(chosen)
    for i, atoms, text in found:
        assert text is None
        assert atoms == frames[i]
        assert atoms.info == frames[i].info
        assert atoms.info["source"] == ("a.xyz", "b.xyz.gz", "c.traj")[i // 3]


def test_texts_are_those_of_the_file(files):
    for path, first in ((files[0], 0), (files[1], 3)):
        found = list(iread_chosen(path, [2, 0]))
        assert [one.text.decode() for one in found] == [FRAME.format(*[first + i] * 3) for i in (0, 2)]
        assert "source" not in found[0].atoms.info
    (other,) = iread_chosen(files[2], [1])
    assert (other.text, other.atoms.symbols.get_chemical_formula()) == (None, "Ag")


def test_keys_of_labels_are_used(files):
    (found,) = iread_chosen(files[0], [2], energy_key="my_e")
    assert found.atoms.get_potential_energy() == -2.5
    (without,) = iread_chosen(files[0], [0], forces_key="f")
    assert without.atoms.calc is None


def test_frames_that_are_not_chosen_are_not_parsed(files, monkeypatch):
    parsed = []
    original = chosen_frames.read_block
    monkeypatch.setattr(
        chosen_frames, "read_block", lambda block, *rest: parsed.append(block.frame) or original(block, *rest)
    )
    assert [one.frame for one in iread_chosen((files[0], files[1]), [1, 4])] == [1, 4]
    assert parsed == [1, 1]


def test_a_frame_that_is_not_there(files):
    with pytest.raises(ValueError, match=r"^a\.xyz: expected more than 3 frames, got 3"):
        list(iread_chosen(files[0], [1, 3]))


def test_texts_in_a_file():
    with tempfile.TemporaryFile() as file:
        texts = TextsInFile(file)
        for text in (b"a", b"", b"ccc"):
            texts.append(text)
        assert list(texts) == [b"a", b"", b"ccc"]
        assert (len(texts), texts.n_bytes, texts[-1]) == (3, 4, b"ccc")
        assert list(texts.in_order(np.array([2, 0]).tolist())) == [b"ccc", b"a"]
        assert list(texts[1:]) == [b"", b"ccc"]
        texts.append(b"d")
        assert texts[3] == b"d"
