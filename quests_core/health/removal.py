"""Which frames of the pairs that were found are removed, and why."""

from collections.abc import Sequence

from .near_pairs import Pair
from .thinning import Step

DUPLICATES, CONFLICTS, LEAKAGE, STEPS = "duplicates", "conflicts", "leakage", "steps"
_RELATIONS = {
    DUPLICATES: "repeats frame",
    CONFLICTS: "contradicts frame",
    LEAKAGE: "is test frame",
    STEPS: "small step from frame",
}


def removed_frames(kind: str, pairs: Sequence[Pair | Step]) -> set[int]:
    """Return the frames that removing a kind of pairs removes: both of a conflict, else the first.

    Parameters
    ----------
    kind : {"duplicates", "conflicts", "leakage", "steps"}
        What the pairs are.
    pairs : sequence of Pair or Step
        The pairs that were found.
    """
    return {frame for pair in pairs for frame in (pair[:2] if kind == CONFLICTS else pair[:1])}


def removal_reasons(kind: str, pairs: Sequence[Pair | Step]) -> dict[int, str]:
    """Return why each frame of `removed_frames` is removed, such as "duplicates: repeats frame 3"."""
    others: dict[int, list[int]] = {frame: [] for frame in sorted(removed_frames(kind, pairs))}
    for pair in pairs:
        others[pair.frame].append(pair.other)
        if kind == CONFLICTS:
            others[pair.other].append(pair.frame)
    return {
        frame: f"{kind}: {_RELATIONS[kind]} {', '.join(map(str, found))}" for frame, found in others.items()
    }
