"""Tests of trainers by name."""

import pytest

from quests_core.potentials import GAP, TRAINERS
from quests_core.potentials.trainers import as_trainer
from tests.core.potentials.trained import NoisyEMT


@pytest.mark.parametrize("name", TRAINERS)
def test_names(name):
    assert as_trainer(name).name == name


def test_objects_are_kept():
    for trainer in (NoisyEMT(), GAP(zeta=2)):
        assert as_trainer(trainer) is trainer


def test_others_are_refused():
    with pytest.raises(ValueError, match="trainer: expected one of 'gap', got 'mace'"):
        as_trainer("mace")
    with pytest.raises(
        TypeError, match="trainer: expected one of 'gap', or an object with a method train, got int"
    ):
        as_trainer(3)
