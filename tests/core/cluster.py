"""Clusters of Dask for tests: two worker processes, of which one can be killed in a task, or two threads."""

import logging
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

WITHOUT = "needs the extra distributed"
NO_KILL = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


@contextmanager
def local_client():
    """Start a cluster of two processes with one thread each, and connect to it."""
    distributed = pytest.importorskip("distributed", reason=WITHOUT)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**options, silence_logs=logging.CRITICAL) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@contextmanager
def client_of_threads():
    """Start a cluster of one worker in this process, with two threads, and connect to it."""
    distributed = pytest.importorskip("distributed", reason=WITHOUT)
    options = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


@contextmanager
def killed_worker(client, prefix, folder, after=1):
    """Kill a worker when it starts its task number `after` (from 0) of those whose key has a prefix.

    The file that is yielded exists if a worker was killed.
    """
    killed = Path(folder, "killed")
    plugin = killer(prefix, killed, after)
    client.register_plugin(plugin)
    try:
        yield killed
    finally:
        client.unregister_worker_plugin(plugin.name)
        client.wait_for_workers(2)


def killer(prefix, killed, after):
    from distributed import WorkerPlugin

    class Killer(WorkerPlugin):
        name = "killer"

        def __init__(self):
            self.n_left = after

        def transition(self, key, start, finish, **_):
            """Run by a worker when a task changes its state."""
            if finish != "executing" or not str(key).startswith(prefix):
                return
            self.n_left -= 1
            if self.n_left < 0 and not killed.exists():
                killed.touch()
                os.kill(os.getpid(), signal.SIGKILL)

    return Killer()
