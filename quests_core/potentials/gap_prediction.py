"""Predict energies and forces with a GAP: ``python gap_prediction.py GAP_FILE FRAMES OUTPUT``.

Run as a program of its own, because an error in QUIP may end the process. Imports nothing of this package,
which would take longer than most predictions.
"""

import sys
from collections.abc import Iterator

import ase.io
import numpy as np
from ase import Atoms


def main(gap_file: str, frames: str, output: str) -> None:
    """Write energies and forces for all frames of a file as extended XYZ."""
    from quippy.potential import Potential

    potential = Potential(param_filename=gap_file)
    with open(output, "w", encoding="utf-8") as file:
        for atoms in ase.io.iread(frames, format="extxyz"):
            atoms.calc = potential
            lines = xyz_lines(atoms, atoms.get_potential_energy(), atoms.get_forces())
            file.writelines(f"{line}\n" for line in lines)


def xyz_lines(atoms: Atoms, energy: float, forces: np.ndarray) -> Iterator[str]:
    """Yield the lines of a frame, with numbers in full precision, which ASE does not write."""
    lattice = " ".join(map(repr, atoms.cell.array.ravel().tolist()))
    pbc = " ".join("FT"[int(one)] for one in atoms.pbc)
    yield str(len(atoms))
    yield (
        f'Lattice="{lattice}" Properties=species:S:1:pos:R:3:forces:R:3 energy={float(energy)!r} pbc="{pbc}"'
    )
    columns = np.hstack([atoms.positions, forces]).tolist()
    for symbol, numbers in zip(atoms.symbols, columns, strict=True):
        yield " ".join([symbol, *map(repr, numbers)])


if __name__ == "__main__":
    main(*sys.argv[1:])
