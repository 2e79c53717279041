"""Tests of the choice of a test set."""

import numpy as np
import pytest
from ase import Atoms

import quests_core as q
from quests_core.potentials import hold_out
from tests.core.potentials.trained import label, labelled_frames


def test_random_depends_on_the_seed_alone():
    frames = labelled_frames()
    tests = [hold_out(frames, test_size=0.25, random_state=seed).test.tolist() for seed in (0, 0, 1)]
    assert tests[0] == tests[1] != tests[2]
    assert len(tests[0]) == 5


def test_parts_are_disjoint_and_complete():
    split = hold_out(labelled_frames(), test_size=6)
    assert sorted([*split.train, *split.test]) == list(range(20))
    assert (len(split.test), len(split.isolated)) == (6, 0)


@pytest.mark.parametrize(("size", "counts"), [(4, (1, 3)), (0.5, (3, 7)), (1, (0, 1))])
def test_stratified_draws_from_each_label_in_proportion(size, counts):
    frames = labelled_frames()
    for i, atoms in enumerate(frames):
        atoms.info["config_type"] = "rare" if i < 6 else "common"
    test = hold_out(frames, "stratified", test_size=size).test
    assert ((test < 6).sum(), (test >= 6).sum()) == counts


def test_whole_labels_are_out_of_distribution():
    frames = labelled_frames()
    split = hold_out(frames, "labels", test_labels=["hot"])
    assert split.test.tolist() == list(range(10, 20))
    for i, atoms in enumerate(frames):
        atoms.info["kind"] = "ab"[i % 2]
    assert hold_out(frames, "labels", test_labels="a", label_key="kind").test.tolist() == list(
        range(0, 20, 2)
    )


def test_highest_forces():
    frames = labelled_frames()
    largest = [np.linalg.norm(q.atoms_forces(atoms), axis=1).max() for atoms in frames]
    split = hold_out(frames, "highest_forces", test_size=5)
    assert set(split.test) == set(np.argsort(largest)[-5:])


def test_isolated_atoms_are_in_neither_part():
    frames = [label(Atoms("Cu", cell=[15] * 3, pbc=True)), *labelled_frames()]
    # An isolated atom needs no forces.
    frames[0].calc = None
    split = hold_out(frames, test_size=0.5)
    assert split.isolated.tolist() == [0]
    assert (len(split.train), len(split.test)) == (10, 10)
    with pytest.raises(ValueError, match="test: expected no isolated atoms, got frame 0"):
        hold_out(frames, [0, 3])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"test_size": 1.0}, "got none in the training part"),
        ({"test_size": 21}, "test_size: expected at most the number of frames, 20, got 21"),
        ({"test_size": 1.5}, "test_size: expected a fraction"),
        ({"test": []}, "got none in the test part"),
        ({"test": [20]}, "test: expected frames from 0 to 19, got 20"),
        ({"test": "labels"}, "test_labels: expected some of 'cold', 'hot', got 'none'"),
        (
            {"test": "labels", "test_labels": ["warm"]},
            "test_labels: expected some of 'cold', 'hot', got 'warm'",
        ),
        ({"label_key": "kind"}, "label_key: expected a key that a frame has"),
        ({"random_state": -1}, "random_state: expected an integer of at least 0"),
    ],
)
def test_bad_arguments(keys, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        hold_out(labelled_frames(), **keys)
    assert message in str(caught.value)
