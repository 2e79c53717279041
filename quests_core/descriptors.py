"""Descriptors of atomic environments: X1 and X2, their multicomponent form, or a user's function.

Ties at the k-th neighbour. Where k cuts a shell of equal distances, as in a perfect crystal, which of
its atoms are taken would be an accident of their order, and equivalent atoms would differ. Here all
``t`` tied atoms share the ``m`` places left: each counts with weight ``m / t``, and each pair of them
with the chance ``m (m - 1) / (t (t - 1))`` that both are among ``m`` drawn. Distances within
`TIE_TOLERANCE` of the k-th are tied. A sorted row becomes a step function in which a column is as
wide as its weight; rank ``i`` is its mean over ``[i, i + 1]``. Without a tie, all weights are 1 and
this is the published definition.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols

from ._numba import kernel, run_blocks
from ._validation import check_count, check_frames, check_positive
from .environments import Environments
from .neighbors import COINCIDENT, grid_of_frame, neighbors_of_atom
from .progress import ProgressCallback

# Å. Files hold coordinates to 1e-8 Å, so equal distances agree to a few of these.
TIE_TOLERANCE = 5e-8
_BLOCK_ATOMS = 1000


@kernel
def _smallest(squares, n, k, picked):
    """Write the indices of the k smallest of n values, smallest first; return how many there are."""
    kept = 0
    for i in range(n):
        value = squares[i]
        if kept == k and value >= squares[picked[kept - 1]]:
            continue
        place = kept if kept < k else k - 1
        kept = place + 1
        while place > 0 and squares[picked[place - 1]] > value:
            picked[place] = picked[place - 1]
            place -= 1
        picked[place] = i
    return kept


@kernel
def _share_tie(squares, n, k, picked, shared):
    """Let all atoms tied with the k-th neighbour share its shell's places.

    Returns ``(near, tied)``: the nearer neighbours, then the tied ones, stand in `shared`; with
    ``tied == 0`` k cuts no shell.
    """
    last = math.sqrt(squares[picked[k - 1]])
    inner, outer = max(last - TIE_TOLERANCE, 0.0) ** 2, (last + TIE_TOLERANCE) ** 2
    near = 0
    while squares[picked[near]] < inner:
        shared[near] = picked[near]
        near += 1
    tied = 0
    for i in range(n):
        if inner <= squares[i] <= outer:
            shared[near + tied] = i
            tied += 1
    return near, (0 if near + tied == k else tied)


@kernel
def _tied_x2(chosen, near, tied, vectors, root_weights, k, out):
    """Add X2 where k cuts a shell, by the weights of the module's docstring."""
    n = near + tied
    row = np.empty(n)
    share = (k - near) / tied
    for j in range(n):
        for place in range(n):
            row[place] = _pair_value(vectors, chosen[j], chosen[place], root_weights[j] * root_weights[place])
        row_weight = 1.0 if j < near else share
        pair_share = share if j < near else (k - near - 1) / max(tied - 1, 1)
        position = 0.0
        for column in np.argsort(-row):
            width = 1.0 if column < near or column == j else pair_share
            while width > 0.0 and position < k - 1:
                rank = int(position)
                step = min(width, rank + 1 - position)
                # What is left of a rank by rounding would never be used up.
                position = float(rank + 1) if rank + 1 - (position + step) < 1e-12 else position + step
                width -= step
                out[rank] += step * row_weight * row[column] / k


@kernel
def _pair_value(vectors, a, b, weight):
    """Return ``weight / r_ab``, 0 for an atom with itself."""
    square = 0.0
    for c in range(3):
        square += (vectors[a, c] - vectors[b, c]) ** 2
    # Coincident neighbours have no value here; the search from one of the two refuses the frame.
    return weight / math.sqrt(square) if square > 0.0 else 0.0


@kernel
def _plain_x2(chosen, n, vectors, root_weights, k, network, space, out):
    """Write X2: all rows of M are sorted at once, by a network that runs along them."""
    matrix, x, y, z = space
    for j in range(n):
        x[j], y[j], z[j] = vectors[chosen[j], 0], vectors[chosen[j], 1], vectors[chosen[j], 2]
    for place in range(n):
        for j in range(n):
            dx, dy, dz = x[j] - x[place], y[j] - y[place], z[j] - z[place]
            square = dx * dx + dy * dy + dz * dz
            weight = root_weights[j] * root_weights[place]
            matrix[place, j] = weight / math.sqrt(square) if square > 0.0 else 0.0
    for pair in range(network.shape[0]):
        a, b = network[pair, 0], network[pair, 1]
        # The ranks that have no neighbour are the last, and are sorted as they stand.
        if b >= n:
            continue
        for j in range(n):
            first, second = matrix[a, j], matrix[b, j]
            matrix[a, j] = max(first, second)
            matrix[b, j] = min(first, second)
    for rank in range(min(n, k - 1)):
        total = 0.0
        for j in range(n):
            total += matrix[rank, j]
        out[rank] = total / k


@kernel
def _describe_atom(n, vectors, squares, k, cutoff, picked, network, space, out):
    """Write X1 and X2 of an atom with n neighbours in its cutoff."""
    kept = _smallest(squares, n, k, picked)
    near, tied, chosen = kept, 0, picked
    if kept == k and n > k:
        shared = np.empty(n, np.int64)
        near, tied = _share_tie(squares, n, k, picked, shared)
        if tied:
            chosen = shared
        else:
            near = k
    root_weights = np.empty(near + tied)
    for place in range(near + tied):
        root_weights[place] = max(1.0 - squares[chosen[place]] / (cutoff * cutoff), 0.0)
    for rank in range(kept):
        square = squares[picked[rank]]
        out[rank] = max(1.0 - square / (cutoff * cutoff), 0.0) ** 2 / math.sqrt(square)
    if tied:
        _tied_x2(chosen, near, tied, vectors, root_weights, k, out[k:])
    else:
        _plain_x2(chosen, near, vectors, root_weights, k, network, space, out[k:])


@kernel
def _describe_frame(positions, cell, pbc, k, cutoff, network, out):
    """Write the descriptors of all atoms of one frame; return ``(status, atom, other atom)``."""
    if positions.shape[0] == 0:
        return 0, 0, 0
    grid = grid_of_frame(positions, cell, pbc, cutoff)
    if grid[0] != 0:
        return grid[0], 0, 0
    picked = np.empty(k, np.int64)
    vectors, squares = np.empty((256, 3)), np.empty(256)
    space = (np.empty((k, k)), np.empty(k), np.empty(k), np.empty(k))
    for i in range(positions.shape[0]):
        n, vectors, squares = neighbors_of_atom(i, grid, pbc, cutoff, vectors, squares)
        if n < 0:
            return COINCIDENT, i, -1 - n
        if n > 0:
            _describe_atom(n, vectors, squares, k, cutoff, picked, network, space, out[i])
    return 0, 0, 0


@kernel
def _describe_frames(positions, offsets, cells, pbcs, k, cutoff, network, first, last, out):
    """`_describe_frame` for a range of frames; stops at the first that cannot be described."""
    for frame in range(first, last):
        rows = slice(offsets[frame], offsets[frame + 1])
        status, atom, other = _describe_frame(
            positions[rows], cells[frame], pbcs[frame], k, cutoff, network, out[rows]
        )
        if status != 0:
            return status, frame, atom, other
    return 0, 0, 0, 0


@cache
def _sorting_network(n: int) -> np.ndarray:
    """Return the comparisons of Batcher's odd-even merge sort of n values, shape (n_pairs, 2)."""
    pairs = []
    run = 1
    while run < n:
        step = run
        while step >= 1:
            for start in range(step % run, n - step, 2 * step):
                stop = min(start + step, n - step)
                within = [i for i in range(start, stop) if i // (2 * run) == (i + step) // (2 * run)]
                pairs += [(i, i + step) for i in within]
            step //= 2
        run *= 2
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _default_descriptors(frames, k, cutoff, step, progress) -> np.ndarray:
    """Return X1 and X2 of all atoms of all frames, ``(n_envs, 2k - 1)``."""
    sizes = np.array([len(atoms) for atoms in frames], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    positions = np.concatenate([np.empty((0, 3)), *(atoms.positions for atoms in frames)])
    cells = np.array([atoms.cell.array for atoms in frames], dtype=np.float64).reshape(-1, 3, 3)
    pbcs = np.array([atoms.pbc for atoms in frames], dtype=bool).reshape(-1, 3)
    out, network = np.zeros((offsets[-1], 2 * k - 1)), _sorting_network(k)

    def work(first: int, last: int) -> None:
        status, frame, atom, other = _describe_frames(
            positions, offsets, cells, pbcs, k, cutoff, network, first, last, out
        )
        if status == COINCIDENT:
            raise ValueError(f"frame {frame}: atoms {atom} and {other} are at the same place")
        if status:
            raise ValueError(f"frame {frame}: the cell is too thin for a cutoff of {cutoff} Å")

    frames_per_block = max(1, int(_BLOCK_ATOMS * len(frames) / max(offsets[-1], 1)))
    run_blocks(work, len(frames), frames_per_block, step, progress)
    return out


def _multicomponent_descriptors(frames, k, cutoff, species, progress) -> np.ndarray:
    """Return the plain descriptor and, for each element, that of its atoms alone; side by side."""
    numbers = np.concatenate([np.empty(0, int), *(atoms.numbers for atoms in frames)])
    blocks = [_default_descriptors(frames, k, cutoff, "descriptors", progress)]
    for symbol in species:
        block = np.zeros_like(blocks[0])
        alone = [atoms[atoms.numbers == atomic_numbers[symbol]] for atoms in frames]
        block[numbers == atomic_numbers[symbol]] = _default_descriptors(
            alone, k, cutoff, f"descriptors of {symbol}", progress
        )
        blocks.append(block)
    return np.hstack(blocks)


def _user_descriptors(frames, descriptor_fn, progress) -> list[np.ndarray]:
    blocks = []
    for i, atoms in enumerate(frames):
        block = np.asarray(descriptor_fn(atoms), dtype=np.float64)
        expected = (len(atoms), blocks[0].shape[1] if blocks else "d")
        if block.ndim != 2 or len(block) != len(atoms) or (blocks and block.shape != expected):
            raise ValueError(
                f"descriptor_fn: expected shape {str(expected).replace(chr(39), '')} for frame {i}, "
                f"got {block.shape}"
            )
        blocks.append(block)
        if progress is not None:
            progress("descriptors", i + 1, len(frames))
    return blocks


def _check_species(species, frames) -> list[str]:
    if isinstance(species, str):
        if species != "auto":
            raise ValueError(f"species: expected None, 'auto' or a list of symbols, got {species!r}")
        return sorted({chemical_symbols[z] for atoms in frames for z in set(atoms.numbers.tolist())})
    unknown = [symbol for symbol in species if symbol not in atomic_numbers]
    if unknown:
        raise ValueError(f"species: expected chemical symbols, got {unknown[0]!r}")
    return sorted(set(species))


def descriptors(
    frames: Sequence[Atoms],
    k: int = 32,
    cutoff: float = 5.0,
    species: Sequence[str] | str | None = None,
    descriptor_fn: Callable[[Atoms], np.ndarray] | None = None,
    progress: ProgressCallback | None = None,
) -> Environments:
    r"""Return the descriptors of the environments of all atoms.

    With the cutoff weight :math:`w(r) = (1 - (r / r_c)^2)^2` for :math:`r \le r_c`, else 0:

    * X1, k values: :math:`w(r_{ij}) / r_{ij}` over the k nearest neighbours j of atom i, nearest
      first, zero-padded;
    * X2, k - 1 values: the rows of :math:`M_{jl} = \sqrt{w(r_{ij}) w(r_{il})} / r_{jl}` over those
      neighbours (diagonal 0), each sorted, averaged over the k rows at each rank, largest first, the
      smallest rank dropped.

    Any cell will do (skewed, left-handed, smaller than the cutoff), any mix of periodic axes, and
    none. Atoms tied for the k-th place share it, so that equivalent atoms agree: see the module's
    docstring.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Structures; positions and cells in Å.
    k : int
        Number of nearest neighbours, at least 2.
    cutoff : float
        r_c, Å.
    species : sequence of str or "auto", optional
        Chemical symbols for the multicomponent descriptor: the plain one, then for each element in
        alphabetical order the descriptor of its atoms in the structure without the others, zero for
        all other atoms. "auto" takes the elements found. By default elements are not told apart.
    descriptor_fn : callable, optional
        ``descriptor_fn(atoms)`` returns ``(n_atoms, d)`` numbers, in place of the above; k, cutoff
        and species are then not used.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    Environments
        ``(n_envs, 2k - 1)``, or ``(n_envs, (n_elements + 1)(2k - 1))`` with `species`; Å⁻¹.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; for coordinates that are not finite, coincident atoms or
        an unusable cell, the message names the frame.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0.

    Examples
    --------
    >>> from ase.build import bulk, molecule
    >>> envs = descriptors([bulk("Cu", a=3.58), molecule("CH3CH2OH")])
    >>> len(envs), envs.X.shape
    (2, (10, 63))
    >>> envs[0][0, [0, 12, 18]].round(5).tolist()  # the first three shells of copper
    [0.21847, 0.06634, 0.01217]
    """
    frames = check_frames(frames)
    k = check_count(k, "k", minimum=2)
    cutoff = check_positive(cutoff, "cutoff")
    if descriptor_fn is not None:
        return Environments.from_frames(_user_descriptors(frames, descriptor_fn, progress))
    if species is None:
        X = _default_descriptors(frames, k, cutoff, "descriptors", progress)
    else:
        X = _multicomponent_descriptors(frames, k, cutoff, _check_species(species, frames), progress)
    return Environments(X, np.concatenate([[0], np.cumsum([len(a) for a in frames], dtype=np.int64)]))
