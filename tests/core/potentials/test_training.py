"""Tests of a single potential; faults of trainers are in the tests of `compare_potentials`."""

import numpy as np
import pytest

import quests_core as q
from quests_core.potentials import hold_out
from quests_core.potentials.subsets import Subset
from quests_core.potentials.training import Check, Setup, train_cell
from tests.core.potentials.trained import NoisyEMT, labelled_frames


def setup(trainer):
    frames = labelled_frames(10)
    split = hold_out(frames, test_size=2)
    return Setup(frames, split, q.descriptors(frames, k=8), trainer, 0.05, [""] * 10)


def test_a_cell_holds_the_metrics_of_its_subset(tmp_path):
    made = setup(NoisyEMT())
    subset = Subset("mine", 0, made.split.train[[3, 1]])
    cell = train_cell(made, subset, tmp_path / "cell", Check(None, 0, 1))
    (row,) = q.compression_curve(made.train_envs, [3, 1], [2], 0.05).to_dict("records")
    assert (cell.overlap, cell.information_loss) == (row["overlap"], row["information_loss"])
    assert cell.frames == subset.frames.tolist()
    deltas = q.delta_entropy(made.test_envs, made.envs.take(subset.frames), 0.05)
    counts = {row["group"]: row["n_envs"] for row in cell.errors if row["by"] == "delta_entropy"}
    assert counts.get("≤ 0", 0) == np.sum(deltas <= 0)
    assert cell.seconds > 0
    assert cell.log == ""


def test_the_folder_holds_nothing_of_a_killed_run(tmp_path):
    left = tmp_path / "cell" / "gap.xml"
    left.parent.mkdir()
    left.write_text("half")
    made = setup(NoisyEMT())
    train_cell(made, Subset("mine", 0, made.split.train[:2]), left.parent, Check(None, 0, 1))
    assert not left.exists()
    assert (left.parent / "train.log").exists()


def test_check_reports_progress_and_remembers_that_it_raised():
    calls = []
    check = Check(lambda *args: calls.append(args), 2, 5)
    check()
    assert calls == [("potentials", 2, 5)]
    assert not check.raised

    def cancel(*args):
        raise q.Cancelled

    check = Check(cancel, 0, 1)
    with pytest.raises(q.Cancelled):
        check()
    assert check.raised
