"""The connection of a server to a Dask cluster."""

import time

import pytest

from quests_app.jobs import cluster
from quests_app.jobs.cluster import Cluster, ClusterStatus
from tests.core.cluster import PATIENCE, WITHOUT, local_client, without_dask

distributed = pytest.importorskip("distributed", reason=WITHOUT)
# A cluster of threads.
THREADS = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "protocol": "tcp://"}
# Nothing listens there.
NOWHERE = "tcp://127.0.0.1:1"


@pytest.fixture
def impatient(monkeypatch):
    """Ask again at once."""
    monkeypatch.setattr(cluster, "_PAUSE", 0.0)
    monkeypatch.setattr(cluster, "_INTERVAL", 0.01)


@pytest.fixture
def connected(impatient):
    """Yield a client of a cluster of two threads, and the connection of a server to it."""
    with local_client(**THREADS) as client:
        own = Cluster(client.scheduler.address)
        yield client, own
        own.close()


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_runs_on_the_workers_is_told(connected):
    client, own = connected
    status = own.status()
    assert (status.address, status.problem) == (client.scheduler.address, "")
    assert (status.n_workers, status.n_threads, status.running) == (1, 2, ())
    assert status.memory > 0
    going, found = distributed.Event(client=client), []

    def answer(name):
        return distributed.Event(name).wait(PATIENCE)

    futures = [client.submit(answer, going.name, key=f"answer-{i}") for i in range(3)]
    try:
        wait_until(lambda: own.status().running == (("answer", 3),))
        own.watch(found.append)
        wait_until(lambda: found)
    finally:
        going.set()
    client.gather(futures)
    wait_until(lambda: found[-1].running == ())
    assert found[0].running == (("answer", 3),)
    own.unwatch(found.append)
    assert client.gather(futures) == [True] * 3


def test_a_client_is_one_of_the_library(connected):
    client, own = connected
    assert own.client().submit(abs, -1).result() == 1
    assert own.client() is own.client() is not client
    client.cluster.scale(0)
    wait_until(lambda: own.client() is None)
    assert own.status().n_workers == 0
    assert not own.status().problem


def test_a_scheduler_that_does_not_answer_is_told_and_asked_again(monkeypatch):
    monkeypatch.setattr(cluster, "_TIMEOUT", 0.2)
    own, asked = Cluster(NOWHERE), []
    connect = cluster.tasks.connect
    monkeypatch.setattr(cluster.tasks, "connect", lambda *args: asked.append(args) or connect(*args))
    problem = f"no scheduler answers at {NOWHERE}"
    assert own.client() is None
    assert own.status() == ClusterStatus(NOWHERE, problem)
    assert len(asked) == 1, "not again at once"
    monkeypatch.setattr(cluster, "_PAUSE", 0.0)
    assert own.status() == ClusterStatus(NOWHERE, problem)
    assert len(asked) == 2
    own.close()
    assert own.client() is None
    assert len(asked) == 2


def test_a_lost_scheduler_is_told_and_found_again(impatient, monkeypatch):
    monkeypatch.setattr(cluster, "_TIMEOUT", 0.5)
    with local_client(**THREADS) as client:
        address = client.scheduler.address
        own, found = Cluster(address), []
        own.watch(found.append)
        wait_until(lambda: found and found[-1].n_workers == 1)
    wait_until(lambda: found[-1].problem)
    assert own.client() is None
    with local_client(**THREADS, scheduler_port=int(address.rpartition(":")[2])):
        wait_until(lambda: found[-1].n_workers == 1)
        assert own.client() is not None
    own.close()
    own.unwatch(found.append)


def test_without_dask_that_is_told(impatient):
    with without_dask():
        own = Cluster(NOWHERE)
        assert own.client() is None
        assert "install the extra" in own.status().problem


def test_the_address_is_that_of_the_environment(monkeypatch):
    monkeypatch.delenv(cluster.SCHEDULER, raising=False)
    assert cluster.cluster() is None
    monkeypatch.setenv(cluster.SCHEDULER, NOWHERE)
    own = cluster.cluster()
    assert own is cluster.cluster()
    assert own.address == NOWHERE
    own.close()
