"""Tests of trainers by name."""

import pytest

from quests_core.potentials import GAP, TRAINERS, make_trainer, missing_trainer
from quests_core.potentials.trainers import as_trainer
from tests.core.potentials.trained import NoisyEMT


@pytest.mark.parametrize("name", TRAINERS)
def test_names(name):
    assert as_trainer(name).name == name


def test_objects_are_kept():
    for trainer in (NoisyEMT(), GAP(zeta=2)):
        assert as_trainer(trainer) is trainer


def test_others_are_refused():
    with pytest.raises(ValueError, match="trainer: expected one of 'gap', 'mace', got 'nep'"):
        as_trainer("nep")
    with pytest.raises(
        TypeError, match="trainer: expected one of 'gap', 'mace', or an object with a method train, got int"
    ):
        as_trainer(3)


def test_a_missing_trainer_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr("quests_core.potentials.gap.shutil.which", lambda *args, **keys: None)
    assert missing_trainer("gap") == "gap_fit is not installed; pip install quippy-ase provides gap_fit"
    monkeypatch.setitem(TRAINERS, "noisy", NoisyEMT)
    assert missing_trainer("noisy") == ""


def test_parameters_as_text():
    trainer = make_trainer("gap", ["n_sparse=20", " cutoff = 4 "], 30)
    assert trainer == GAP(n_sparse=20, cutoff=4.0, seconds=30)
    for text in ("command=rm", "seconds=1", "n_sparse", "quippy_ase=1"):
        with pytest.raises(ValueError, match="parameters: expected a parameter like n_sparse=1000, of "):
            make_trainer("gap", [text])
    with pytest.raises(ValueError, match="expected a number for n_sparse"):
        make_trainer("gap", ["n_sparse=0.5"])
    with pytest.raises(ValueError, match="parameters: expected each parameter once, got n_sparse again"):
        make_trainer("gap", ["n_sparse=20", "n_sparse=30"])
