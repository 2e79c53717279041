"""The choice of a bandwidth, and distinguishing elements."""

import dataclasses
import math
import threading

import numpy as np
import panel as pn
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write
from bokeh.document import Document
from panel.io.server import set_curdoc

from quests_app.analysis import analysed_dataset, method_path, parameters
from quests_app.analysis.bandwidth import GRID, SAMPLE, EntropyCurve, entropy_curve, suggestion
from quests_app.analysis.parameters import Parameters
from quests_app.exports import code
from quests_app.exports import record as record_module
from quests_app.views.header.summary import SummaryView
from quests_app.views.sidebar.settings import SettingsView
from tests.app.conftest import text_of

pn.extension()


def test_the_note_states_the_sample_of_a_large_set(rng, opened):
    assert entropy_curve(rng.normal(size=(SAMPLE + 7, 2))).n_sample == SAMPLE
    view = SettingsView(opened.state, opened.controller)
    view._content.active = [0]
    view._curve = EntropyCurve(GRID, np.linspace(8, 0, 25), SAMPLE, 232_144)
    view._show_bandwidth()
    assert "a random sample of 5,000 of 232,144 environments" in text_of(view)


def test_the_curve_is_computed_only_while_the_section_is_open(opened):
    view = SettingsView(opened.state, opened.controller)
    assert view._curve is None
    assert not len(view._chart)
    view._content.active = [0]
    opened.run()
    assert len(view._chart) == 1
    expected = entropy_curve(opened.state.opened.envs.X).at(0.015)
    assert f"H ≈ <b>{expected:.2f}</b>" in text_of(view)


@pytest.mark.usefixtures("uncached")
def test_cancelling_the_curve_changes_no_choice(opened, monkeypatch):
    started, state = threading.Event(), opened.state

    def endless(X, progress):
        started.set()
        while True:
            progress("entropies", 1, 2)
            threading.Event().wait(0.01)

    monkeypatch.setattr("quests_app.views.sidebar.settings.entropy_curve", endless)
    view = SettingsView(state, opened.controller)
    view._content.active = [0]
    opened.run(until=started.is_set)
    state.methods = ["msc", "random", "fps"]
    opened.controller.cancel()
    opened.run()
    assert view._curve is None
    assert set(state.paths) == set(state.methods) == {"msc", "random", "fps"}


def test_slider_and_field_agree(opened):
    view = SettingsView(opened.state, opened.controller)
    assert view._slider.value == pytest.approx(math.log10(0.015), abs=0.006)
    view._slider.value = -1.0
    assert view._bandwidth.value == "0.1"
    assert view._plot.part("Current").location == pytest.approx(0.1)
    view._bandwidth.value = "0.0321"
    view._bandwidth.param.trigger("value_input")
    assert view._bandwidth.value == "0.0321", "the slider does not round the entered value"
    assert view._slider.value == pytest.approx(math.log10(0.0321), abs=0.006)
    view._recompute()
    opened.run()
    assert opened.state.parameters.bandwidth == 0.0321


def test_updates_of_the_bandwidth_are_held(opened):
    view, document, held = SettingsView(opened.state, opened.controller), Document(), []
    view._plot.part("Current").on_change(
        "location", lambda attr, old, new: held.append(document.callbacks.hold_value)
    )
    with set_curdoc(document):
        view._bandwidth.value_input = "0.02"
    assert held == ["combine"]
    assert document.callbacks.hold_value is None


def test_the_suggestion_is_filled_in(opened):
    bandwidth, _ = suggestion(opened.state.opened.dataset)
    view = SettingsView(opened.state, opened.controller)
    view._take_suggestion()
    assert view._bandwidth.value == f"{bandwidth:.3g}"


def test_molecules_have_no_volume(session, tmp_path):
    write(tmp_path / "a.xyz", [Atoms("N2", positions=[[0, 0, 0], [0, 0, 1.1 + i / 10]]) for i in range(3)])
    session.open(tmp_path / "a.xyz")
    view = SettingsView(session.state, session.controller)
    view._content.active = [0]
    view._take_suggestion()
    assert "the volume per atom is undefined" in text_of(view)
    assert view._bandwidth.value == "0.015"


def test_elements_are_distinguished_everywhere(session, tmp_path):
    swapped = bulk("Ag", cubic=True)
    swapped.symbols[0] = "Pd"
    write(tmp_path / "alloy.xyz", [bulk("Ag", cubic=True), swapped], format="extxyz")
    state = session.open(tmp_path / "alloy.xyz")
    view, summary = SettingsView(state, session.controller), SummaryView(state)
    blind = state.full_set_metrics["entropy"]
    view._content.active = [0]
    assert "elements are not distinguished" in text_of(view)
    view._species.value = True
    assert "so elements are distinguished" in text_of(view)
    view._recompute()
    session.run()
    assert state.parameters == Parameters(species=True)
    assert state.opened.envs.X.shape[1] == 3 * 63
    assert state.full_set_metrics["entropy"] > blind
    assert "(distinguished)" in text_of(summary)
    assert "species=['Ag', 'Pd']" in code.python_code(state.opened, state.path, 1)
    record = record_module.record(state.opened, state.path, 1, "file", b"")
    assert record["parameters"]["species"] == ["Ag", "Pd"]
    assert "--species" in code.command(state.opened, state.path, 1)


def test_each_setting_recomputes_only_what_depends_on_it(opened, monkeypatch):
    made = []
    modules = {"load": parameters, "environments": analysed_dataset, "method_path": method_path}
    for name, module in modules.items():
        function = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, f=function, n=name, **k: (made.append(n), f(*a, **k))[1])

    def change(**changed):
        made.clear()
        opened.controller.recompute(Parameters(**changed))
        opened.run()
        return made

    assert change(bandwidth=0.0171) == ["method_path"] * 2
    assert change(bandwidth=0.0171, k=11) == ["environments", "method_path", "method_path"]
    assert change(bandwidth=0.0171) == [], "earlier results are cached"


def test_settings_follow_the_open_analysis(opened):
    view = SettingsView(opened.state, opened.controller)
    view._bandwidth.value = "0.05"
    view._recompute()
    opened.run()
    assert opened.state.parameters.bandwidth == 0.05
    assert view._bandwidth.value == "0.05"


def test_changes_are_marked_until_they_are_applied_or_discarded(opened):
    view = SettingsView(opened.state, opened.controller)
    assert not view._unapplied.visible
    view._k.value, view._species.value = "12", True
    assert view._unapplied.visible
    assert "Not applied: Neighbours k, elements" in view._changes.object
    view._discard.clicks += 1
    assert (view._k.value, view._species.value, view._unapplied.visible) == ("32", False, False)
    view._bandwidth.value = "0.0200"
    view._recompute()
    assert view._unapplied.visible, "until the results are there"
    opened.controller.cancel()
    opened.run()
    assert (view._bandwidth.value, view._unapplied.visible) == ("0.0200", True)
    view._recompute()
    opened.run()
    assert not view._unapplied.visible
    assert opened.state.parameters == Parameters(bandwidth=0.02)


def test_a_file_opened_keeps_changes_that_are_not_applied(opened, other_file):
    view = SettingsView(opened.state, opened.controller)
    view._content.active = [0]
    opened.run()
    view._k.value, view._keys["energy_key"].value = "12", "E"
    opened.controller.open(other_file)
    opened.run(lambda: opened.state.opened.dataset.path == other_file)
    assert not len(view._plot.sources["Entropy", ""].data["entropy"]), "not the curve of another file"
    assert (view._k.value, view._keys["energy_key"].value, view._cutoff.value) == ("12", "", "5")
    assert "Not applied: Neighbours k<" in view._changes.object
    opened.run()
    expected = entropy_curve(opened.state.opened.envs.X).entropies
    np.testing.assert_array_equal(view._plot.sources["Entropy", ""].data["entropy"], expected)


def test_a_parameter_is_shown_exactly(opened):
    opened.controller.recompute(Parameters(bandwidth=0.0234567891))
    view = SettingsView(opened.state, opened.controller)
    opened.run()
    assert (view._bandwidth.value, view._unapplied.visible) == ("0.0234567891", False)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("_k", "1"),
        ("_k", "3.5"),
        ("_cutoff", "-1"),
        ("_cutoff", "1e9"),
        ("_bandwidth", "nan"),
        ("_bandwidth", ""),
    ],
)
def test_invalid_settings_are_refused(opened, field, text):
    view = SettingsView(opened.state, opened.controller)
    getattr(view, field).value = text
    view._recompute()
    assert "expected" in opened.state.error
    assert repr(text) in opened.state.error
    assert not opened.state.main_activity.running


def test_each_number_says_what_it_means_and_what_a_change_costs(opened):
    view, state = SettingsView(opened.state, opened.controller), opened.state
    assert state.opened.seconds > 0, "measured as the file was opened"
    for seconds, text in ((0.2, "less than a second"), (7.4, "about 7 s"), (150, "about 2 min")):
        state.opened = dataclasses.replace(state.opened, seconds=seconds)
        for name in ("k", "cutoff"):
            assert f"recomputes the descriptors ({text} for this file)." in view._meaning[name].object
    assert "only kernel sums" in view._meaning["bandwidth"].object
    state.opened = dataclasses.replace(state.opened, seconds=None)
    assert "recomputes the descriptors." in view._meaning["k"].object


def test_the_measured_time_stays_with_the_cached_descriptors(opened, file):
    before = opened.state.opened
    opened.controller.recompute(dataclasses.replace(before.parameters, bandwidth=0.05))
    opened.run()
    after = opened.state.opened
    assert after is not before
    assert after.seconds == before.seconds


def test_a_bandwidth_beyond_the_slider_stays(opened):
    view = SettingsView(opened.state, opened.controller)
    for bandwidth in (85.25, 1e-9):
        opened.controller.recompute(dataclasses.replace(opened.state.parameters, bandwidth=bandwidth))
        opened.run()
        assert float(view._bandwidth.value) == bandwidth
        assert not view._unapplied.visible
