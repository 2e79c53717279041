"""A session without a browser: the event loop is a queue that the test empties."""

import queue
import time

import numpy as np
import panel as pn
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from quests_app.jobs.cache import Cache
from quests_app.session.controller import Controller
from quests_app.session.references import ReferenceSets
from quests_app.session.state import State


def labelled(atoms, rng, label):
    atoms.info["config_type"] = label
    atoms.calc = SinglePointCalculator(
        atoms, energy=-1.0 * len(atoms), forces=rng.normal(size=(len(atoms), 3))
    )
    return atoms


def make_frames(rng, n=24):
    """Return an isolated atom, perfect crystals and increasingly distorted ones."""
    frames = [labelled(Atoms("Cu", cell=[15] * 3, pbc=True), rng, "IsolatedAtom")]
    for i in range(n - 1):
        atoms = bulk("Cu", cubic=True)
        atoms.positions += 0.02 * (i // 4) * rng.normal(size=atoms.positions.shape)
        frames.append(labelled(atoms, rng, "perfect" if i < 4 else "distorted"))
    return frames


@pytest.fixture
def frames(rng):
    return make_frames(rng)


@pytest.fixture
def file(frames, tmp_path):
    path = tmp_path / "copper.xyz"
    write(path, frames, format="extxyz")
    return path


@pytest.fixture(scope="session", autouse=True)
def _compiled(compiled):
    """Compile the kernels first, so that no test waits for them, here or in a served process."""


# The limit of every wait, far longer than needed on a busy machine.
WAIT_SECONDS = 600


class Session:
    """State and controller, with the callbacks that a server would run on its event loop.

    The methods are two quick ones; `test_path_updates` tests those of the dashboard.
    """

    def __init__(self, methods=("msc", "random"), **options):
        self.callbacks = queue.Queue()
        self.state = State(methods=list(methods), active=methods[0])
        self.controller = Controller(self.state, self.callbacks.put, **{"with_umap": False, **options})
        self.history = []
        self.state.main_activity.param.watch(lambda event: self.history.append(event.new), "step")

    def run(self, until=None):
        """Run callbacks until ``until()`` is true, by default until none is left and no job is running."""
        end = time.monotonic() + WAIT_SECONDS
        state = self.state
        activities = (
            state.main_activity, state.quick_activity, state.map_activity, state.training_activity,
            state.prediction_activity,
        )  # fmt: skip
        until = until or (
            lambda: self.callbacks.empty() and not any(activity.running for activity in activities)
        )
        while not until():
            assert time.monotonic() < end, (
                f"still at {self.state.main_activity.title}: {self.state.main_activity.step}"
            )
            try:
                self.callbacks.get(timeout=0.05)()
            except queue.Empty:
                continue

    def open(self, path, name=None):
        """Open a file and wait until everything is computed."""
        self.controller.open(path, name)
        self.run()
        return self.state


@pytest.fixture
def uncached(monkeypatch):
    """Give the test a cache of its own: it replaces a computation whose result others have cached.

    Used as a mark, it comes before the fixtures that the test names.
    """
    own = Cache()
    monkeypatch.setattr("quests_app.session.results.cache.cache", lambda: own)


@pytest.fixture
def session():
    session = Session()
    yield session
    session.controller.close()


@pytest.fixture
def opened(session, file):
    session.open(file)
    assert session.state.error == ""
    return session


@pytest.fixture(scope="session")
def opened_state(tmp_path_factory):
    """Return the state of an open file, for tests that only read it."""
    path, session = tmp_path_factory.mktemp("opened") / "copper.xyz", Session()
    write(path, make_frames(np.random.default_rng(20240607)), format="extxyz")
    assert session.open(path).error == ""
    yield session.state
    session.controller.close()


@pytest.fixture
def predicted(session, frames, tmp_path):
    """Return a session with a file that holds predictions of MACE, the worse the later the frame."""
    for i, atoms in enumerate(frames[1:], start=1):
        error = np.zeros((len(atoms), 3))
        error[i % len(atoms)] = 0.1 * i
        atoms.arrays["MACE_forces"] = atoms.get_forces() + error
        atoms.info["MACE_energy"] = atoms.get_potential_energy() + 0.01 * i * len(atoms)
    path = tmp_path / "predicted.xyz"
    write(path, frames, format="extxyz")
    session.open(path)
    assert session.state.error == ""
    return session


@pytest.fixture
def values():
    return np.linspace(0, 1, 11)


@pytest.fixture
def small(opened):
    """Return a session with a small subset, in the tab of lost environments."""
    opened.state.n_frames = 3
    opened.state.tab = "outliers"
    return opened


def text_of(view):
    """Return all HTML of a view, with ordinary spaces."""
    text = " ".join(pane.object or "" for pane in view.__panel__().select(pn.pane.HTML))
    return text.replace("\N{NO-BREAK SPACE}", " ")


def visible_text_of(view):
    """Return all visible HTML of a view."""
    return " ".join(pane.object or "" for pane in view.__panel__().select(pn.pane.HTML) if pane.visible)


def is_smallest_with_overlap(state, method, overlap=0.8):
    """Return whether the size is the smallest of the method with at least this overlap."""
    curve = state.paths[method].curve
    return state.n_frames == curve["n_frames"][curve["overlap"] >= overlap].iloc[0]


@pytest.fixture
def other_file(tmp_path):
    path = tmp_path / "other.xyz"
    write(path, make_frames(np.random.default_rng(5), 14), format="extxyz")
    return path


@pytest.fixture
def sets(opened):
    return ReferenceSets(opened.state, opened.controller)
