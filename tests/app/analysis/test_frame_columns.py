"""The columns of the frames table, which filters use."""

import numpy as np
import pytest
from ase.io import write

from quests_app.analysis import frame_columns
from quests_app.analysis.filter_evaluation import matches
from quests_app.analysis.frame_columns import FrameColumns, gather, most_novel, with_predictions
from quests_core.potentials import stored_predictions


def test_an_excluded_frame_can_be_current():
    assert most_novel(np.array([1.0, np.nan, np.nan]), np.array([0, 1, 3]), 1) == 1


def test_filters_can_use_info_and_arrays(session, frames, tmp_path, rng):
    for i, atoms in enumerate(frames):
        atoms.info.update(temperature=100.0 * i, phase=["a", "b"][i % 2], good=i % 3 == 0)
        atoms.arrays["weight"] = rng.normal(size=len(atoms))
        atoms.arrays["spin"] = rng.normal(size=(len(atoms), 3))
    del frames[5].info["temperature"], frames[5].info["good"]
    write(tmp_path / "more.xyz", frames, format="extxyz")
    opened = session.open(tmp_path / "more.xyz").opened
    facts = gather(opened)
    columns = FrameColumns(facts)
    read = opened.dataset.frames

    def found(expression):
        return np.flatnonzero(matches(expression, columns, len(read))).tolist()

    assert {"temperature", "phase", "good"} <= set(facts.info)
    assert found("temperature >= 2200 and phase == 'b'") == [23]
    assert found("missing(temperature)") == [5]
    assert found("good and frame < 7") == [0, 3, 6]
    assert found("not good and frame < 6") == [1, 2, 4]
    for over, function in (("max", np.max), ("min", np.min), ("mean", np.mean)):
        slow = [i for i, a in enumerate(read) if function(a.arrays["weight"]) > 0.1]
        assert found(f"{over}_weight > 0.1") == slow
        slow = [i for i, a in enumerate(read) if function(np.linalg.norm(a.arrays["spin"], axis=1)) > 1.5]
        assert found(f"{over}_spin > 1.5") == slow
    assert set(columns) >= {"mean_weight", "config_type", "energy_per_atom"}
    assert len(columns) == len(list(columns))


@pytest.mark.parametrize("n_names", [1, 7, 300])
def test_a_filter_reads_no_frame(session, frames, tmp_path, monkeypatch, n_names):
    looks, arrays_of = [], frame_columns._arrays
    monkeypatch.setattr(frame_columns, "_arrays", lambda atoms: looks.append(atoms) or arrays_of(atoms))
    for atoms in frames:
        atoms.arrays.update({f"weight{i}": np.arange(len(atoms)) for i in range(n_names)})
    write(tmp_path / "more.xyz", frames, format="extxyz")
    opened = session.open(tmp_path / "more.xyz").opened
    columns = FrameColumns(gather(opened))
    # Frames are read in the job only, however many names there are.
    assert len(looks) == 2 * len(frames)
    looks.clear()
    for over in ("max", "min", "mean"):
        assert matches(f"{over}_weight0 >= 0", columns, len(frames)).all()
    assert looks == []
    assert sum(name.startswith("max_weight") for name in columns) == min(n_names, 100)


def test_predictions_in_the_file_have_columns_of_their_errors(predicted):
    state = predicted.state
    columns = FrameColumns(gather(state.data))
    n = len(state.data.envs)
    np.testing.assert_allclose(columns["energy_error_MACE"], [np.nan, *0.01 * np.arange(1, n)])
    # One of four atoms is wrong along each axis.
    np.testing.assert_allclose(columns["force_rmse_MACE"], [np.nan, *0.05 * np.arange(1, n)])
    assert matches("force_rmse_MACE > 0.5 and energy_error_MACE < 0.15", columns, n).sum() == 4


def test_computed_predictions_have_columns_beside_those_of_the_file(predicted):
    state, n = predicted.state, len(predicted.state.data.envs)
    stored = stored_predictions(state.data.dataset.frames)["MACE"]
    facts = gather(state.data)
    joined = with_predictions(facts, state.data, {"EMT": stored})
    columns = FrameColumns(joined)
    np.testing.assert_array_equal(columns["force_rmse_EMT"], columns["force_rmse_MACE"])
    assert {"force_rmse_EMT", "energy_error_EMT", "force_rmse_MACE"} <= set(joined.info)
    assert matches("force_rmse_EMT > 0.5", columns, n).any()
    assert "force_rmse_EMT" not in facts.columns
