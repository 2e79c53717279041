"""Predictions of any calculator of ASE, computed in batches."""

from collections.abc import MutableMapping, Sequence
from typing import cast

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from ..progress import Cancelled, ProgressCallback, in_blocks
from ..utils.escape import one_line
from ..utils.validation import check_count, check_frames
from .trainer import Predict, Predictions, TrainingError, calculator_predictions

STEP = "predictions"
_SHOWN = 200


def computed_predictions(
    frames: Sequence[Atoms],
    calculator: BaseCalculator | Predict,
    batch_size: int = 16,
    *,
    progress: ProgressCallback | None = None,
    failures: MutableMapping[int, str] | None = None,
) -> Predictions:
    """Return the energies and forces that a calculator predicts for frames.

    A frame whose calculation fails, or gives values that are not finite, costs only its own values. If a
    batch fails, its frames are evaluated one by one. The frames are not changed.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Frames; their labels and constraints are ignored.
    calculator : ase calculator, or callable
        A calculator with energies and forces, or a function that returns `Predictions` of a list of frames,
        for potentials that evaluate several frames at once.
    batch_size : int
        Number of frames between two calls of `progress`, which can cancel the computation.
    progress : callable, optional
        See `quests_core.progress`.
    failures : mutable mapping of int to str, optional
        Receives the reason for each frame without predictions.

    Returns
    -------
    Predictions
        Energies, eV, of shape (n_frames,), and forces, eV/Å, of shape (n_atoms, 3), as those of
        `stored_predictions`; NaN for frames that failed.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from ase.calculators.emt import EMT
    >>> failures = {}
    >>> found = computed_predictions([bulk("Cu"), bulk("Si")], EMT(), failures=failures)
    >>> found.energies.round(3).tolist(), failures
    ([-0.006, nan], {1: 'NotImplementedError: No EMT-potential for Si'})
    """
    frames, size = check_frames(frames), check_count(batch_size, "batch_size")
    predict = as_predict(calculator)
    offsets = np.cumsum([0, *map(len, frames)])
    energies, forces = np.full(len(frames), np.nan), np.full((offsets[-1], 3), np.nan)
    reasons: dict[int, str] = {}

    def evaluate(start: int, stop: int) -> None:
        try:
            found = _checked(predict(frames[start:stop]), stop - start, int(offsets[stop] - offsets[start]))
        except Cancelled:
            raise
        except Exception as error:
            if stop - start > 1:
                for i in range(start, stop):
                    evaluate(i, i + 1)
            else:
                reasons[start] = _reason(error)
            return
        energies[start:stop], forces[offsets[start] : offsets[stop]] = found

    if progress is not None:
        progress(STEP, 0, len(frames))
    for start, stop in in_blocks(len(frames), size, STEP, progress):
        evaluate(start, stop)
    finite = np.isfinite(energies)
    finite[np.repeat(np.arange(len(frames)), np.diff(offsets))[~np.isfinite(forces).all(axis=1)]] = False
    for i in np.flatnonzero(~finite).tolist():
        reasons.setdefault(i, "the predicted energy or forces are not finite")
        energies[i], forces[offsets[i] : offsets[i + 1]] = np.nan, np.nan
    if failures is not None:
        failures.update(sorted(reasons.items()))
    return Predictions(energies, forces)


def as_predict(calculator: BaseCalculator | Predict) -> Predict:
    """Return the function that predicts with a calculator, which a failure does not spoil.

    Examples
    --------
    >>> from ase.calculators.emt import EMT
    >>> as_predict(EMT())([Atoms("Cu")]).forces.tolist()
    [[0.0, 0.0, 0.0]]
    """
    if not hasattr(calculator, "get_potential_energy"):
        if not callable(calculator):
            raise TypeError(
                "calculator: expected a calculator of ASE, or a function that returns Predictions, "
                f"got {type(calculator).__name__}"
            )
        return calculator
    predict = calculator_predictions(cast(BaseCalculator, calculator))

    def evaluate(frames: Sequence[Atoms]) -> Predictions:
        try:
            return predict(frames)
        except Exception:
            # Results of a calculation that failed midway are not those of the next frame.
            if callable(reset := getattr(calculator, "reset", None)):
                reset()
            raise

    return evaluate


def _checked(found: Predictions, n_frames: int, n_atoms: int) -> Predictions:
    energies, forces = (np.asarray(one, dtype=float) for one in found)
    for name, one, shape in (("energies", energies, (n_frames,)), ("forces", forces, (n_atoms, 3))):
        if one.shape != shape:
            raise TrainingError(f"{name}: expected an array of shape {shape}, got {one.shape}")
    return Predictions(energies, forces)


def _reason(error: Exception) -> str:
    text = str(error) if isinstance(error, TrainingError) else f"{type(error).__name__}: {error}"
    return one_line(text)[:_SHOWN]
