"""Subsets with keys of a program; `tests/app/exports/test_frame_keys.py` tests them on many files."""

import numpy as np
import pytest

from quests_core import descriptors, read
from quests_core.io.dataset import load
from quests_core.io.extxyz_frame import FrameText
from quests_core.io.frame_keys import RANK, SOURCE, keyed_content
from quests_core.io.program_keys import GPUMD, MACE, NEQUIP, TARGETS

FRAME = (
    '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:force:R:3 dft_energy=-{}.50\n'
    "Cu 0 0 0 0.10 0 0\nCu 2 0 0 -0.10 0 0\n"
)


@pytest.fixture
def dataset(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("".join(FRAME.format(i) for i in range(4)))
    return load(path)


def test_the_source_is_copied_byte_for_byte(dataset):
    made = keyed_content(dataset, np.array([3, 1]), "rank", SOURCE)
    assert made.bytes_of().decode() == FRAME.format(3) + FRAME.format(1)
    assert made.bytes_of([1]).decode() == FRAME.format(1)
    assert keyed_content(dataset, np.array([3, 1]), "file", SOURCE).frames.tolist() == [1, 3]


@pytest.mark.parametrize(("kind", "energy", "forces"), [
    (MACE, "REF_energy", "REF_forces"), (NEQUIP, "energy", "forces"),
])  # fmt: skip
def test_keys_change_and_numbers_stay_as_written(dataset, kind, energy, forces):
    text = keyed_content(dataset, np.array([2]), "file", kind).bytes_of().decode()
    assert f"{energy}=-2.50" in text
    assert f":{forces}:R:3" in text
    assert "Cu 0 0 0 0.10 0 0\n" in text


def test_the_rank_needs_delta_entropy(dataset, tmp_path):
    with pytest.raises(ValueError, match="delta_entropy: expected one value per environment, got None"):
        keyed_content(dataset, np.array([2, 0]), "file", RANK)
    values = np.arange(descriptors(dataset.frames).n_envs, dtype=np.float32) / 7
    path = tmp_path / "ranked.xyz"
    path.write_bytes(keyed_content(dataset, np.array([2, 0]), "file", RANK, values).bytes_of())
    first, second = read(path)
    assert (first.info["quests_rank"], second.info["quests_rank"]) == (2, 1)
    np.testing.assert_array_equal(np.float32(second.arrays["quests_delta_entropy"]), values[4:6])


BAD = (
    '2\nLattice="9 0 0 0 9 0 0 0 9" pbc="T T T" Properties=species:S:1:pos:R:3:{forces}:R:3 {energy}={} '
    '{stress}="1 0 0 0 1 0 0 0 {}"\nCu 0 0 0 0.1 0 0\nCu 2 0 0 -0.1 0 {}\n'
)
KEYS = {"energy": "E", "forces": "F", "stress": "S"}
NAMES = {"forces": "force", "energy": "dft_energy", "stress": "stress"}


def bad_dataset(tmp_path, names=NAMES):
    """Return frames without a fault, and with an energy, a force or a stress that is not finite."""
    path = tmp_path / "bad.xyz"
    labels = (("-1", 1, 0), ("nan", 1, 0), ("inf", 1, 0), ("-1", 1, "nan"), ("-1", "inf", 0))
    path.write_text("".join(BAD.format(*label, **names) for label in labels))
    return load(path)


@pytest.mark.parametrize(("kind", "targets", "names"), [
    (MACE, TARGETS[MACE], NAMES),
    (MACE, TARGETS[MACE], TARGETS[MACE]),
    (NEQUIP, TARGETS[NEQUIP], NAMES),
    (NEQUIP, TARGETS[NEQUIP], TARGETS[NEQUIP]),
    (KEYS, KEYS, NAMES),
])  # fmt: skip
def test_labels_that_are_not_finite_are_set_aside(tmp_path, kind, targets, names):
    dataset = bad_dataset(tmp_path, names)
    made = keyed_content(dataset, np.arange(5), "file", kind)
    assert made.notes[-1] == (
        "4 frames (frames 1-4) with labels that are not finite; they are written as not_used_…"
    )
    texts = [FrameText.of(block) for block in made.blocks]
    energy, forces, stress = (targets[name] for name in ("energy", "forces", "stress"))
    assert [text.get(energy) for text in texts] == ["-1", None, None, "-1", "-1"]
    assert [text.get(f"not_used_{energy}") for text in texts] == [None, "nan", "inf", None, None]
    assert [text.has_column(forces) for text in texts] == [True, True, True, False, True]
    assert texts[3].has_column(f"not_used_{forces}")
    assert [text.get(stress) is None for text in texts] == [False] * 4 + [True]


def test_no_other_label_takes_the_place_of_one_that_is_not_finite(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text(FRAME.format(1).replace("dft_energy", "REF_energy=nan not_used_REF_energy=1 mace_energy"))
    text = keyed_content(load(path), np.array([0]), "file", MACE).bytes_of().decode()
    assert " not_used_not_used_REF_energy=nan not_used_REF_energy=1 mace_energy=-1.50" in text


@pytest.mark.parametrize(("frame", "missing"), [(1, "energy"), (2, "energy"), (3, "forces")])
def test_gpumd_refuses_labels_that_are_not_finite(tmp_path, frame, missing):
    with pytest.raises(ValueError, match=f"frame {frame}: expected lattice, .*, got no finite {missing}$"):
        keyed_content(bad_dataset(tmp_path), np.array([0, frame]), "file", GPUMD)


def test_gpumd_gets_no_virial_that_is_not_finite(tmp_path):
    for names in (NAMES, NAMES | {"stress": "virial"}):
        made = keyed_content(bad_dataset(tmp_path, names), np.array([0, 4]), "file", GPUMD)
        assert [FrameText.of(block).get("virial") is None for block in made.blocks] == [False, True]
        assert "1 frame without virial (frame 4)." in made.notes


def test_the_rank_is_written_beside_labels_as_they_are(tmp_path):
    dataset = bad_dataset(tmp_path)
    made = keyed_content(dataset, np.arange(5), "file", RANK, np.zeros(10, np.float32))
    assert b"dft_energy=nan" in made.blocks[1]
