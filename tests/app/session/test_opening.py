"""Files, uploads and published sets that are opened, one in place of another."""

import gzip
import threading
import time

import numpy as np
import pytest
from ase.io import write

from quests_app.analysis import analysed_dataset, method_path
from quests_app.analysis.parameters import Parameters
from quests_app.jobs import queue
from quests_app.session import controller, results
from quests_core import Progress
from quests_core.io import read_process

from ..conftest import WAIT_SECONDS, Session, make_frames

STEPS = {"reading", "descriptors", "frame entropies", "msc order"}


class SeenProgress(Progress):
    """Progress that continues once the session has shown a step."""

    def __init__(self, session, report):
        super().__init__(report, interval=0)
        self._session = session

    def __call__(self, *args):
        super().__call__(*args)
        deadline = time.monotonic() + WAIT_SECONDS
        while not set(self._session.history) & STEPS and time.monotonic() < deadline:
            time.sleep(0.001)


def test_opening_shows_the_first_method_before_the_others(session, file, monkeypatch):
    # Steps are quick and reports throttled, so the job waits until the first one has been shown.
    monkeypatch.setattr(queue, "Progress", lambda report, interval: SeenProgress(session, report))
    seen = []
    session.state.param.watch(lambda event: seen.append(list(event.new)), "paths")
    session.open(file)
    assert seen == [["msc"], ["msc", "random"]]
    assert session.state.n_frames == 6
    assert session.state.embedding.shape == (session.state.opened.envs.n_envs, 2)
    assert session.state.embedding_kind == "PCA"
    assert set(session.history) & STEPS


def test_other_parameters_start_a_new_analysis(opened):
    state, before = opened.state, opened.state.full_set_metrics["entropy"]
    opened.controller.recompute(Parameters(k=32, cutoff=5.0, bandwidth=0.05))
    assert state.parameters.bandwidth == 0.015, "nothing changes before it is computed"
    assert state.main_activity.title == "Recomputing copper.xyz"
    opened.run()
    assert state.parameters.bandwidth == 0.05
    assert state.opened.parameters == state.parameters
    assert state.full_set_metrics["entropy"] < before
    assert set(state.paths) == {"msc", "random"}


def lines_of(file, replace):
    lines = file.read_text().splitlines(keepends=True)
    return "".join(replace(lines))


# The first frame of the file has 3 lines, the others 6: frame 2 starts at line 9.


UNUSABLE = {
    "empty": ("empty.xyz", lambda file: b"", ["no frames"]),
    "cut off": ("cut.xyz", lambda file: file.read_bytes()[:-300], ["frame 23", "cut off"]),
    "NaN": (
        "nan.xyz",
        lambda file: lines_of(file, lambda x: [*x[:12], "Cu nan 0 0 0 0 0\n", *x[13:]]).encode(),
        ["frame 2"],
    ),
    "no atoms": ("none.xyz", lambda file: file.read_bytes() + b"0\nenergy=1\n", ["frame 24", "no atoms"]),
    "wrong format": ("table.csv", lambda file: b"a,b\n1,2\n", ["cannot be read"]),
    "text": ("text.xyz", lambda file: b"hello\nworld\n", ["frame 0", "hello"]),
    "rubbish": ("noise.xyz", lambda file: bytes(range(256)) * 40, ["frame 0"]),
    "broken gzip": ("half.xyz.gz", lambda file: gzip.compress(file.read_bytes())[:-50], ["gzip"]),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_an_unusable_file_shows_an_error_and_keeps_the_open_one(opened, file, tmp_path, kind):
    name, content, expected = UNUSABLE[kind]
    bad = tmp_path / name
    bad.write_bytes(content(file))
    state = opened.state
    before = (state.opened, state.paths, state.embedding, state.n_frames)
    opened.open(bad)
    assert name in state.error
    for part in expected:
        assert part in state.error
    assert "results shown are unchanged" in state.error
    assert (state.opened, state.paths, state.embedding, state.n_frames) == before
    opened.open(file)
    assert state.error == "", "the next request clears the error"


def test_a_missing_file_shows_an_error(opened, tmp_path):
    opened.open(tmp_path / "nowhere.xyz")
    assert "nowhere.xyz" in opened.state.error


@pytest.mark.usefixtures("uncached")
def test_cancelling_keeps_the_open_file(opened, tmp_path, monkeypatch):
    started = threading.Event()

    def slow(dataset, parameters, progress):
        started.set()
        while True:
            progress("descriptors", 1, 2)
            threading.Event().wait(0.01)

    monkeypatch.setattr(analysed_dataset, "environments", slow)
    other = tmp_path / "other.xyz"
    write(other, make_frames(np.random.default_rng(5)), format="extxyz")
    before = opened.state.opened
    opened.controller.open(other)
    opened.run(until=started.is_set)
    opened.controller.cancel()
    opened.run()
    assert opened.state.opened is before
    assert opened.state.error == ""
    assert "Cancelled" in opened.state.notice


@pytest.mark.usefixtures("uncached")
def test_a_file_opened_while_methods_are_computed_changes_no_choice(opened, other_file, monkeypatch):
    state, started = opened.state, threading.Event()
    compute = method_path.method_path

    def slow(data, method, marks, progress, **options):
        while method == "fps" and data is first:
            started.set()
            progress("fps", 1, 2)
            threading.Event().wait(0.01)
        return compute(data, method, marks, progress, **options)

    first = state.opened
    monkeypatch.setattr(method_path, "method_path", slow)
    state.methods = ["msc", "random", "fps"]
    opened.run(until=started.is_set)
    opened.controller.open(other_file.with_name("missing.xyz"))
    opened.run(until=lambda: state.error and state.main_activity.title == "Computing fps")
    assert state.methods == ["msc", "random", "fps"], "computing continues if no file is opened"
    opened.open(other_file)
    assert state.opened is not first
    assert (sorted(state.methods), state.notice, state.error) == (["fps", "msc", "random"], "", "")
    assert set(state.paths) == set(state.methods)


def test_replaced_and_failed_uploads_are_deleted(session, file):
    session.controller.upload("one.xyz", file.read_bytes())
    session.run()
    first = session.state.opened.dataset.path
    session.controller.upload("bad.xyz", "rubbish")
    session.run()
    assert first.exists()
    assert [path for path in first.parents[1].rglob("*") if path.is_file()] == [first]
    session.controller.upload("two.xyz", file.read_bytes() + file.read_bytes())
    session.run()
    assert session.state.opened.dataset.name == "two.xyz"
    assert not first.exists()


def test_one_frame_and_one_atom(session, tmp_path):
    path = tmp_path / "one.xyz"
    path.write_text("1\nProperties=species:S:1:pos:R:3\nCu 0 0 0\n")
    state = session.open(path)
    assert state.error == ""
    assert state.sizes.tolist() == [1]
    assert state.full_set_metrics["entropy"] == 0
    assert not state.opened.dataset.has_forces


def test_another_bandwidth_keeps_the_map_and_another_descriptor_does_not(frames, tmp_path, monkeypatch):
    class Worker:
        def embed(self, X, progress):
            computed.append(X.shape)
            return X[:, :2] + len(computed)

    computed, own = [], tmp_path / "own.xyz"
    # Of no other test, whose results would be in the cache.
    write(own, frames[3:19], format="extxyz")
    monkeypatch.setattr(queue, "umap_worker", Worker)
    session = Session(with_umap=True)
    state = session.open(own)
    assert (state.embedding_kind, len(computed)) == ("UMAP", 1)
    before = state.embedding
    session.controller.recompute(Parameters(bandwidth=0.5))
    session.run()
    assert state.opened.parameters.bandwidth == 0.5
    assert (state.embedding_kind, len(computed)) == ("UMAP", 1)
    assert state.embedding is before
    session.controller.recompute(Parameters(bandwidth=0.5, k=7))
    session.run()
    assert (state.embedding_kind, len(computed)) == ("UMAP", 2)
    session.controller.close()


def test_the_demo_opens():
    session = Session()
    session.controller.open_demo()
    session.run()
    assert session.state.error == ""
    assert session.state.opened.dataset.name == controller.DEMO_NAME
    assert session.controller.shows_demo
    session.controller.close()


def test_a_published_data_set_opens_by_its_name(session, file, monkeypatch):
    monkeypatch.setattr(results, "fetch", lambda name, progress: {"tm23:Cu": file}[name])
    state = session.open("tm23:Cu")
    assert state.error == ""
    assert (state.opened.dataset.name, state.opened.dataset.path) == ("tm23:Cu", file)


def test_an_unavailable_published_data_set_keeps_the_open_file(opened, monkeypatch):
    def refuse(name, progress):
        raise ConnectionError(f"{name}: it is not in the cache yet, and cannot be downloaded")

    before = opened.state.opened
    monkeypatch.setattr(results, "fetch", refuse)
    state = opened.open("colabfit:C_NPJ2020")
    assert state.error == (
        "Could not open colabfit:C_NPJ2020: it is not in the cache yet, and cannot be downloaded. "
        "The results shown are unchanged."
    )
    assert state.opened is before


ENDLESS = (
    "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n999999999\nITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\n"
    "ITEM: ATOMS id type x y z\n1 1 0 0 0\n"
)


def test_cancelling_frees_the_worker_from_an_endless_file(session, file, tmp_path):
    path = tmp_path / "x.lammpsdump"
    path.write_text(ENDLESS)
    session.controller.open(path)
    session.run(lambda: session.state.main_activity.step == read_process.STEP)
    session.controller.cancel()
    session.run()
    assert session.state.notice == "Cancelled."
    session.open(file)
    assert session.state.opened.dataset.path == file
    read_process.close()
