"""Train MACE potentials with ``mace_run_train``, a program of the package ``mace-torch``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.data import atomic_numbers

from ..io.frame_writer import frames_bytes
from ..utils.threads import get_num_threads
from ..utils.validation import check_choice, check_count, check_positive
from .labelled import write_labelled
from .prediction_file import PREDICTIONS, read_predictions_file
from .process import find_program, run_logged
from .trainer import Predict, Predictions, TrainerMissing, parameters_with_version

ENERGY, FORCES = "REF_energy", "REF_forces"
_NAME, _EVALUATION = "mace", "mace_eval_configs"


@dataclass(frozen=True)
class MACE:
    """Train MACE potentials, which take minutes to hours, and preferably a GPU.

    The options are those of ``mace_run_train`` of mace-torch 0.3.16. A small model is the default. All other
    options are left at their defaults.

    Parameters
    ----------
    r_max : float
        Cutoff radius of each layer, Å.
    num_channels, max_L : int
        Number of channels, and highest angular momentum, of messages.
    num_interactions : int
        Number of layers.
    max_num_epochs : int
        Number of passes over the training set.
    batch_size : int
        Number of frames per step.
    valid_fraction : float
        Fraction of the training set that chooses the best epoch. It is not trained on: at least one frame.
    energy_weight, forces_weight : float
        Weights of energies and forces in the loss.
    device : str
        "cpu", "cuda", "mps" or "xpu".
    seconds : float, optional
        Time limit for each of training and prediction; None for no limit.
    command : str
        The program: a name to be searched, or a path.

    Notes
    -----
    Stresses are not used. Requires ``pip install "quests-explorer[mace]"``, which installs PyTorch. Tested
    with mace-torch 0.3.16 on a CPU.

    References
    ----------
    I. Batatia et al., NeurIPS 35, 11423 (2022), https://arxiv.org/abs/2206.07697;
    https://mace-docs.readthedocs.io.

    Examples
    --------
    >>> MACE(max_num_epochs=50).parameters["max_num_epochs"]
    50
    """

    r_max: float = 5.0
    num_channels: int = 32
    max_L: int = 0
    num_interactions: int = 2
    max_num_epochs: int = 200
    batch_size: int = 5
    valid_fraction: float = 0.1
    energy_weight: float = 1.0
    forces_weight: float = 100.0
    device: str = "cpu"
    seconds: float | None = None
    command: str = "mace_run_train"

    def __post_init__(self):
        """Raise an error if a parameter is invalid."""
        for name in ("num_channels", "num_interactions", "max_num_epochs", "batch_size"):
            check_count(getattr(self, name), name)
        check_count(self.max_L, "max_L", minimum=0)
        for name in ("r_max", "valid_fraction", "energy_weight", "forces_weight"):
            check_positive(getattr(self, name), name)
        if self.valid_fraction >= 1:
            raise ValueError(f"valid_fraction: expected a number below 1, got {self.valid_fraction}")
        check_choice(self.device, "device", ("cpu", "cuda", "mps", "xpu"))
        if self.seconds is not None:
            check_positive(self.seconds, "seconds")

    @property
    def name(self) -> str:
        """The name in tables and records."""
        return "mace"

    @property
    def parameters(self) -> dict[str, Any]:
        """What the potential depends on, and the version of mace-torch if it is installed."""
        return parameters_with_version(self, "mace-torch")

    def train(
        self,
        frames: Sequence[Atoms],
        atom_energies: Mapping[str, float],
        folder: Path,
        seed: int,
        check: Callable[[], None],
    ) -> Predict:
        """Run ``mace_run_train`` in a folder; see `quests_core.potentials.Trainer`."""
        self.check_installed()
        environment = {"OMP_NUM_THREADS": str(get_num_threads())}
        run = partial(run_logged, seconds=self.seconds, check=check, environment=environment)
        _, *arguments = self.write_training(frames, atom_energies, folder, seed)
        run([str(find_program(self.command)), *arguments], folder / "mace_run_train.log")

        def predict(frames: Sequence[Atoms]) -> Predictions:
            _, *arguments = self.write_test(frames, folder)
            run([str(find_program(_EVALUATION)), *arguments], folder / "mace_eval_configs.log")
            return read_predictions_file(folder / PREDICTIONS, frames)

        return predict

    def check_installed(self) -> None:
        """Raise `TrainerMissing` if a program is not installed."""
        for program in (self.command, _EVALUATION):
            if find_program(program) is None:
                raise TrainerMissing(
                    f'{program} is not installed; pip install "quests-explorer[mace]" provides it'
                )

    def write_training(
        self, frames: Sequence[Atoms], atom_energies: Mapping[str, float], folder: Path, seed: int
    ) -> list[str]:
        """Write the training set to a folder, and return the command that trains there."""
        written = [_alone(atoms) for atoms in frames]
        write_labelled(folder / "train.xyz", written, frames, ENERGY, FORCES)
        energies = {atomic_numbers[element]: float(energy) for element, energy in atom_energies.items()}
        options = {
            "name": _NAME, "work_dir": ".", "train_file": "train.xyz", "valid_fraction": self.valid_fraction,
            "E0s": energies, "energy_key": ENERGY, "forces_key": FORCES, "r_max": self.r_max,
            "num_channels": self.num_channels, "max_L": self.max_L,
            "num_interactions": self.num_interactions, "max_num_epochs": self.max_num_epochs,
            "batch_size": self.batch_size, "energy_weight": self.energy_weight,
            "forces_weight": self.forces_weight, "device": self.device, "plot": False, "seed": seed,
        }  # fmt: skip
        return [self.command, *(f"--{name}={value}" for name, value in options.items())]

    def write_test(self, frames: Sequence[Atoms], folder: Path) -> list[str]:
        """Write the test set to a folder, and return the command that predicts it there."""
        (folder / "test.xyz").write_bytes(frames_bytes([_alone(atoms) for atoms in frames]))
        files = {"configs": "test.xyz", "model": f"{_NAME}.model", "output": PREDICTIONS}
        return [_EVALUATION, *(f"--{key}={value}" for key, value in files.items()), f"--device={self.device}"]


def _alone(atoms: Atoms) -> Atoms:
    """Return the structure without labels."""
    return Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
