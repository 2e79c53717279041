"""Choose frames by their chemical elements."""

from collections.abc import Iterable, Sequence

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

ALL, ANY, ONLY = "all", "any", "only"
MATCHES = (ALL, ANY, ONLY)


def parse_elements(text: str) -> tuple[str, ...]:
    """Return the symbols in a list of elements, without repetition.

    Raises
    ------
    ValueError
        If a word is not the symbol of an element.

    Examples
    --------
    >>> parse_elements("Fe, O")
    ('Fe', 'O')
    """
    symbols = tuple(dict.fromkeys(text.replace(",", " ").split()))
    for symbol in symbols:
        if not atomic_numbers.get(symbol):
            raise ValueError(f"elements: expected symbols such as Fe,O, got {symbol!r}")
    if not symbols:
        raise ValueError("elements: expected symbols such as Fe,O, got none")
    return symbols


def elements_of(frames: Iterable[Atoms]) -> tuple[str, ...]:
    """Return the elements of all frames, sorted by symbol."""
    return tuple(sorted({symbol for atoms in frames for symbol in atoms.symbols.species()}))


def frames_with_elements(frames: Sequence[Atoms], elements: Iterable[str], match: str = ONLY) -> np.ndarray:
    """Return the frames whose elements match a list.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        The frames.
    elements : iterable of str
        Chemical symbols.
    match : {"only", "any", "all"}
        ``"only"``: the frame has no other element; ``"any"``: it has at least one of them; ``"all"``: it has
        every one of them, and possibly others.

    Returns
    -------
    ndarray of int
        Their indices, ascending.

    Examples
    --------
    >>> frames = [Atoms("Fe"), Atoms("FeO"), Atoms("FeOH"), Atoms("Cu")]
    >>> for match in ("only", "any", "all"):
    ...     print(match, frames_with_elements(frames, ["Fe", "O"], match).tolist())
    only [0, 1]
    any [0, 1, 2]
    all [1, 2]
    """
    if match not in MATCHES:
        raise ValueError(f"match: expected one of {', '.join(MATCHES)}, got {match!r}")
    asked = set(elements)
    matches = {ALL: asked.issubset, ANY: lambda own: not asked.isdisjoint(own), ONLY: asked.issuperset}[match]
    return np.array([i for i, atoms in enumerate(frames) if matches(atoms.symbols.species())], dtype=np.int64)


def frames_with_numbers(
    numbers: np.ndarray, offsets: np.ndarray, elements: Iterable[str], match: str = ONLY
) -> np.ndarray:
    """Return the frames whose elements match a list, as `frames_with_elements`, from atomic numbers.

    Parameters
    ----------
    numbers : ndarray of shape (n_atoms,)
        Atomic number of each atom of all frames.
    offsets : ndarray of shape (n_frames + 1,)
        First atom of each frame, none of which is empty, and the number of atoms.
    elements, match
        See `frames_with_elements`.

    Examples
    --------
    >>> frames_with_numbers(np.array([26, 8, 29]), np.array([0, 2, 3]), ["Fe", "O"]).tolist()
    [0]
    """
    if match not in MATCHES:
        raise ValueError(f"match: expected one of {', '.join(MATCHES)}, got {match!r}")
    asked = [atomic_numbers[symbol] for symbol in elements]
    starts = offsets[:-1]
    if match == ALL:
        matches = np.logical_and.reduce([np.logical_or.reduceat(numbers == z, starts) for z in asked])
    else:
        combine = np.logical_and if match == ONLY else np.logical_or
        matches = combine.reduceat(np.isin(numbers, asked), starts)
    return np.flatnonzero(matches)
