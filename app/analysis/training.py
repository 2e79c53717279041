"""What to train potentials on, as the user enters it, and the training."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quests_core.io.isolated import isolated_frames
from quests_core.potentials import PotentialComparison, Trainer, compare_potentials, make_trainer
from quests_core.potentials.labelled import check_labelled
from quests_core.utils.validation import check_choice, check_count, check_positive, parse_size

from .analysed_dataset import AnalysedDataset
from .methods import NESTED_METHODS
from .parameters import RANDOM_STATE, Marks

# Between the entries of a field.
_BETWEEN = re.compile("[,;]")
MOST_SEEDS, MOST_POTENTIALS, MOST_MINUTES = 20, 200, 24 * 60


@dataclass(frozen=True)
class TrainingRequest:
    """A comparison of potentials; see `quests_core.compare_potentials`.

    Attributes
    ----------
    methods : tuple of str
        Methods of selection.
    sizes : tuple of int or float
        Numbers of training frames, or their fractions of the training part.
    n_seeds : int
        Number of potentials for each method and size.
    trainer : Trainer
        Fits the potentials.
    test : str
        How the test set is chosen.
    test_size : int or float
        Number of test frames, or their fraction.
    test_labels : tuple of str
        Labels to hold out.
    """

    methods: tuple[str, ...]
    sizes: tuple[int | float, ...]
    n_seeds: int
    trainer: Trainer
    test: str
    test_size: int | float
    test_labels: tuple[str, ...] = ()

    @classmethod
    def from_form(
        cls, methods: Sequence[str], sizes: str, n_seeds: int, trainer: str, parameters: str, minutes: float,
        test: str, test_size: str, test_labels: Sequence[str],
    ) -> "TrainingRequest":  # fmt: skip
        """Return what the fields of a form ask for; raise a ValueError that says what is wrong."""
        if not methods:
            raise ValueError("methods: expected at least 1 method, got none")
        for method in methods:
            check_choice(method, "methods", NESTED_METHODS)
        counts = tuple(_size(part, "sizes") for part in _parts(sizes))
        if not counts:
            raise ValueError("sizes: expected at least 1 size, such as 25 %, got none")
        n_seeds = check_count(n_seeds, "seeds")
        if n_seeds > MOST_SEEDS:
            raise ValueError(f"seeds: expected at most {MOST_SEEDS}, got {n_seeds}")
        if (n := len(methods) * len(counts) * n_seeds) > MOST_POTENTIALS:
            raise ValueError(
                f"expected at most {MOST_POTENTIALS} potentials, got {n}; choose fewer sizes or seeds"
            )
        minutes = check_positive(minutes, "time limit")
        if minutes > MOST_MINUTES:
            raise ValueError(f"time limit: expected at most {MOST_MINUTES:,} minutes, got {minutes:g}")
        made = make_trainer(trainer, _parts(parameters), 60 * minutes)
        share = _size(test_size, "test size") if test != "labels" else 0.2
        return cls(tuple(methods), counts, n_seeds, made, test, share, tuple(test_labels))

    @property
    def n_potentials(self) -> int:
        """Number of potentials, if all sizes differ."""
        return len(self.methods) * len(self.sizes) * self.n_seeds


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def _size(text: str, name: str) -> int | float:
    try:
        return parse_size(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def train(
    opened: AnalysedDataset, marks: Marks, request: TrainingRequest, folder: Path, progress=None,
    on_part: Callable[[PotentialComparison], None] | None = None,
) -> PotentialComparison:  # fmt: skip
    """Train potentials on the frames of a data set that are not excluded; `folder` keeps the results."""
    if not opened.dataset.has_forces:
        raise ValueError("the file has no forces, which potentials are trained on")
    kept = np.setdiff1d(np.arange(len(opened.envs)), marks.excluded)
    label_key = opened.parameters.label_key or None
    # Here, where frames have the numbers of the file.
    isolated = isolated_frames(opened.dataset.frames, label_key)
    check_labelled(opened.dataset.frames, np.setdiff1d(kept, isolated).tolist())
    frames = [opened.dataset.frames[i] for i in kept]
    return compare_potentials(
        frames, request.methods, request.sizes, request.trainer, request.test, range(request.n_seeds),
        test_size=request.test_size, test_labels=request.test_labels,
        label_key=label_key, bandwidth=opened.parameters.bandwidth,
        random_state=RANDOM_STATE, folder=folder, keep_files=False, envs=opened.envs.take(kept),
        on_part=on_part, progress=progress,
    )  # fmt: skip
