"""Marks, and reading a file."""

import numpy as np
from ase.io import read as ase_read
from ase.io import write

from quests_app.analysis import parameters
from quests_app.analysis.parameters import Marks


def test_a_loaded_file_has_its_content(file, frames):
    dataset = parameters.load(file)
    assert dataset.name == "copper.xyz"
    assert dataset.elements == ("Cu",)
    assert dataset.labels == tuple(atoms.info["config_type"] for atoms in frames)
    assert dataset.locked == (0,)
    assert dataset.without_forces == ()
    expected = np.concatenate([np.linalg.norm(atoms.get_forces(), axis=1) for atoms in frames])
    np.testing.assert_allclose(dataset.forces, expected, rtol=1e-6)


def test_frames_without_forces_are_listed_and_ignored(frames, tmp_path):
    frames[3].calc = frames[7].calc = None
    path = tmp_path / "some.xyz"
    write(path, frames, format="extxyz")
    dataset = parameters.load(path)
    assert dataset.without_forces == (3, 7)
    assert dataset.has_forces
    assert np.isnan(dataset.forces).sum() == len(frames[3]) + len(frames[7])


def test_a_file_without_any_forces(frames, tmp_path):
    for atoms in frames:
        atoms.calc = None
    path = tmp_path / "none.xyz"
    write(path, frames, format="extxyz")
    assert not parameters.load(path).has_forces


def test_a_frame_has_one_mark_at_most():
    marks = parameters.Marks().lock([4, 1]).exclude([1, 2])
    assert marks == parameters.Marks(locked=(4,), excluded=(1, 2))
    assert marks.lock([2]) == parameters.Marks(locked=(2, 4), excluded=(1,))
    assert marks.clear([1, 4]) == parameters.Marks(excluded=(2,))


def test_the_demo_is_usable():
    from quests_app.session.controller import DEMO

    frames = ase_read(DEMO, index=":")
    dataset = parameters.load(DEMO)
    assert len(dataset.frames) == len(frames) >= 100
    assert dataset.without_forces == ()
    assert len(set(dataset.labels)) > 3
    assert len(dataset.locked) == dataset.labels.count("IsolatedAtom")


def test_isolated_atoms_are_locked_whatever_their_label(tmp_path):
    from ase import Atoms
    from ase.build import bulk

    frames = [bulk("Cu"), Atoms("Cu", cell=[12] * 3, pbc=True), Atoms("Cu"), bulk("Cu", cubic=True)]
    path = tmp_path / "alone.xyz"
    write(path, frames, format="extxyz")
    assert parameters.load(path).locked == (1, 2)


def test_reasons_follow_the_excluded_frames_and_do_not_make_marks_different():
    marks = Marks(locked=(1,)).exclude([2, 3], {2: "a", 3: "b"})
    marks = marks.exclude([2], {2: "c"}).exclude([2], {2: "c"})
    assert marks.reasons == {2: ("a", "c"), 3: ("b",)}
    assert marks == Marks((1,), (2, 3))
    assert hash(marks) == hash(Marks((1,), (2, 3)))
    assert repr(marks) == repr(Marks((1,), (2, 3))), "the key of stored results"
    assert marks.lock([3]).reasons == marks.clear([3]).reasons == {2: ("a", "c")}
    assert Marks((), (3,)).with_reasons_of(marks).reasons == {3: ("b",)}
    assert Marks().exclude([1], {1: "a", 4: "x"}).reasons == {1: ("a",)}
