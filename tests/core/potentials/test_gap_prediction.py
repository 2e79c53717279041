"""Tests of the program that predicts with a GAP: without quippy, its place is taken by EMT."""

import subprocess
import sys

import numpy as np

from quests_core.io.frame_writer import frames_bytes
from quests_core.potentials import gap_prediction
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
        f"sys.argv = ['', 'gap.xml', 'test.xyz', 'out.npz']; "
        f"runpy.run_path({gap_prediction.__file__!r}, run_name='__main__')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    with np.load(tmp_path / "out.npz") as found:
        expected = [atoms.calc.results["energy"] for atoms in frames]
        assert np.allclose(found["energies"], expected, rtol=0, atol=1e-9)
        assert found["forces"].shape == (12, 3)


def test_it_imports_nothing_of_the_package():
    code = (
        f"import runpy, sys; runpy.run_path({gap_prediction.__file__!r}); "
        "assert 'quests_core' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
