"""The form of the Potentials tab: what it offers, refuses and reports."""

import pytest
from ase.io import write

from quests_app.analysis.parameters import Marks
from quests_app.views.potentials.form import TrainingForm
from quests_core.potentials import GAP, TRAINERS
from tests.app.conftest import visible_text_of
from tests.app.views.potentials.conftest import Noisy, field, press, train
from tests.core.potentials.trained import labelled_frames


def test_progress_and_outcome_are_counted(copper, training, form):
    train(copper, form)
    assert training.error == ""
    assert "8 potentials; 4 test frames." in visible_text_of(form)
    press(form, "Train")
    assert "0 of 8 potentials finished" in visible_text_of(form)
    assert field(form, "Cancel").visible
    press(form, "Cancel")
    assert "Cancelled." in visible_text_of(form)
    assert not field(form, "Train").disabled
    copper.run()


@pytest.mark.parametrize(
    ("label", "text", "message"),
    [
        ("Sizes", "400", "sizes: expected at most the 16 frames of the training part, got 400."),
        ("Sizes", "all", "sizes: expected a number like 100"),
        ("Parameters", "nose=3", "parameters: expected a parameter like n_sparse=1000, of noise; got"),
        ("Time limit / min", "soon", "time limit: expected a number of minutes, got &#x27;soon&#x27;"),
        ("Test size", "100 %", "test: expected at least 1 frame in each part, got none in the training part"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(copper, form, label, text, message):
    field(form, label).param.update(value=text, value_input=text)
    press(form, "Train")
    copper.run()
    assert message in visible_text_of(form)
    field(form, label).param.update(value="20", value_input="20")
    assert copper.state.error == ""


def test_labels_are_offered_to_be_held_out(copper, training, form):
    test, labels = field(form, "Test set"), field(form, "Labels to hold out")
    assert not labels.visible
    test.value = "labels"
    assert labels.visible
    assert not field(form, "Test size").visible
    assert labels.options == ["cold", "hot"]
    press(form, "Train")
    copper.run()
    assert "test_labels: expected some of" in training.error
    labels.value = ["hot"]
    field(form, "Sizes").param.update(value="4", value_input="4")
    press(form, "Train")
    copper.run()
    assert training.comparison.split.test.tolist() == list(range(10, 20))


def test_a_test_set_of_other_elements_and_frames_without_forces_are_refused(copper, training, form, tmp_path):
    frames = labelled_frames()
    for atoms in frames[10:]:
        atoms.symbols[:] = "Au"
    frames[3].calc = None
    write(tmp_path / "gold.xyz", frames, format="extxyz")
    copper.open(tmp_path / "gold.xyz")
    field(form, "Sizes").param.update(value="4", value_input="4")
    press(form, "Train")
    copper.run()
    assert "frame 3: expected forces, got none (1 of 20 frames have none)." in visible_text_of(form)
    copper.state.marks = Marks(excluded=(3,))
    copper.run()
    field(form, "Test set").value, field(form, "Labels to hold out").value = "labels", ["hot"]
    press(form, "Train")
    copper.run()
    assert "expected only elements of the training part in the test set, got Au." in visible_text_of(form)
    assert training.comparison is None


def test_without_a_trainer_permission_or_forces_there_is_no_form(copper, training, tmp_path, monkeypatch):
    def shown():
        view = TrainingForm(copper.state, copper.controller, training, "potentials")
        assert not view._form.visible
        return visible_text_of(view)

    monkeypatch.setitem(TRAINERS, "gap", GAP)
    monkeypatch.delitem(TRAINERS, "noisy")
    monkeypatch.setattr("quests_core.potentials.gap.shutil.which", lambda *args, **keys: None)
    assert "No trainer is installed on this server. <code>pip install" in shown()
    copper.controller.may_train = False
    assert "Training is switched off on this server" in shown()
    copper.controller.may_train = True
    monkeypatch.setitem(TRAINERS, "noisy", Noisy)
    frames = labelled_frames()
    for atoms in frames:
        atoms.calc = None
    write(tmp_path / "bare.xyz", frames, format="extxyz")
    copper.open(tmp_path / "bare.xyz")
    assert "This file has no forces" in shown()
