"""Files that block their reader: endless, quadratic, or not regular."""

import os
from pathlib import Path

import numpy as np

ENDLESS = (
    "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n999999999\nITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\n"
    "ITEM: ATOMS id type x y z\n1 1 0 0 0\n"
)
_LATTICE = 'Lattice="3 0 0 0 3 0 0 0 3" Properties=species:S:1:pos:R:3'
_ATOMS = "Cu 0 0 0\nCu 1.5 1.5 1.5\n"
GOOD = f"2\n{_LATTICE}\n{_ATOMS}" * 3
# Each took seconds or minutes when comments were parsed in quadratic time.
COMMENTS = {
    "blanks": f"{_LATTICE} note={' ' * 30_000}x",
    "keys": _LATTICE + "".join(f" k{i}={i}" for i in range(20_000)),
    "braces": f"{_LATTICE} note=" + "{" * 24_000,
    "quotes": f"{_LATTICE} note=" + '"\\' * 12_000,
}


def cif_of_operations(n_operations: int, n_positions: int = 1) -> str:
    """Return a CIF with `n_operations` images of each position, all compared with each other."""
    shifts = np.random.default_rng(11).random((n_operations, 3)).round(4)
    symmetry = "\n".join(f"'x+{a},y+{b},z+{c}'" for a, b, c in shifts)
    atoms = "\n".join(f"Cu{i} Cu 0 0 {i / n_positions:.6f}" for i in range(n_positions))
    return (
        "data_a\n_cell_length_a 9\n_cell_length_b 9\n_cell_length_c 9\n_cell_angle_alpha 90\n"
        "_cell_angle_beta 90\n_cell_angle_gamma 90\n_symmetry_space_group_name_H-M 'P 1'\n"
        f"loop_\n_symmetry_equiv_pos_as_xyz\n{symmetry}\n"
        "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n"
        f"_atom_site_fract_z\n{atoms}\n"
    )


def write_files(folder: Path) -> None:
    """Write all of them and ``good.xyz`` into a folder."""
    for name in ("fifo.xyz", "fifo.cif", "fifo"):
        os.mkfifo(folder / name)
    (folder / "link.xyz").symlink_to("/dev/zero")
    (folder / "endless.lammpsdump").write_text(ENDLESS)
    (folder / "endless.cif").write_text(cif_of_operations(100_000))
    (folder / "good.xyz").write_text(GOOD)
    for name, comment in COMMENTS.items():
        (folder / f"{name}.xyz").write_text(f"2\n{comment}\n{_ATOMS}")
