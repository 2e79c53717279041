"""Inputs for training elsewhere, such as on a cluster, and the comparison of what was predicted there."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ase import Atoms

from ..utils.arrays import Indices
from .compare import compare_potentials
from .prediction_file import PREDICTIONS, read_predictions_file
from .result import PotentialComparison
from .subsets import Orders
from .trainer import Predict, Predictions, Trainer, TrainerMissing
from .trainers import as_trainer

SCRIPT = "run.sh"


class ProgramTrainer(Trainer, Protocol):
    """A trainer that runs programs, which can also be run elsewhere."""

    def write_training(
        self, frames: Sequence[Atoms], atom_energies: Mapping[str, float], folder: Path, seed: int
    ) -> list[str]:
        """Write the training set to a folder, and return the command that trains there."""
        ...

    def write_test(self, frames: Sequence[Atoms], folder: Path) -> list[str]:
        """Write the test set to a folder, and return the command that writes ``predictions.xyz`` there."""
        ...


def write_training_inputs(
    frames: Sequence[Atoms],
    orders: Orders | str,
    sizes: Sequence[int | float],
    trainer: str | ProgramTrainer,
    folder: str | Path,
    test: str | Indices = "random",
    seeds: Sequence[int] = (0, 1, 2),
    **options: Any,
) -> list[Path]:
    """Write what `compare_potentials` would train, to be trained elsewhere.

    Each potential has a folder with ``train.xyz``, ``test.xyz`` and a shell script ``run.sh``, which trains,
    and writes ``predictions.xyz``. Copy the folders to where the programs are, run the scripts, copy the
    folders back, and call `read_predictions`.

    Parameters
    ----------
    frames, orders, sizes, test, seeds, **options : optional
        See `compare_potentials`.
    trainer : str or ProgramTrainer
        "gap", "mace", or an object such as ``MACE(device="cuda")``. Its programs need not be installed here.
    folder : path-like
        An empty folder, or one that does not exist.

    Returns
    -------
    list of pathlib.Path
        The folders of the potentials.

    Raises
    ------
    TypeError, ValueError
        As `compare_potentials`, or if the folder is not empty, or the trainer runs no programs.

    Examples
    --------
    >>> import tempfile
    >>> from ase.build import bulk
    >>> frames = []
    >>> for i in range(10):
    ...     atoms = bulk("Cu", cubic=True)
    ...     atoms.rattle(0.1, seed=i)
    ...     atoms.arrays["forces"] = -atoms.positions
    ...     frames.append(atoms)
    >>> folder = tempfile.mkdtemp()
    >>> (path,) = write_training_inputs(frames, "msc", [0.5], "mace", folder, seeds=[0])
    >>> sorted(file.name for file in path.iterdir())
    ['run.sh', 'test.xyz', 'train.xyz']
    """
    path = Path(folder)
    if path.exists() and any(path.iterdir()):
        raise ValueError(f"folder: expected an empty folder, got {str(folder)!r}")
    program = as_trainer(trainer)
    if not hasattr(program, "write_training"):
        raise TypeError(
            f"trainer: expected one that runs programs, as 'gap' and 'mace' do, got {program.name!r}"
        )
    compare_potentials(frames, orders, sizes, _Writer(program), test, seeds, folder=path, **options)
    return sorted(script.parent for script in path.glob(f"*/{SCRIPT}"))


def read_predictions(
    frames: Sequence[Atoms],
    orders: Orders | str,
    sizes: Sequence[int | float],
    trainer: str | ProgramTrainer,
    folder: str | Path,
    test: str | Indices = "random",
    seeds: Sequence[int] = (0, 1, 2),
    **options: Any,
) -> PotentialComparison:
    """Compare the predictions of potentials that were trained elsewhere.

    Parameters
    ----------
    frames, orders, sizes, trainer, test, seeds, **options : optional
        Exactly those of `write_training_inputs`.
    folder : path-like
        The folder that it has written, with ``predictions.xyz`` in the folders of the potentials: frames in
        the order of ``test.xyz``, with ``energy`` and ``forces``, or ``MACE_energy`` and ``MACE_forces``.

    Returns
    -------
    PotentialComparison
        As that of `compare_potentials`. The status of potentials without predictions is "missing".

    Raises
    ------
    TypeError, ValueError
        As `compare_potentials`, or if there is no such folder.
    """
    path = Path(folder)
    if not path.is_dir():
        raise ValueError(f"folder: expected a folder of write_training_inputs, got {str(folder)!r}")
    return compare_potentials(
        frames, orders, sizes, _Reader(as_trainer(trainer), path), test, seeds, **options
    )


class _Elsewhere:
    """Stands for a trainer whose programs are not run here: versions of them are not known."""

    def __init__(self, trainer: Any):
        self.trainer, self.name = trainer, trainer.name
        self.parameters = {
            name: value for name, value in trainer.parameters.items() if hasattr(trainer, name)
        }


class _Writer(_Elsewhere):
    """Writes inputs instead of training."""

    def train(
        self,
        frames: Sequence[Atoms],
        atom_energies: Mapping[str, float],
        folder: Path,
        seed: int,
        check: Callable[[], None],
    ) -> Predict:
        """Write the training set, and return a function that writes the test set and the script."""
        training = self.trainer.write_training(frames, atom_energies, folder, seed)

        def predict(frames: Sequence[Atoms]) -> Predictions:
            commands = [training, self.trainer.write_test(frames, folder)]
            lines = ["#!/bin/sh", "set -e", 'cd "$(dirname "$0")"', *map(shlex.join, commands)]
            (folder / SCRIPT).write_text("\n".join(lines) + "\n", encoding="utf-8")
            (folder / SCRIPT).chmod(0o755)
            raise TrainerMissing(f"not trained: {SCRIPT} is to be run elsewhere")

        return predict


class _Reader(_Elsewhere):
    """Reads predictions instead of training."""

    def __init__(self, trainer: Any, folder: Path):
        super().__init__(trainer)
        self.folder = folder

    def train(
        self,
        frames: Sequence[Atoms],
        atom_energies: Mapping[str, float],
        folder: Path,
        seed: int,
        check: Callable[[], None],
    ) -> Predict:
        """Return a function that reads the predictions of the potential with this folder."""
        path = self.folder / folder.name / PREDICTIONS
        if not path.parent.is_dir():
            raise TrainerMissing(
                f"{self.folder} has no inputs for it: they were written with other arguments"
            )
        if not path.exists():
            raise TrainerMissing(f"{path.parent.name} has no {PREDICTIONS} yet")
        return lambda frames: read_predictions_file(path, frames)
