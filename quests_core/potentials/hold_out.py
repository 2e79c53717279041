"""Hold out frames as a test set: at random, by label, or out of distribution."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from ..io.isolated import isolated_frames, labels_of
from ..utils.arrays import Indices
from ..utils.validation import check_choice, check_count, check_frame_indices, check_frames, check_n_to_select
from .labelled import check_labelled, frame_forces

TESTS = ("random", "stratified", "labels", "highest_forces")


@dataclass(frozen=True, eq=False)
class Split:
    """Frame numbers of the training part, of the test set and of isolated atoms, which are in neither.

    Attributes
    ----------
    train, test, isolated : ndarray of int
        Frame numbers in increasing order.
    """

    train: np.ndarray
    test: np.ndarray
    isolated: np.ndarray


def hold_out(
    frames: Sequence[Atoms],
    test: str | Indices = "random",
    test_size: int | float = 0.2,
    test_labels: Sequence[str] = (),
    label_key: str | None = None,
    random_state: int = 0,
) -> Split:
    """Divide frames into a training part and a test set.

    ================== =============================================================================
    ``random``         frames drawn uniformly
    ``stratified``     frames drawn from each label in proportion to its number of frames
    ``labels``         all frames of `test_labels`: out of distribution
    ``highest_forces`` the frames with the largest force on an atom: out of distribution
    ================== =============================================================================

    Isolated atoms, which are energy references, belong to neither part.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Frames with forces.
    test : str or sequence of int
        One of the names above, or the frame numbers of the test set.
    test_size : int or float
        Number of test frames, or their fraction of the frames that are not isolated atoms; ignored for
        ``labels`` and given frame numbers.
    test_labels : sequence of str
        Labels to hold out, for ``labels`` only.
    label_key : str, optional
        Key of the label in ``info``, instead of ``config_type``.
    random_state : int
        Seed of ``random`` and ``stratified``.

    Returns
    -------
    Split
        Frame numbers of both parts.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, a frame lacks forces, a part has no frames, or the test set has an element
        that the training part lacks.

    Examples
    --------
    >>> from ase.build import bulk
    >>> frames = [bulk("Cu") for _ in range(5)]
    >>> for i, atoms in enumerate(frames):
    ...     atoms.arrays["forces"] = np.full((1, 3), float(i))
    >>> split = hold_out(frames, "highest_forces", test_size=2)
    >>> split.train.tolist(), split.test.tolist()
    ([0, 1, 2], [3, 4])
    """
    frames = check_frames(frames)
    labels = np.array(labels_of(frames, label_key), dtype=object)
    isolated = np.array(isolated_frames(frames, label_key), dtype=np.int64)
    usable = np.setdiff1d(np.arange(len(frames)), isolated)
    check_labelled(frames, usable)
    if len(usable) < 2:
        raise ValueError(f"frames: expected at least 2 that are not isolated atoms, got {len(usable)}")
    if isinstance(test, str):
        rng = np.random.default_rng(check_count(random_state, "random_state", minimum=0))
        held_out = _held_out(frames, usable, labels, test, test_size, test_labels, rng)
    else:
        held_out = np.unique(check_frame_indices(test, len(frames), "test"))
        if len(alone := np.intersect1d(held_out, isolated)):
            raise ValueError(f"test: expected no isolated atoms, got frame {alone[0]}")
    split = Split(np.setdiff1d(usable, held_out), held_out, isolated)
    _check_parts(frames, split)
    return split


def _held_out(frames, usable, labels, test, test_size, test_labels, rng) -> np.ndarray:
    """Return the sorted frame numbers of a test set given by name."""
    check_choice(test, "test", TESTS)
    if test == "labels":
        return _labelled_frames(usable, labels, test_labels)
    count = check_n_to_select(test_size, len(usable), "test_size")
    if test == "random":
        return np.sort(rng.choice(usable, count, replace=False))
    if test == "highest_forces":
        largest = [np.linalg.norm(frame_forces(frames[i]), axis=1).max() for i in usable]
        return np.sort(usable[np.argsort(-np.array(largest), kind="stable")[:count]])
    return _stratified(usable, labels, count, rng)


def _labelled_frames(usable: np.ndarray, labels: np.ndarray, test_labels: Sequence[str]) -> np.ndarray:
    present = sorted(set(labels[usable]))
    given = [test_labels] if isinstance(test_labels, str) else list(test_labels)
    unknown = [label for label in given if label not in present]
    if unknown or not given:
        raise ValueError(
            f"test_labels: expected some of {', '.join(map(repr, present))[:200]}, "
            f"got {unknown[0] if unknown else 'none'!r}"
        )
    return usable[np.isin(labels[usable], given)]


def _stratified(usable: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw frames from each label in proportion; what is left over goes to the largest remainders."""
    names, members = np.unique(labels[usable].astype(str), return_inverse=True)
    shares = count * np.bincount(members) / len(usable)
    counts = np.floor(shares + 1e-9).astype(int)
    for i in np.argsort(counts - shares, kind="stable")[: count - counts.sum()]:
        counts[i] += 1
    drawn = [rng.choice(usable[members == i], counts[i], replace=False) for i in range(len(names))]
    return np.sort(np.concatenate(drawn))


def _check_parts(frames: Sequence[Atoms], split: Split) -> None:
    for name, part in (("test", split.test), ("training", split.train)):
        if not len(part):
            raise ValueError(f"test: expected at least 1 frame in each part, got none in the {name} part")
    known, asked = ({s for i in part for s in frames[i].symbols} for part in (split.train, split.test))
    if missing := sorted(asked - known):
        raise ValueError(
            f"test: expected only elements of the training part in the test set, got {', '.join(missing)}"
        )
