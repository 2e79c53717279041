"""Subsets with keys of a program; `tests/app/exports/test_frame_keys.py` tests them on many files."""

import numpy as np
import pytest

from quests_core import descriptors, read
from quests_core.io.dataset import load
from quests_core.io.frame_keys import RANK, SOURCE, keyed_content
from quests_core.io.program_keys import MACE, NEQUIP

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
