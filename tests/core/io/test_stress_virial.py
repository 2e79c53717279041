"""Stresses and virials under the names of several programs, and files that contradict themselves."""

import numpy as np
import pytest

from quests_core import read
from quests_core.io.dataset import load
from quests_core.io.frame_keys import keyed_content
from quests_core.io.stress_virial import (
    as_matrix,
    contradict,
    frame_virial,
    is_contradicted,
    stress_and_virial,
)

# As GPUMD dumps a frame: the stress is the virial over the volume.
DUMPED = (
    '2\nTime=0.00000000 pbc="T T T" Lattice="4 0 0 0 5 0 0 0 6" energy=-3.5 '
    'virial="12 1 2 1 24 3 2 3 36" stress="{}" Properties=species:S:1:pos:R:3:forces:R:3\n'
    "Te 0.1 0.2 0.3 0.4 0.5 0.6\nPb 2.1 2.2 2.3 -0.4 -0.5 -0.6\n"
)
VIRIAL = np.array([[12.0, 1, 2], [1, 24, 3], [2, 3, 36]])
VOLUME = 120.0


def dumped(tmp_path, sign):
    path = tmp_path / "dump.xyz"
    path.write_text(DUMPED.format(" ".join(f"{value:.8f}" for value in (sign * VIRIAL / VOLUME).ravel())))
    return path


def test_a_dump_of_gpumd_contradicts_itself(tmp_path):
    (atoms,) = read(dumped(tmp_path, 1))
    assert is_contradicted(atoms)
    np.testing.assert_allclose(frame_virial(atoms), VIRIAL)
    (atoms,) = read(dumped(tmp_path, -1))
    assert not is_contradicted(atoms)
    np.testing.assert_allclose(frame_virial(atoms), VIRIAL)


@pytest.mark.parametrize("kind", ["mace", "nequip"])
def test_a_contradicted_stress_is_set_aside(kind, tmp_path):
    note = "1 frame (0) with a stress that is not −W/V of its virial W; the stress is written as not_used_…"
    for sign in (1, -1):
        dataset = load(dumped(tmp_path, sign))
        made = keyed_content(dataset, np.arange(1), "file", kind)
        text = made.bytes_of().decode()
        name = "REF_stress" if kind == "mace" else "stress"
        assert (f" {name}=" in text) == (sign < 0)
        assert ("not_used_stress=" in text) == (sign > 0)
        assert (note in made.notes) == (sign > 0)


def test_gpumd_gets_the_virial_of_its_dump(tmp_path):
    made = keyed_content(load(dumped(tmp_path, 1)), np.arange(1), "file", "gpumd")
    assert 'virial="12 1 2 1 24 3 2 3 36"' in made.bytes_of().decode()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"REF_stress": np.eye(3), "virial": np.eye(3)}, ("REF_stress", None)),
        ({"stress": np.eye(3), "virial": np.eye(3)}, ("stress", "virial")),
        ({"stress": "None", "virials": np.ones(9)}, (None, "virials")),
        ({"note": np.eye(3)}, (None, None)),
    ],
)
def test_names_of_higher_precedence_are_used(found, expected):
    assert stress_and_virial(found) == expected


def test_a_difference_by_rounding_is_no_contradiction(rng):
    virial = rng.normal(size=(3, 3))
    virial += virial.T
    stress = np.round(-virial / 1000.0, 6)
    assert not contradict(stress, virial, 1000.0)
    assert contradict(1.1 * stress, virial, 1000.0)
    assert not contradict(stress, virial, 0.0), "no volume"
    np.testing.assert_array_equal(as_matrix(virial), virial)


def test_a_virial_that_is_not_finite_is_none():
    broken = [*VIRIAL.ravel()[:-1], np.nan]
    found = {"REF_virial": broken, "mace_virial": VIRIAL, "REF_stress": -VIRIAL / VOLUME}
    assert stress_and_virial(found) == ("REF_stress", None)
    assert stress_and_virial({"REF_virial": broken, "mace_virial": VIRIAL}) == (None, None)
