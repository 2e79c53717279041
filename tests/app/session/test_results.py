"""Results of the analysis, cached for all sessions."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from ase.io import write

import quests_core
from quests_app.analysis import analysed_dataset, compare, map_placement, method_path, stored
from quests_app.analysis.methods import MSC_WITH_REFERENCE
from quests_app.analysis.parameters import Marks
from quests_app.jobs import cluster
from quests_app.server import allowed_paths
from quests_app.session import link, results
from quests_app.session.references import ReferenceSets
from quests_core.store.manifest import Manifest
from quests_core.utils import tasks
from tests.app.conftest import Session
from tests.core.cluster import local_client


def test_a_second_session_uses_the_cached_analysis(opened, file, monkeypatch):
    def fail(*_, **__):
        raise AssertionError("computed again")

    monkeypatch.setattr(results, "load", fail)
    monkeypatch.setattr(analysed_dataset, "environments", fail)
    monkeypatch.setattr(map_placement, "pca", fail)
    monkeypatch.setattr(method_path, "method_path", fail)
    other = Session()
    try:
        state = other.open(file)
        assert state.error == ""
        assert state.paths["msc"] is opened.state.paths["msc"]
        assert state.opened.dataset.path == file
    finally:
        other.controller.close()


def test_equal_content_under_another_name_keeps_its_own_name(opened, file, tmp_path):
    twin = tmp_path / "twin.xyz"
    twin.write_bytes(file.read_bytes())
    state = opened.open(twin)
    assert state.opened.dataset.name == "twin.xyz"
    assert state.opened.dataset.path == twin


@pytest.fixture
def store(file, tmp_path):
    quests_core.descriptors(file, k=8, cutoff=4.0, store=tmp_path / "a.envs")
    return tmp_path / "a.envs"


def test_a_store_is_opened_without_computing_its_descriptors(session, store, file, monkeypatch):
    def fail(*_, **__):
        raise AssertionError("computed again")

    monkeypatch.setattr(analysed_dataset, "environments", fail)
    state = session.open(store)
    assert state.error == ""
    opened = state.opened
    assert (opened.dataset.name, opened.dataset.path, opened.source) == ("copper.xyz", file, store)
    assert state.notice == "The descriptors are those of the store a.envs: k = 8, cutoff 4 Å."
    assert (opened.parameters.k, opened.parameters.cutoff) == (8, 4.0)
    assert opened.envs.store.path == store
    assert state.full_set_metrics["entropy"] == pytest.approx(quests_core.entropy(opened.envs), abs=1e-6)
    assert f"file={store}&k=8&" in link.query(state, False)
    # Another bandwidth keeps the descriptors; another k computes those of the file.
    session.controller.recompute(dataclasses.replace(opened.parameters, bandwidth=0.03))
    session.run()
    assert state.error == ""
    assert state.opened.envs.store is not None
    assert state.opened.parameters.bandwidth == 0.03
    monkeypatch.undo()
    session.controller.recompute(dataclasses.replace(state.opened.parameters, k=9))
    session.run()
    assert state.opened.source == file
    assert state.opened.envs.X.shape[1] == 17


def test_results_of_a_store_are_those_of_its_file(session, store, file):
    order = session.open(store).path.order.tolist()
    other = Session()
    try:
        other.state.parameters = dataclasses.replace(other.state.parameters, k=8, cutoff=4.0)
        assert other.open(file).path.order.tolist() == order
    finally:
        other.controller.close()


def test_a_store_without_its_file_is_an_error(session, store, file):
    moved = file.with_name("moved.xyz")
    file.rename(moved)
    assert "copper.xyz, which is not there; move it back" in session.open(store).error
    moved.write_bytes(moved.read_bytes().replace(b"perfect", b"Perfect"))
    moved.rename(file)
    assert "copper.xyz changed since the store was written" in session.open(store).error
    assert session.state.opened is None


def test_files_of_a_store_are_subject_to_allowed_paths(file, store, tmp_path, monkeypatch):
    """Unless the server was started with the store."""
    data = tmp_path / "data"
    data.mkdir()
    store.rename(data / "a.envs")
    monkeypatch.setenv("QUESTS_DATA_DIRS", str(data))
    for started_with, allowed in (("", False), (str(data / "a.envs"), True)):
        monkeypatch.setenv("QUESTS_FILE", started_with)
        session = Session(allowed_paths=allowed_paths.of_request(None))
        try:
            state = session.open(data / "a.envs")
            assert (state.opened is not None) == allowed
            assert allowed or "expected a path beneath" in state.error
        finally:
            session.controller.close()


def test_a_store_that_is_not_complete_or_too_large(session, store, monkeypatch):
    monkeypatch.setattr(stored, "BYTES_PER_ENV", 10**15)
    error = session.open(store).error
    assert error.startswith("Could not open a.envs: its 24 frames with 93 environments would take about")
    assert "Entropy " in error
    assert f"--store {store} -k 8 -c 4.0 -s 10%" in error
    manifest = Manifest.load(store)
    dataclasses.replace(manifest, complete=False).save(store)
    assert "is not complete" in session.open(store).error


@pytest.fixture
def on_cluster(monkeypatch):
    """Yield the connection of a server to a cluster of two threads, and the calls with a client."""
    monkeypatch.setattr(cluster, "_INTERVAL", 0.01)
    calls = []
    for module, name in (
        (method_path, "select"),
        (method_path, "compression_path"),
        (compare, "delta_entropy"),
    ):
        own = getattr(module, name)

        def spy(*args, own=own, name=name, **options):
            calls.append((options.get("method", name), options.get("client") is not None))
            return own(*args, **options)

        monkeypatch.setattr(module, name, spy)
    with local_client(n_workers=1, threads_per_worker=2, processes=False, protocol="tcp://") as client:
        monkeypatch.setenv(cluster.SCHEDULER, client.scheduler.address)
        yield SimpleNamespace(own=cluster.cluster(), calls=calls, client=client)
        cluster.cluster().close()


@pytest.mark.jit
@pytest.mark.usefixtures("uncached")
def test_workers_of_a_cluster_order_the_frames_of_a_store(on_cluster, store):
    methods = ("msc", "balanced", "random")
    session = Session(methods)
    try:
        session.controller.follow_cluster()
        state = session.open(store)
        assert state.error == ""
        by_workers = {("msc", True), ("balanced", True), ("random", False), ("compression_path", True)}
        assert by_workers <= set(on_cluster.calls)
        assert ("msc", False) not in on_cluster.calls
        found = {method: path.order.tolist() for method, path in state.paths.items()}
        opened = state.opened
        for method in methods:
            order = quests_core.select(opened.envs, method, locked=(0,)).order.tolist()
            assert found[method] == order
        session.run(lambda: state.cluster is not None and state.cluster.n_threads == 2)
        on_cluster.calls.clear()
        # Those of a file are ordered by this process.
        state.marks = Marks(excluded=(3,))
        session.run()
        assert ("msc", True) in on_cluster.calls
        expected = quests_core.select(opened.envs, "msc", excluded=(3,)).order.tolist()
        assert state.paths["msc"].order.tolist() == expected
        on_cluster.calls.clear()
        session.controller.recompute(dataclasses.replace(state.opened.parameters, k=9))
        session.run()
        assert on_cluster.calls
        assert not any(with_client for _, with_client in on_cluster.calls)
    finally:
        session.controller.close()
    assert on_cluster.own._watchers == []


@pytest.mark.jit
@pytest.mark.usefixtures("uncached")
def test_workers_of_a_cluster_compare_two_stores(on_cluster, store, frames, tmp_path):
    write(tmp_path / "other.xyz", frames[10:], format="extxyz")
    other = quests_core.descriptors(tmp_path / "other.xyz", k=8, cutoff=4.0, store=tmp_path / "b.envs")
    session = Session()
    try:
        state = session.open(store)
        sets = ReferenceSets(state, session.controller)
        on_cluster.calls.clear()
        sets.add(tmp_path / "b.envs")
        session.run()
        assert state.error == ""
        assert on_cluster.calls.count(("delta_entropy", True)) == 2
        assert ("msc", True) in on_cluster.calls, "with the reference"
        expected = quests_core.delta_entropy(state.opened.envs, other)
        np.testing.assert_allclose(sets.comparison.novelty, expected, atol=1e-5)
        order = quests_core.select(state.opened.envs, "msc", reference=other, locked=(0,)).order
        assert state.paths[MSC_WITH_REFERENCE].order.tolist() == order.tolist()
    finally:
        session.controller.close()


@pytest.mark.jit
@pytest.mark.usefixtures("uncached")
def test_without_the_cluster_this_process_computes(on_cluster, store, monkeypatch):
    """If the connection is lost in the middle, and from then on."""
    own = method_path.select

    def lose(*args, **options):
        if options["client"] is not None:
            options["client"].close()
        return own(*args, **options)

    monkeypatch.setattr(method_path, "select", lose)
    # Not connected again meanwhile.
    monkeypatch.setattr("quests_app.jobs.cluster.tasks.connect", connect_once())
    session = Session()
    try:
        state = session.open(store)
        assert state.error == ""
        assert [one for one in on_cluster.calls if one[0] == "msc"] == [("msc", True), ("msc", False)]
        order = quests_core.select(state.opened.envs, "msc", locked=(0,)).order.tolist()
        assert state.paths["msc"].order.tolist() == order
    finally:
        session.controller.close()


def connect_once():
    """Return a function that connects to a cluster once."""
    connect, n_left = tasks.connect, [1]

    def once(*args):
        if not n_left[0]:
            raise ConnectionError("scheduler: no scheduler answers")
        n_left[0] -= 1
        return connect(*args)

    return once
