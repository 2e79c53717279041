"""Keys of training programs; `tests/app/exports/test_frame_keys.py` tests them on many files."""

import pytest

from quests_core.io.dataset import load
from quests_core.io.extxyz_frame import FrameText
from quests_core.io.program_keys import listed, to_mace, to_nequip

FRAMES = (
    "1\nProperties=species:S:1:pos:R:3:dft_forces:R:3 dft_energy=-1.0\nCu 0 0 0 0 0 0\n",
    '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3 REF_energy=-2.0 dft_energy=5 '
    'stress="1 2 3 4 5 6"\nCu 0 0 0\nCu 2 0 0\n',
)


@pytest.fixture
def dataset(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("".join(FRAMES))
    return load(path)


@pytest.fixture
def texts():
    return [FrameText.of(frame.encode()) for frame in FRAMES]


def test_mace_finds_its_energies_and_its_references(dataset, texts):
    notes = to_mace(dataset, texts, [0, 1])
    assert [text.get("REF_energy") for text in texts] == ["-1.0", "-2.0"]
    assert texts[1].get("dft_energy") == "5", "the reference takes precedence"
    assert texts[0].has_column("REF_forces")
    assert texts[0].get("config_type") == "IsolatedAtom"
    assert notes == ["1 isolated atom got the config_type IsolatedAtom."]


def test_nequip_gets_a_stress_of_nine_numbers(dataset, texts):
    assert to_nequip(dataset, texts, [0, 1]) == []
    assert [text.get("energy") for text in texts] == ["-1.0", "-2.0"]
    assert texts[1].get("stress") == "1 6 5 6 2 4 5 4 3"


def test_a_long_list_of_frames_is_abbreviated():
    assert listed([3]) == "frame 3"
    assert listed(list(range(5))) == "frames 0-4"
    text = listed(list(range(0, 100, 2)))
    assert text.endswith(", …")
    assert len(text) < 80
