r"""A descriptor that distinguishes elements, with entropies comparable between compositions.

The multicomponent descriptor of `descriptors` describes an atom once among all atoms and once among those of
its own element. Distances, and therefore H, thus depend on the number of elements: for a pure element,
distances increase by √2. Here

.. math:: ‖x_i - x_j‖² = \frac{1}{2} ‖X_i - X_j‖² + \frac{1}{2} \sum_E ‖X_i^E - X_j^E‖²
    + s² \, [Z_i \ne Z_j]

with the plain descriptor X and the descriptor X^E of the same atom among the atoms of element E only. For a
pure element, X^E equals X for this element and 0 for all others: distances, and H, are those of the plain
descriptor. Elements that do not occur contribute nothing, so the list of elements may contain any others.
Exchanging the names of elements changes no distance.
"""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from ..environments import Environments
from ..progress import ProgressCallback
from ..utils.arrays import read_only
from ..utils.memory import check_fits
from ..utils.threads import parallel_blocks
from ..utils.validation import check_count, check_frames, check_not_negative, check_positive
from .among_elements import describe_among
from .describe import check_species, descriptors

_BLOCK_ATOMS = 500


def species_descriptors(
    frames: Sequence[Atoms],
    species: Sequence[str] | str = "auto",
    k: int = 32,
    cutoff: float = 5.0,
    separation: float = 0.15,
    progress: ProgressCallback | None = None,
) -> Environments:
    r"""Return descriptors that distinguish elements, with entropies comparable between compositions.

    Concatenated are the plain descriptor of `descriptors`; for each element E in alphabetical order, the
    descriptor of the same atom among E atoms only; and for each element, `separation` if the atom is of this
    element, otherwise 0. The result is divided by √2. Therefore

    * a pure element has the distances, and the entropy, of the plain descriptor at the same bandwidth;
    * elements in the list that do not occur change nothing, nor does exchanging the names of elements;
    * atoms of different elements are at least `separation` s apart: for s ≫ h none covers another, and

    .. math:: H = -\sum_E x_E \ln x_E + \sum_E x_E H_E

    with the fraction x_E of element E among the environments and the entropy H_E of its environments alone.
    The first term, the entropy of mixing, is known from the composition; the second one is comparable between
    compositions.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Structures; positions and cells in Å.
    species : sequence of str or "auto"
        Chemical symbols, including every element of the frames. "auto" uses the elements of the frames; sets
        that are compared need the same list.
    k : int
        Number of nearest neighbours, at least 2, in each part.
    cutoff : float
        r_c, Å.
    separation : float
        s, Å⁻¹. By default ten default bandwidths, where the kernel between different elements is at most
        e⁻⁵⁰. With 0, environments are compared regardless of the central atom.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    Environments
        Descriptors of shape ``(n_envs, (n_elements + 1)(2k - 1) + n_elements)``, Å⁻¹.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, as in `descriptors`, or an element is not in `species`; the message names
        the frame.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from quests_core import entropy
    >>> frames = [bulk("Cu", a=a) for a in (3.5, 3.6, 3.7)]
    >>> plain, aware = descriptors(frames), species_descriptors(frames, ["Ag", "Cu", "Pd"])
    >>> aware.X.shape, round(entropy(plain), 4) == round(entropy(aware), 4)
    ((3, 255), True)
    """
    frames = check_frames(frames)
    k, cutoff = check_count(k, "k", minimum=2), check_positive(cutoff, "cutoff")
    separation = check_not_negative(separation, "separation")
    symbols = check_species(species, frames)
    n_rows, n_columns = sum(map(len, frames)), (2 * k - 1) * (1 + len(symbols)) + len(symbols)
    # The rows, the blocks that they are concatenated from, and the copies that `entropy` and `select` need.
    check_fits(
        6 * 8 * n_rows * n_columns,
        f"{n_rows:,} environments of {n_columns:,} numbers each",
        "use fewer frames or elements, or a smaller k",
    )
    plain = descriptors(frames, k, cutoff, progress=progress)
    elements = np.array([atomic_numbers[symbol] for symbol in symbols], dtype=np.int64)
    numbers = np.concatenate([np.empty(0, int), *(atoms.numbers for atoms in frames)]).astype(np.int64)
    unknown = ~np.isin(numbers, elements)
    if unknown.any():
        frame = plain.frame_index[np.argmax(unknown)]
        found = frames[frame].symbols[int(np.argmax(unknown) - plain.offsets[frame])]
        raise ValueError(
            f"species: expected every element of the frames, got none for {found!r} in frame {frame}"
        )
    blocks = _blocks(frames, plain.offsets, numbers, elements, k, cutoff, progress)
    centers = separation * (numbers[:, None] == elements)
    X = np.hstack([plain.X, *blocks, centers]) * np.sqrt(0.5)
    return Environments(read_only(X, copy=False), plain.offsets)


def _blocks(frames, offsets, numbers, elements, k, cutoff, progress) -> np.ndarray:
    """Return the descriptors among the atoms of each element; shape (n_elements, n_envs, 2k - 1)."""
    out = np.zeros((len(elements), offsets[-1], 2 * k - 1))

    def work(first: int, last: int) -> None:
        for i in range(first, last):
            rows, atoms = slice(offsets[i], offsets[i + 1]), frames[i]
            geometry = np.ascontiguousarray(atoms.positions), atoms.cell.array.astype(float), atoms.pbc
            # A contiguous array, for which the functions of `descriptors` are compiled already.
            found = np.zeros((len(elements), len(atoms), 2 * k - 1))
            describe_among(*geometry, numbers[rows], elements, k, cutoff, found)
            out[:, rows] = found

    size = max(1, int(_BLOCK_ATOMS * len(frames) / max(offsets[-1], 1)))
    parallel_blocks(work, len(frames), size, "descriptors among elements", progress)
    return out
