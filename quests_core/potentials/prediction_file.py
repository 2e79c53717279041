"""Read the energies and forces that another program has predicted, from extended XYZ."""

from collections.abc import Sequence
from pathlib import Path

import ase.io
from ase import Atoms

from ..io.labels import atoms_forces
from ..utils.escape import one_line
from .labelled import reference_labels
from .stored import stored_predictions
from .trainer import Predictions, TrainingError

PREDICTIONS = "predictions.xyz"


def read_predictions_file(path: Path, frames: Sequence[Atoms]) -> Predictions:
    r"""Return what a file predicts for some frames, in their order.

    These are the only ones that `stored_predictions` finds, such as ``MACE_energy`` and ``MACE_forces``, or
    the labels of the frames, ``energy`` and ``forces``.

    Parameters
    ----------
    path : Path
        A file in extended XYZ: energies in eV, forces in eV/Å.
    frames : sequence of ase.Atoms
        The frames that were to be predicted.

    Raises
    ------
    TrainingError
        If the file cannot be read, or has other frames, or lacks forces, or has predictions of several
        potentials.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "predictions.xyz")
    >>> _ = path.write_text("1\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1.5\nCu 0 0 0 0 0 0.5\n")
    >>> read_predictions_file(path, [Atoms("Cu")]).forces.tolist()
    [[0.0, 0.0, 0.5]]
    """
    try:
        found = list(ase.io.iread(path, format="extxyz"))
    except Exception as error:
        raise TrainingError(f"{path.name}: {one_line(str(error))}") from error
    if [atoms.numbers.tolist() for atoms in found] != [atoms.numbers.tolist() for atoms in frames]:
        raise TrainingError(
            f"{path.name}: expected the atoms of the {len(frames)} test frames, in their order, "
            f"got {len(found)} frames"
        )
    named = stored_predictions(found)
    if len(named) > 1:
        raise TrainingError(f"{path.name}: expected the predictions of one potential, got {', '.join(named)}")
    if named:
        return next(iter(named.values()))
    if any(atoms_forces(atoms) is None for atoms in found):
        raise TrainingError(f"{path.name}: expected forces in each frame, got none in some")
    return reference_labels(found)
