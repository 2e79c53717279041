"""The exported tables."""

import numpy as np
import pytest
from ase.io import write

from quests_app.analysis.parameters import Marks
from quests_app.exports.bundle import ExportOptions
from quests_app.exports.tables import tables
from quests_app.views.frames.frames import FramesView
from quests_core.potentials import stored_predictions
from tests.app.exports.archives import csv, unzipped


# Raised by a call in Bokeh.
@pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame:DeprecationWarning")
def test_the_table_of_frames_matches_the_page(opened):
    state = opened.state
    state.marks = Marks(locked=(0,), excluded=(4,))
    opened.run()
    view = FramesView(state, opened.controller)
    opened.run()
    files, _ = unzipped(state, ExportOptions(parts=("tables",)), n=state.n_frames)
    frames, shown = csv(files, "frames"), view._table.value
    assert frames["rank"].isna().tolist() == [i == 4 for i in range(24)]
    for name, title in {
        "rank": "rank",
        "n_atoms": "n_atoms",
        "energy_per_atom": "energy_per_atom_eV",
        "max_force": "max_force_eV_per_angstrom",
        "max_delta_entropy": "max_delta_entropy_nats",
    }.items():
        np.testing.assert_allclose(frames[title], shown[name].astype(float), rtol=1e-6)
    for name in ("label", "formula", "state"):
        assert frames[name].tolist() == shown[name].tolist()
    assert frames["state"].tolist() == state.status.tolist()
    assert set(frames["elements"]) == {"Cu"}


def test_errors_of_computed_predictions_are_columns(predicted):
    state = predicted.state
    state.predictions = {"EMT": stored_predictions(state.data.dataset.frames)["MACE"]}
    data = state.report_data()
    found = tables(data)["frames"]
    assert found["force_rmse_EMT"].notna().any()
    np.testing.assert_array_equal(found["force_rmse_EMT"], found["force_rmse_MACE"])
    np.testing.assert_array_equal(found["energy_error_EMT"], found["energy_error_MACE"])


def test_an_unreadable_energy_does_not_affect_other_frames(session, frames, tmp_path):
    frames[3].info["energy"] = "failed"
    frames[3].calc = None
    write(tmp_path / "a.xyz", frames, format="extxyz")
    session.open(tmp_path / "a.xyz")
    files, _ = unzipped(session.state, ExportOptions(parts=("tables",)))
    assert csv(files, "frames")["energy_eV"].isna().tolist() == [i == 3 for i in range(24)]
