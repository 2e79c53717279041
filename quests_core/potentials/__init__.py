"""Train potentials on subsets, and compare their errors on a test set that no subset contains."""

from .compare import compare_potentials
from .computed import computed_predictions
from .gap import GAP
from .hold_out import Split, hold_out
from .inputs import ProgramTrainer, read_predictions, write_training_inputs
from .mace import MACE
from .result import PotentialComparison
from .stored import prediction_errors, stored_predictions
from .trainer import (
    Predictions,
    Trainer,
    TrainerMissing,
    TrainingError,
    TrainingTimeout,
    calculator_predictions,
)
from .trainers import TRAINERS, make_trainer, missing_trainer

__all__ = [
    "GAP",
    "MACE",
    "TRAINERS",
    "PotentialComparison",
    "Predictions",
    "ProgramTrainer",
    "Split",
    "Trainer",
    "TrainerMissing",
    "TrainingError",
    "TrainingTimeout",
    "calculator_predictions",
    "compare_potentials",
    "computed_predictions",
    "hold_out",
    "make_trainer",
    "missing_trainer",
    "prediction_errors",
    "read_predictions",
    "stored_predictions",
    "write_training_inputs",
]
