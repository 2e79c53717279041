"""A small data set with forces, a trainer without a program, and what the tests press."""

import dataclasses

import pytest
from ase.io import write

from quests_app.session.training import PotentialTraining
from quests_app.views.potentials.form import TrainingForm
from quests_core.potentials import TRAINERS
from tests.core.potentials.trained import NoisyEMT, labelled_frames


@dataclasses.dataclass
class Noisy(NoisyEMT):
    """The trainer of the library's tests, made as the form makes one."""

    noise: float = 0.3
    seconds: float = 60.0

    def __post_init__(self):
        super().__init__(self.noise)


@pytest.fixture(autouse=True)
def _noisy(monkeypatch, tmp_path):
    monkeypatch.setenv("QUESTS_CACHE_DIR", str(tmp_path / "cache"))
    for name in list(TRAINERS):
        monkeypatch.delitem(TRAINERS, name)
    monkeypatch.setitem(TRAINERS, "noisy", Noisy)


@pytest.fixture
def copper(session, tmp_path):
    path = tmp_path / "copper.xyz"
    write(path, labelled_frames(), format="extxyz")
    session.open(path)
    session.state.tab = "potentials"
    return session


@pytest.fixture
def training(copper):
    return PotentialTraining(copper.state, copper.controller)


@pytest.fixture
def form(copper, training):
    return TrainingForm(copper.state, copper.controller, training, "potentials")


def press(form, label):
    (button,) = form.__panel__().select(
        lambda one: getattr(one, "label", "") == label and hasattr(one, "clicks")
    )
    button.clicks += 1


def field(form, label):
    (found,) = form.__panel__().select(lambda one: getattr(one, "label", "") == label)
    return found


def train(session, form, sizes="4, 50 %"):
    """Press Train for some sizes, and wait for the end."""
    field(form, "Sizes").param.update(value=sizes, value_input=sizes)
    press(form, "Train")
    session.run()
