"""Training of potentials in a session: results as they finish, cancellation, and what is kept."""

import threading

import pytest

from quests_app.analysis.training import TrainingRequest
from quests_app.jobs import queue
from quests_app.jobs.eviction import evict_potentials
from quests_app.session.training import PotentialTraining
from tests.app.conftest import WAIT_SECONDS
from tests.core.potentials.trained import NoisyEMT


class Pausing(NoisyEMT):
    """Waits at the third potential until it is allowed to continue."""

    def __init__(self):
        super().__init__()
        self.arrived, self.go_on = threading.Event(), threading.Event()

    def train(self, frames, atom_energies, folder, seed, check):
        if len(self.calls) == 2:
            self.arrived.set()
            while not self.go_on.wait(0.01):
                check()
        return super().train(frames, atom_energies, folder, seed, check)


def request(trainer, **changes):
    return TrainingRequest(
        **{"methods": ("msc", "random"), "sizes": (4, 8), "n_seeds": 1, "trainer": trainer, "test": "random",
           "test_size": 0.2, **changes}
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("QUESTS_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def training(opened):
    return PotentialTraining(opened.state, opened.controller)


def test_results_follow_and_what_is_finished_is_not_repeated(opened, training):
    sizes = []
    training.param.watch(
        lambda event: sizes.append(0 if event.new is None else len(event.new.table)), "comparison"
    )
    trainer = NoisyEMT()
    training.train(request(trainer))
    opened.run()
    assert sizes[:5] == [1, 2, 3, 4, 4]
    assert (training.error, training.notice, training.n_requested) == ("", "", 4)
    first = training.comparison.table.drop(columns="seconds")
    training.train(request(trainer))
    opened.run()
    assert len(trainer.calls) == 4
    assert training.comparison.table.drop(columns="seconds").equals(first)


@pytest.mark.parametrize("cache", ["own", "none"])
def test_a_cancelled_training_continues_where_it_ended(opened, training, monkeypatch, cache):
    if cache == "none":
        monkeypatch.setenv("QUESTS_CACHE_DIR", "")
    trainer = Pausing()
    training.train(request(trainer))
    opened.run(
        until=lambda: (
            trainer.arrived.is_set()
            and training.comparison is not None
            and len(training.comparison.table) == 2
        )
    )
    training.cancel()
    opened.run()
    assert training.notice == "Cancelled. 2 potentials finished so far: Train continues with the rest."
    assert not opened.state.training_activity.running
    assert opened.state.notice == opened.state.error == ""
    trainer.go_on.set()
    training.train(request(trainer))
    opened.run()
    assert len(training.comparison.table) == len(trainer.calls) == 4


def test_other_jobs_need_not_wait_for_a_training(opened, training):
    trainer, done = Pausing(), []
    training.train(request(trainer))
    opened.run(until=trainer.arrived.is_set)
    opened.controller.run("Something", lambda _: 1, done.append, done.append)
    opened.run(until=lambda: done)
    assert done == [1]
    training.cancel()


def test_another_file_ends_the_training(opened, training, other_file):
    trainer = Pausing()
    training.train(request(trainer))
    opened.run(until=trainer.arrived.is_set)
    opened.controller.open(other_file)
    opened.run()
    assert training.comparison is None
    assert (training.notice, training.error) == ("", "")


def test_a_refusal_is_a_sentence(opened, training):
    training.train(request(NoisyEMT(), sizes=(500,)))
    opened.run()
    assert training.error == "sizes: expected at most the 18 frames of the training part, got 500."
    training.train(request(NoisyEMT()))
    opened.run()
    assert training.error == ""


def test_a_session_that_may_not_train_starts_nothing(opened, training):
    opened.controller.may_train = False
    with pytest.raises(PermissionError, match="does not train"):
        training.train(request(NoisyEMT()))
    assert not opened.state.training_activity.running


def test_the_end_of_a_session_ends_its_training(opened, training):
    trainer = Pausing()
    training.train(request(trainer))
    opened.run(until=trainer.arrived.is_set)
    opened.controller.close()
    # The worker thread is free for others.
    assert queue.executor("training").submit(lambda: 5).result(WAIT_SECONDS) == 5


def test_what_is_kept_is_limited(opened, training, tmp_path, monkeypatch):
    trainer = NoisyEMT()
    monkeypatch.setattr(
        "quests_app.session.training.evict_potentials", lambda cache: evict_potentials(cache, 0)
    )
    training.train(request(trainer))
    opened.run()
    assert len(training.comparison.table) == 4
    assert list((tmp_path / "cache").rglob("*.json")) == []

    def failing(cache):
        raise PermissionError("not yours")

    monkeypatch.setattr("quests_app.session.training.evict_potentials", failing)
    training.train(request(trainer))
    opened.run()
    assert training.error == ""
    assert len(trainer.calls) == 8
