"""The interface of trainers: programs that fit a potential to frames with energies and forces."""

import contextlib
import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator


class TrainingError(RuntimeError):
    """The training or the prediction failed; the message says why in one sentence."""


class TrainerMissing(TrainingError):
    """The program or package of the trainer is not installed."""


class TrainingTimeout(TrainingError):
    """The training or the prediction exceeded its time limit."""


class Predictions(NamedTuple):
    """Energies and forces of several frames.

    Attributes
    ----------
    energies : ndarray of shape (n_frames,)
        Energy of each frame, eV; NaN where there is none.
    forces : ndarray of shape (n_atoms, 3)
        Forces on the atoms of all frames, eV/Å.
    """

    energies: np.ndarray
    forces: np.ndarray


Predict = Callable[[Sequence[Atoms]], Predictions]


class Trainer(Protocol):
    """What `compare_potentials` needs of a trainer."""

    @property
    def name(self) -> str:
        """Name of the trainer in tables and records."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Everything that the potential depends on besides frames and seed, as JSON can express it."""
        ...

    def train(
        self,
        frames: Sequence[Atoms],
        atom_energies: Mapping[str, float],
        folder: Path,
        seed: int,
        check: Callable[[], None],
    ) -> Predict:
        """Fit a potential, and return a function that predicts energies and forces of frames.

        Parameters
        ----------
        frames : sequence of ase.Atoms
            The training set. Read labels with `atoms_energy` and `atoms_forces`; each frame has forces.
        atom_energies : mapping of str to float
            Energy of an isolated atom of each element of the training set, eV.
        folder : pathlib.Path
            An empty folder for all files; logs are named ``*.log``.
        seed : int
            Seed of the random number generator.
        check : callable
            To be called several times a second while waiting. An exception that it raises ends the training
            and is passed on, after all processes have been killed.

        Raises
        ------
        TrainingError
            If no potential was fitted.
        """
        ...


def parameters_with_version(trainer: Any, package: str) -> dict[str, Any]:
    """Return the fields of a trainer that a potential depends on, and the version of its package, or None."""
    version: str | None = None
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        version = importlib.metadata.version(package)
    own = {name: value for name, value in asdict(trainer).items() if name not in ("command", "seconds")}
    return {**own, package.replace("-", "_"): version}


def calculator_predictions(calculator: BaseCalculator) -> Predict:
    """Return a function that predicts energies and forces of frames with an ASE calculator.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from ase.calculators.emt import EMT
    >>> found = calculator_predictions(EMT())([bulk("Cu"), bulk("Cu", cubic=True)])
    >>> found.energies.shape, found.forces.shape
    ((2,), (5, 3))
    """

    def predict(frames: Sequence[Atoms]) -> Predictions:
        energies, forces = [], [np.empty((0, 3))]
        for frame in frames:
            atoms = Atoms(
                frame.numbers, frame.positions, cell=frame.cell, pbc=frame.pbc, calculator=calculator
            )
            energies.append(atoms.get_potential_energy())
            forces.append(atoms.get_forces())
        return Predictions(np.array(energies, dtype=float), np.concatenate(forces))

    return predict
