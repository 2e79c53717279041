"""Physics as shared assertions: what no descriptor may notice, and what each periodic axis must mean.

Every assertion takes `describe`, a function from `ase.Atoms` to an ``(n_atoms, d)`` array.
"""

import itertools

import numpy as np
from ase import Atoms
from scipy.stats import special_ortho_group

ALL_PBC = list(itertools.product([True, False], repeat=3))


def assert_close(actual, expected, message):
    """Compare to rounding, not to bits: the moved coordinates themselves are rounded."""
    np.testing.assert_allclose(actual, expected, rtol=1e-8, atol=1e-10, err_msg=message)


def assert_all(describe, atoms, rng):
    """Every assertion below that holds for whatever cell and periodic axes."""
    assert_rotation(describe, atoms, rng)
    assert_reflection(describe, atoms)
    assert_translation(describe, atoms, rng)
    assert_permutation(describe, atoms, rng)
    assert_wrapping(describe, atoms, rng)
    assert_axes_renamed(describe, atoms)
    assert_unphysical_vectors_ignored(describe, atoms, rng)
    if np.any(atoms.pbc):
        assert_left_handed(describe, atoms)
        assert_supercell(describe, atoms)
        assert_change_of_basis(describe, atoms, rng)


def assert_rotation(describe, atoms, rng):
    """Rotate positions and cell together."""
    rotation = special_ortho_group.rvs(3, random_state=rng)
    assert_close(describe(_mapped(atoms, rotation)), describe(atoms), "rotation")


def assert_reflection(describe, atoms):
    """Mirror positions and cell together: the cell turns left-handed, the distances stay."""
    assert_close(describe(_mapped(atoms, np.diag([1, 1, -1]))), describe(atoms), "reflection")


def assert_translation(describe, atoms, rng):
    """Move all atoms, a little and a thousand angstrom away; no atom is wrapped back."""
    for size in (1.0, 1e3):
        moved = atoms.copy()
        moved.positions += rng.normal(0, size, 3)
        assert_close(describe(moved), describe(atoms), f"translation by about {size} A")


def assert_permutation(describe, atoms, rng):
    """Rows follow their atoms."""
    order = rng.permutation(len(atoms))
    assert_close(describe(atoms[order]), describe(atoms)[order], "permutation of atoms")


def assert_wrapping(describe, atoms, rng):
    """Atoms outside the box, each by its own lattice vector, are the same atoms inside it."""
    scattered = atoms.copy()
    steps = rng.integers(-3, 4, (len(atoms), 3)) * atoms.pbc
    scattered.positions += steps @ atoms.cell.array
    assert_close(describe(scattered), describe(atoms), "atoms outside the box")


def assert_axes_renamed(describe, atoms):
    """Name the three lattice directions in another order."""
    for order in itertools.permutations(range(3)):
        renamed = atoms.copy()
        renamed.set_cell(atoms.cell.array[list(order)])
        renamed.pbc = atoms.pbc[list(order)]
        assert_close(describe(renamed), describe(atoms), f"lattice vectors in the order {order}")


def assert_unphysical_vectors_ignored(describe, atoms, rng):
    """Replace the vectors of axes that are not periodic: they say nothing, whatever they are."""
    if np.all(atoms.pbc):
        return
    for vectors in (np.zeros((3, 3)), 0.1 * np.eye(3), rng.normal(0, 5, (3, 3)), 1e4 * np.eye(3)):
        changed = atoms.copy()
        changed.set_cell(np.where(atoms.pbc[:, None], atoms.cell.array, vectors))
        assert_close(describe(changed), describe(atoms), "cell vectors of axes that are not periodic")


def assert_left_handed(describe, atoms):
    """Turn lattice vectors around: the handedness of the cell changes, the lattice does not."""
    for signs in itertools.product([1, -1], repeat=3):
        turned = atoms.copy()
        turned.set_cell(atoms.cell.array * np.where(atoms.pbc, signs, 1)[:, None])
        assert_close(describe(turned), describe(atoms), f"lattice vectors times {signs}")


def assert_supercell(describe, atoms):
    """Repeat the cell: the same environments come again."""
    for axis in np.flatnonzero(atoms.pbc):
        times = np.ones(3, int)
        times[axis] = 2
        repeated = atoms.repeat(tuple(times))
        expected = np.tile(describe(atoms), (2, 1))
        assert_close(describe(repeated), expected, f"supercell {tuple(times.tolist())}")


def assert_change_of_basis(describe, atoms, rng):
    """Any basis of the lattice describes the same crystal."""
    periodic = np.flatnonzero(atoms.pbc)
    for _ in range(3):
        basis = atoms.cell.array.copy()
        basis[periodic] = unimodular(len(periodic), rng) @ basis[periodic]
        changed = atoms.copy()
        changed.set_cell(basis)
        assert_close(describe(changed), describe(atoms), f"basis {basis.tolist()}")


def assert_explicit_images(describe, atoms, cutoff):
    """For each choice of periodic axes: a cluster cut from the repeated cell has the same centre."""
    for pbc in ALL_PBC:
        periodic = atoms.copy()
        periodic.pbc = pbc
        cluster = explicit_cluster(periodic, cutoff)
        assert_close(describe(periodic), describe(cluster)[: len(atoms)], f"explicit images of pbc {pbc}")


def explicit_cluster(atoms, cutoff):
    """Return `atoms` and every image atom near enough to count, as a molecule without a cell."""
    cell, positions = atoms.cell.array, atoms.positions
    reach = np.zeros(3, int)
    normals = np.linalg.pinv(cell[atoms.pbc]).T
    spread = np.ptp(positions @ normals.T, axis=0)
    reach[atoms.pbc] = np.ceil(cutoff * np.linalg.norm(normals, axis=1) + spread)
    images = [
        positions + np.array(n) @ cell
        for n in itertools.product(*(range(-r, r + 1) for r in reach))
        if any(n)
    ]
    symbols = list(atoms.symbols) * (len(images) + 1)
    return _near(Atoms(symbols, np.concatenate([positions, *images])), len(atoms), cutoff)


def unimodular(size, rng):
    """Return an integer matrix of determinant 1 or -1, made of a few shears and a swap."""
    matrix = rng.permutation(np.eye(size, dtype=int))
    for _ in range(2 if size > 1 else 0):
        i, j = rng.choice(size, 2, replace=False)
        matrix[i] += rng.choice([-2, -1, 1, 2]) * matrix[j]
    return matrix


def _mapped(atoms, matrix):
    mapped = atoms.copy()
    mapped.set_cell(atoms.cell.array @ matrix.T)
    mapped.positions = atoms.positions @ matrix.T
    return mapped


def _near(cluster, n_centre, cutoff):
    """Keep the first `n_centre` atoms and those within twice the cutoff of one of them, for speed."""
    centre = cluster.positions[:n_centre]
    distances = np.linalg.norm(cluster.positions[:, None] - centre, axis=2)
    near = distances.min(axis=1) <= 2 * cutoff
    near[:n_centre] = True
    return cluster[near]
