"""Predictions of potentials for a data set, and their errors."""

from dataclasses import dataclass

import numpy as np

from quests_core.potentials import Predictions, prediction_errors, stored_predictions
from quests_core.potentials.stored import reference_with_gaps

from .analysed_dataset import AnalysedDataset
from .frame_columns import frame_maximum


@dataclass(frozen=True, eq=False)
class PredictionErrors:
    """Predictions of one potential beside the reference labels.

    Attributes
    ----------
    reference, predicted : Predictions
        Energies, eV, and forces, eV/Å; NaN where there are none.
    errors : Predictions
        Predicted minus reference energies, eV per atom, and forces, eV/Å.
    sizes, frame_index : ndarray
        Number of atoms of each frame, and frame of each atom.
    """

    reference: Predictions
    predicted: Predictions
    errors: Predictions
    sizes: np.ndarray
    frame_index: np.ndarray

    @property
    def atom_errors(self) -> np.ndarray:
        """|ΔF| of each atom, eV/Å."""
        return np.linalg.norm(self.errors.forces, axis=1)

    def force_pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return reference and predicted force components, shape (n, 2), and the atom of each."""
        return _pairs(self.reference.forces.ravel(), self.predicted.forces.ravel(), 3)

    def energy_pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return reference and predicted energies per atom, shape (n, 2), and the frame of each."""
        return _pairs(self.reference.energies / self.sizes, self.predicted.energies / self.sizes, 1)

    def worst_frames(self, most: int) -> dict[str, np.ndarray]:
        """Return the frames with the largest force RMSE: columns of the table, and the worst atom of each."""
        offsets = np.append(0, np.cumsum(self.sizes))
        squares = np.add.reduceat((self.errors.forces**2).mean(axis=1), offsets[:-1]) / self.sizes
        rmse, atom_errors = np.sqrt(squares), self.atom_errors
        known = np.flatnonzero(np.isfinite(rmse))
        frames = known[np.argsort(-rmse[known], kind="stable")][:most]
        return {
            "frame": frames, "force_rmse": rmse[frames],
            "max_force_error": frame_maximum(atom_errors, offsets)[frames],
            "energy_error": self.errors.energies[frames],
            "row": np.array([_worst(atom_errors, offsets, frame) for frame in frames], dtype=np.int64),
        }  # fmt: skip

    def rmse(self) -> tuple[float, float]:
        """Return the RMSE of force components, eV/Å, and of energies, eV per atom; NaN without any."""
        return _rmse(self.errors.forces), _rmse(self.errors.energies)


def _pairs(reference: np.ndarray, predicted: np.ndarray, per_row: int) -> tuple[np.ndarray, np.ndarray]:
    usable = np.flatnonzero(np.isfinite(reference) & np.isfinite(predicted))
    return np.stack([reference[usable], predicted[usable]], axis=1), usable // per_row


def _worst(values: np.ndarray, offsets: np.ndarray, frame: int) -> int:
    return int(offsets[frame] + np.argmax(values[offsets[frame] : offsets[frame + 1]]))


def _rmse(errors: np.ndarray) -> float:
    known = errors[np.isfinite(errors)]
    return float(np.sqrt(np.mean(known**2))) if known.size else float("nan")


def predictions_of(opened: AnalysedDataset) -> dict[str, PredictionErrors]:
    """Return the predictions that a data set holds, by name of the potential."""
    stored = stored_predictions(opened.dataset.frames)
    return {name: beside_reference(opened, predicted) for name, predicted in stored.items()}


def beside_reference(opened: AnalysedDataset, predicted: Predictions) -> PredictionErrors:
    """Return predictions for a data set beside its reference labels."""
    frames, envs = opened.dataset.frames, opened.envs
    errors = prediction_errors(frames, predicted)
    return PredictionErrors(reference_with_gaps(frames), predicted, errors, envs.sizes, envs.frame_index)
