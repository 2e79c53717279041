r"""A descriptor that tells elements apart and keeps entropies comparable between compositions.

The multicomponent descriptor of `descriptors` describes an atom once with all atoms and once with those of
its own element. So distances, and with them H, grow with the number of elements: for a pure element by √2.
Here

.. math:: ‖x_i - x_j‖² = \frac{1}{2} ‖X_i - X_j‖² + \frac{1}{2} \sum_E ‖X_i^E - X_j^E‖²
    + s² \, [Z_i \ne Z_j]

with X the plain descriptor and X^E that of the same atom with only the atoms of element E around it. For a
pure element X^E = X for this element and 0 for all others: distances, and H, are those of the plain
descriptor. Elements that do not occur add nothing, so a list of elements may be as long as one likes; and
elements that change names change no distance.
"""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from ..environments import Environments
from ..progress import ProgressCallback
from ..utils.arrays import read_only
from ..utils.jit import jit
from ..utils.memory import check_fits
from ..utils.threads import parallel_blocks
from ..utils.validation import check_count, check_frames, check_not_negative, check_positive
from .cell_list import Grid, grid_of_frame
from .describe import check_species, descriptors
from .x1_x2 import describe_in_grid

_BLOCK_ATOMS = 500


@jit
def _only(grid, is_member):
    """Return a grid of the same atoms in which only some can be found as neighbours."""
    starts, members = grid.starts, grid.members
    kept = is_member[members]
    new_starts = np.zeros_like(starts)
    for b in range(starts.shape[0] - 1):
        new_starts[b + 1] = new_starts[b] + kept[starts[b] : starts[b + 1]].sum()
    n = new_starts[-1]
    new_members, new_positions = np.empty(n, np.int64), np.empty((3, n))
    place = 0
    for i in range(members.shape[0]):
        if kept[i]:
            new_members[place] = members[i]
            for c in range(3):
                new_positions[c, place] = grid.member_positions[c, i]
            place += 1
    return Grid(
        grid.status,
        grid.cell,
        grid.positions,
        grid.counts,
        grid.reach,
        grid.bins,
        new_starts,
        new_members,
        new_positions,
    )


@jit
def _describe_among(positions, cell, pbc, numbers, elements, k, cutoff, blocks):
    """Write the descriptors of all atoms of a frame among the atoms of each element; `blocks` start at 0."""
    if positions.shape[0] == 0:
        return
    grid = grid_of_frame(positions, cell, pbc, cutoff)
    for e in range(elements.shape[0]):
        is_member = numbers == elements[e]
        if is_member.any():
            describe_in_grid(_only(grid, is_member), pbc, k, cutoff, blocks[e])


def species_descriptors(
    frames: Sequence[Atoms],
    species: Sequence[str] | str = "auto",
    k: int = 32,
    cutoff: float = 5.0,
    separation: float = 0.15,
    progress: ProgressCallback | None = None,
) -> Environments:
    r"""Return descriptors that tell elements apart, with entropies comparable between compositions.

    Side by side: the plain descriptor of `descriptors`; for each element E in alphabetical order that of the
    same atom with only the E atoms around it; and for each element `separation` where the atom is one, else
    0. All are divided by √2. So

    * a pure element has the distances, and the entropy, of the plain descriptor at the same bandwidth;
    * elements in the list that do not occur change nothing, nor does another naming of the elements;
    * atoms of two elements are at least `separation` s apart: with s ≫ h none covers another, and

    .. math:: H = -\sum_E x_E \ln x_E + \sum_E x_E H_E

    with x_E the share of element E among the environments and H_E the entropy of those alone. The first
    term, the entropy of mixing, is known from the composition; H minus it is comparable between compositions.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Structures; positions and cells in Å.
    species : sequence of str or "auto"
        Chemical symbols; every element of the frames must be among them. "auto" takes the elements found:
        sets that are compared need the same list.
    k : int
        Number of nearest neighbours, at least 2, in each part.
    cutoff : float
        r_c, Å.
    separation : float
        s, Å⁻¹. The default is ten default bandwidths: e⁻⁵⁰ is all that one element covers of another.
        0 compares surroundings whatever the atom in the middle is.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    Environments
        ``(n_envs, (n_elements + 1)(2k - 1) + n_elements)``, Å⁻¹.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, as in `descriptors`, or an element is not in `species` (the
        message names the frame).

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
    # The rows, the blocks that they are joined from, and what `entropy` and `select` make of them.
    check_fits(
        6 * 8 * n_rows * n_columns,
        f"{n_rows:,} environments of {n_columns:,} numbers each",
        "take fewer frames or elements, or a smaller k",
    )
    plain = descriptors(frames, k, cutoff, progress=progress)
    elements = np.array([atomic_numbers[symbol] for symbol in symbols], dtype=np.int64)
    numbers = np.concatenate([np.empty(0, int), *(atoms.numbers for atoms in frames)]).astype(np.int64)
    unknown = ~np.isin(numbers, elements)
    if unknown.any():
        frame = plain.frame_index[np.argmax(unknown)]
        found = frames[frame].symbols[int(np.argmax(unknown) - plain.offsets[frame])]
        raise ValueError(
            f"species: expected every element of the frames, got no {found!r}, as in frame {frame}"
        )
    blocks = _blocks(frames, plain.offsets, numbers, elements, k, cutoff, progress)
    centers = separation * (numbers[:, None] == elements)
    X = np.hstack([plain.X, *blocks, centers]) * np.sqrt(0.5)
    return Environments(read_only(X, copy=False), plain.offsets)


def _blocks(frames, offsets, numbers, elements, k, cutoff, progress) -> np.ndarray:
    """Return the descriptors among each element; shape (n_elements, n_envs, 2k - 1)."""
    out = np.zeros((len(elements), offsets[-1], 2 * k - 1))

    def work(first: int, last: int) -> None:
        for i in range(first, last):
            rows, atoms = slice(offsets[i], offsets[i + 1]), frames[i]
            geometry = np.ascontiguousarray(atoms.positions), atoms.cell.array.astype(float), atoms.pbc
            _describe_among(*geometry, numbers[rows], elements, k, cutoff, out[:, rows])

    size = max(1, int(_BLOCK_ATOMS * len(frames) / max(offsets[-1], 1)))
    parallel_blocks(work, len(frames), size, "descriptors among elements", progress)
    return out
