"""Predict energies and forces with a GAP: ``python gap_prediction.py GAP_FILE FRAMES OUTPUT``.

Run as a program of its own, because an error in QUIP may end the process. Imports nothing of this package,
which would take longer than most predictions.
"""

import sys

import ase
import ase.io
import numpy as np


def main(gap_file: str, frames: str, output: str) -> None:
    """Write energies and forces for all frames of a file, as arrays (.npz) or as extended XYZ."""
    from quippy.potential import Potential

    potential = Potential(param_filename=gap_file)
    energies, forces, predicted = [], [np.empty((0, 3))], []
    for atoms in ase.io.iread(frames, format="extxyz"):
        atoms.calc = potential
        energies.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
        predicted.append(ase.Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc))
        predicted[-1].info["energy"], predicted[-1].arrays["forces"] = energies[-1], forces[-1]
    if output.endswith(".xyz"):
        ase.io.write(output, predicted, format="extxyz")
        return
    np.savez(output, energies=np.array(energies), forces=np.concatenate(forces))


if __name__ == "__main__":
    main(*sys.argv[1:])
