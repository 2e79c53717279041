"""Tests of the program that predicts with a GAP: without quippy, its place is taken by EMT."""

import subprocess
import sys

import ase.io
import numpy as np
from ase import Atoms

from quests_core.io.frame_writer import frames_bytes
from quests_core.potentials import gap_prediction
from quests_core.potentials.labelled import reference_labels
from quests_core.potentials.prediction_file import read_predictions_file
from tests.core.potentials.trained import labelled_frames

# A package with the class that the program uses.
QUIPPY = """
from ase.calculators.emt import EMT

class Potential(EMT):
    def __init__(self, param_filename):
        assert open(param_filename).read() == "a potential"
        super().__init__()
"""


def test_energies_and_forces_are_written(tmp_path):
    (tmp_path / "quippy").mkdir()
    (tmp_path / "quippy" / "__init__.py").touch()
    (tmp_path / "quippy" / "potential.py").write_text(QUIPPY)
    frames = labelled_frames(3)
    (tmp_path / "gap.xml").write_text("a potential")
    (tmp_path / "test.xyz").write_bytes(frames_bytes(frames))
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r}); "
        f"sys.argv = ['', 'gap.xml', 'test.xyz', 'out.xyz']; "
        f"runpy.run_path({gap_prediction.__file__!r}, run_name='__main__')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    found = read_predictions_file(tmp_path / "out.xyz", frames)
    labels = reference_labels(frames)
    assert np.allclose(found.energies, labels.energies, rtol=0, atol=1e-7)
    assert np.allclose(found.forces, labels.forces, rtol=0, atol=1e-7)


def test_numbers_are_read_as_they_were(tmp_path):
    atoms = Atoms("CuAg", [[0, 0, 0], [0, 1 / 3, 2]], cell=[1 / 7, 2, 3], pbc=[True, False, True])
    forces = np.array([[1 / 3, np.nan, -1e-300], [np.inf, 0.0, 2.0]])
    for energy in (-1 / 7, np.nan):
        lines = "\n".join(gap_prediction.xyz_lines(atoms, np.float64(energy), forces))
        (tmp_path / "p.xyz").write_text(f"{lines}\n")
        found = read_predictions_file(tmp_path / "p.xyz", [atoms])
        np.testing.assert_array_equal(found.energies, [energy])
        np.testing.assert_array_equal(found.forces, forces)
        (read,) = ase.io.iread(tmp_path / "p.xyz", format="extxyz")
        np.testing.assert_array_equal(read.cell.array, atoms.cell.array)
        assert read.pbc.tolist() == atoms.pbc.tolist()


def test_it_imports_nothing_of_the_package():
    code = (
        f"import runpy, sys; runpy.run_path({gap_prediction.__file__!r}); "
        "assert 'quests_core' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
