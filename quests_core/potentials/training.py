"""Train one potential on a subset, and compute its errors; a failure is marked in its cell."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from ..environments import Environments
from ..information.curve import compression_curve
from ..information.entropy import delta_entropy
from ..progress import ProgressCallback
from ..utils.escape import one_line
from .cells import DIVERGED, FAILED, FINISHED, MISSING, TIMEOUT, Cell
from .errors import error_groups, force_spread, group_errors
from .hold_out import Split
from .labelled import atom_energies, reference_labels
from .subsets import Subset
from .trainer import Predictions, Trainer, TrainerMissing, TrainingError, TrainingTimeout

STEP = "potentials"
_LOG_CHARACTERS = 4000


class Setup:
    """What all cells of a comparison share."""

    def __init__(
        self,
        frames: Sequence[Atoms],
        split: Split,
        envs: Environments,
        trainer: Trainer,
        bandwidth: float,
        labels: Sequence[str],
    ):
        self.frames, self.split, self.trainer, self.bandwidth = frames, split, trainer, bandwidth
        self.envs, self.train_envs, self.test_envs = envs, envs.take(split.train), envs.take(split.test)
        self.test = [frames[i] for i in split.test]
        self.test_labels = [labels[i] for i in split.test]
        self.isolated = [frames[i] for i in split.isolated]
        self.reference = reference_labels(self.test)
        self.spread = force_spread(self.reference.forces)
        if self.spread == 0:
            raise ValueError("test: expected forces that are not all zero in the test set")

    def new_cell(self, subset: Subset) -> Cell:
        """Return a cell with what is known before the training."""
        order = np.searchsorted(self.split.train, subset.frames)
        (row,) = compression_curve(self.train_envs, order, [len(order)], self.bandwidth).to_dict("records")
        return Cell(
            subset.method, len(order), int(row["n_envs"]), float(row["fraction"]), subset.seed,
            subset.frames.tolist(), overlap=float(row["overlap"]),
            information_loss=float(row["information_loss"]),
        )  # fmt: skip

    def predictions(self, subset: Subset, folder: Path, check: "Check") -> Predictions:
        """Train on a subset, and predict the test set; raise a TrainingError if one of them fails."""
        train = [self.frames[i] for i in subset.frames]
        known, asked = ({s for atoms in part for s in atoms.symbols} for part in (train, self.test))
        if missing := sorted(asked - known):
            raise TrainingError(f"the subset has no {', '.join(missing)}, which the test set has")
        energies = atom_energies(train, self.isolated)
        predict = self.trainer.train(train, energies, folder, subset.seed, check)
        found = Predictions(*(np.asarray(one, dtype=float) for one in predict(self.test)))
        for name, one, expected in zip(Predictions._fields, found, self.reference, strict=True):
            if one.shape != expected.shape:
                raise TrainingError(f"{name}: expected an array of shape {expected.shape}, got {one.shape}")
        return found

    def set_errors(self, cell: Cell, subset: Subset, found: Predictions) -> None:
        """Set the errors of a cell, or mark it as diverged."""
        if not all(np.isfinite(one).all() for one in found):
            cell.status, cell.message = (
                DIVERGED,
                "the potential predicts energies or forces that are not finite",
            )
            return
        deltas = delta_entropy(self.test_envs, self.envs.take(subset.frames), self.bandwidth)
        groups = error_groups(self.test, self.test_labels, self.reference.forces, deltas)
        cell.errors = group_errors(groups, self.test, self.reference, found)
        if (rmse := cell.errors[0]["force_rmse"]) > self.spread:
            cell.status = DIVERGED
            cell.message = (
                f"the force RMSE, {rmse:.3g} eV/Å, exceeds the root mean square of the test forces, "
                f"{self.spread:.3g} eV/Å"
            )


@dataclass
class Check:
    """Report progress while a trainer runs, and remember whether that raised an exception."""

    progress: ProgressCallback | None
    done: int
    total: int
    raised: bool = False

    def __call__(self) -> None:
        """Report progress."""
        if self.progress is None:
            return
        try:
            self.progress(STEP, self.done, self.total)
        except BaseException:
            self.raised = True
            raise


def train_cell(setup: Setup, subset: Subset, folder: Path, check: Check) -> Cell:
    """Train a potential in an empty folder; a failure is marked in the cell that is returned."""
    cell = setup.new_cell(subset)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    start = time.perf_counter()
    try:
        found = setup.predictions(subset, folder, check)
        cell.seconds = time.perf_counter() - start
        setup.set_errors(cell, subset, found)
    except Exception as error:
        if check.raised:
            raise
        cell.status, cell.message = _status(error), _message(error)
    if cell.status != FINISHED:
        cell.log = _end_of_logs(folder)
    return cell


def _status(error: Exception) -> str:
    if isinstance(error, TrainerMissing):
        return MISSING
    return TIMEOUT if isinstance(error, TrainingTimeout) else FAILED


def _message(error: Exception) -> str:
    text = str(error) if isinstance(error, TrainingError) else f"{type(error).__name__}: {error}"
    return one_line(text)[:500]


def _end_of_logs(folder: Path) -> str:
    texts = [log.read_text(encoding="utf-8", errors="replace") for log in sorted(folder.glob("*.log"))]
    return "\n".join(texts)[-_LOG_CHARACTERS:]
