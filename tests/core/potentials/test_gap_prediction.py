"""Tests of the program that predicts with a GAP: without quippy, its place is taken by EMT."""

import subprocess
import sys

import numpy as np
import pytest

from quests_core.io.frame_writer import frames_bytes
from quests_core.potentials import Predictions, gap_prediction
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


@pytest.mark.parametrize("output", ["out.npz", "out.xyz"])
def test_energies_and_forces_are_written(tmp_path, output):
    (tmp_path / "quippy").mkdir()
    (tmp_path / "quippy" / "__init__.py").touch()
    (tmp_path / "quippy" / "potential.py").write_text(QUIPPY)
    frames = labelled_frames(3)
    (tmp_path / "gap.xml").write_text("a potential")
    (tmp_path / "test.xyz").write_bytes(frames_bytes(frames))
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r}); "
        f"sys.argv = ['', 'gap.xml', 'test.xyz', {output!r}]; "
        f"runpy.run_path({gap_prediction.__file__!r}, run_name='__main__')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    if output == "out.npz":
        with np.load(tmp_path / output) as arrays:
            found = Predictions(arrays["energies"], arrays["forces"])
    else:
        found = read_predictions_file(tmp_path / output, frames)
    labels = reference_labels(frames)
    assert np.allclose(found.energies, labels.energies, rtol=0, atol=1e-7)
    assert np.allclose(found.forces, labels.forces, rtol=0, atol=1e-7)


def test_it_imports_nothing_of_the_package():
    code = (
        f"import runpy, sys; runpy.run_path({gap_prediction.__file__!r}); "
        "assert 'quests_core' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
