"""Predict with a calculator in a child process, which can be cancelled, and may crash.

Compiled programs end their process at an error. The next call starts another one, so that this costs only
the frame that caused it.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms

from quests_core.io.read_process import load_frames, save_frames
from quests_core.potentials import Predictions, TrainingError, computed_predictions
from quests_core.potentials.computed import STEP, as_predict
from quests_core.potentials.trainer import Predict
from quests_core.progress import ProgressCallback
from quests_core.utils import memory, scratch
from quests_core.utils.child import Child, ChildError
from quests_core.utils.threads import get_num_threads

from ..analysis.calculators import CALCULATORS

_CALCULATOR, _RESULT = "calculator.json", "predictions.npz"
# Of a call, which evaluates a batch.
SECONDS, _BATCH = 600.0, 16
CHILD = f"{__name__}:predict_in_child"


def predict_in_process(
    frames: Sequence[Atoms], kind: str, model: Path | None, progress: ProgressCallback | None = None
) -> tuple[Predictions, dict[int, str]]:
    """Return what a calculator of `CALCULATORS` predicts, and the reason for each frame that failed.

    Raises
    ------
    Cancelled
        If `progress` raises it; the process is then killed.
    """
    failures: dict[int, str] = {}
    at = (0, len(frames))

    def report(step: str, done: int, total: int) -> None:
        nonlocal at
        at = done, total
        if progress is not None:
            progress(step, done, total)

    child = Child(CHILD, {"OMP_NUM_THREADS": str(get_num_threads())})

    def predict(batch: Sequence[Atoms]) -> Predictions:
        with scratch.temporary("predict-") as name:
            folder = Path(name)
            (folder / _CALCULATOR).write_text(json.dumps([kind, str(model or "")]), encoding="utf-8")
            save_frames([Atoms(a.numbers, a.positions, cell=a.cell, pbc=a.pbc) for a in batch], folder)
            try:
                child.run(folder, lambda *_: report(STEP, *at), STEP, SECONDS, memory.available())
            except ChildError as error:
                # A sentence about this batch, whose frames are tried again one by one.
                raise TrainingError(str(error)) from None
            with np.load(folder / _RESULT) as found:
                return Predictions(found["energies"], found["forces"])

    try:
        return computed_predictions(frames, predict, _BATCH, progress=report, failures=failures), failures
    finally:
        child.close()


# The calculator of this process, by kind and path of its model: loading a model may take longer than a batch.
_made: dict[tuple[str, str], Predict] = {}


def predict_in_child(folder: Path) -> None:
    """Predict the frames in a folder with the calculator that it names, and write the result there."""
    kind, model = json.loads((folder / _CALCULATOR).read_text(encoding="utf-8"))
    if (kind, model) not in _made:
        _made[kind, model] = as_predict(CALCULATORS[kind].make(model))
    found = _made[kind, model](load_frames(folder))
    np.savez(folder / _RESULT, energies=found.energies, forces=found.forces)
