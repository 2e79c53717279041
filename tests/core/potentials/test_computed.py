"""Tests of predictions that a calculator computes in batches."""

import itertools

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT

import quests_core as q
from quests_core.potentials import (
    Predictions,
    calculator_predictions,
    computed_predictions,
    prediction_errors,
)
from tests.core.potentials.trained import labelled_frames


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_they_are_those_of_the_calculator_in_batches_of_any_size(batch_size):
    frames, failures = labelled_frames(7), {}
    found = computed_predictions(frames, EMT(), batch_size, failures=failures)
    errors = prediction_errors(frames, found)
    np.testing.assert_allclose(errors.energies, 0, atol=1e-12)
    np.testing.assert_allclose(errors.forces, 0, atol=1e-12)
    assert failures == {}


class Fragile(Calculator):
    """Fails midway for a cell with Si, and predicts NaN for one with Ag."""

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms=None, properties=("energy",), system_changes=()):
        super().calculate(atoms, properties, system_changes)
        self.results["energy"] = float(len(atoms))
        if "Si" in atoms.symbols:
            raise RuntimeError("not\nconverged")
        self.results["forces"] = np.full((len(atoms), 3), np.nan if "Ag" in atoms.symbols else 1.0)


def test_a_frame_that_fails_costs_itself_only():
    frames = [bulk(symbol, cubic=True) for symbol in ("Cu", "Si", "Si", "Cu", "Ag", "Cu")]
    failures = {}
    found = computed_predictions(frames, Fragile(), 4, failures=failures)
    np.testing.assert_array_equal(found.energies, [4, np.nan, np.nan, 4, np.nan, 4])
    offsets = np.cumsum([0, *map(len, frames)])
    finite = [bool(np.isfinite(found.forces[a:b]).all()) for a, b in itertools.pairwise(offsets)]
    assert finite == [True, False, False, True, False, True]
    assert failures == {
        1: "RuntimeError: not\\nconverged", 2: "RuntimeError: not\\nconverged",
        4: "the predicted energy or forces are not finite",
    }  # fmt: skip


def test_a_function_gets_batches_and_wrong_shapes_are_named():
    sizes, failures = [], {}

    def predict(frames):
        sizes.append(len(frames))
        found = calculator_predictions(EMT())(frames)
        return found if len(frames) > 1 else Predictions(found.energies, found.forces[1:])

    found = computed_predictions(labelled_frames(5), predict, 2, failures=failures)
    assert sizes == [2, 2, 1]
    assert np.isfinite(found.energies).tolist() == [True] * 4 + [False]
    assert failures == {4: "forces: expected an array of shape (4, 3), got (3, 3)"}


def test_progress_follows_the_batches_and_cancels():
    steps = []
    computed_predictions(labelled_frames(5), EMT(), 2, progress=lambda *step: steps.append(step))
    assert steps == [("predictions", done, 5) for done in (0, 2, 4, 5)]
    calls, progress = [], q.Progress()

    def predict(frames):
        calls.append(len(frames))
        progress.cancel()
        return calculator_predictions(EMT())(frames)

    with pytest.raises(q.Cancelled):
        computed_predictions(labelled_frames(6), predict, 2, progress=progress)
    assert calls == [2]


def test_a_cancellation_inside_the_calculator_is_no_failure():
    def predict(frames):
        raise q.Cancelled("now")

    with pytest.raises(q.Cancelled):
        computed_predictions(labelled_frames(3), predict)


def test_frames_keep_their_calculators_and_may_lack_labels():
    frames = labelled_frames(2)
    calculators = [atoms.calc for atoms in frames]
    frames[1].calc = None
    computed_predictions(frames, EMT())
    assert [atoms.calc for atoms in frames] == [calculators[0], None]
    none = computed_predictions([], EMT())
    assert (none.energies.shape, none.forces.shape) == ((0,), (0, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(([], 3), "calculator: expected a calculator of ASE"), (([], EMT(), 0), "batch_size: expected"),
     ((3, EMT()), "frames: expected a list")],
)  # fmt: skip
def test_bad_arguments(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        computed_predictions(*arguments)
