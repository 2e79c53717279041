"""Clusters of Dask for tests: two worker processes, of which one can be killed in a task, or two threads."""

import builtins
import logging
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

WITHOUT = "needs the extra distributed"
# Seconds until a cluster that does not come back fails a test.
PATIENCE = 120
NO_KILL = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


@contextmanager
def local_client(**options):
    """Start a cluster, by default of two processes with one thread each, and connect to it."""
    distributed = pytest.importorskip("distributed", reason=WITHOUT)
    from dask import config

    # Any free port: tests run at the same time.
    usual = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        # 15 s after a worker was lost, a local cluster closes the one of its name if none is connected,
        # although it may just restart, as the next test killed it.
        config.set({"distributed.deploy.lost-worker-timeout": "1 day"}),
        distributed.LocalCluster(**usual | options, silence_logs=logging.CRITICAL) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@contextmanager
def without_dask():
    """Let imports of Dask by this package fail, and by no other one: threads of clusters import it later."""
    importing = builtins.__import__

    def fail(name, globals=None, *rest):
        is_own = str((globals or {}).get("__name__")).startswith("quests_core")
        if is_own and name.split(".")[0] == "distributed":
            raise ImportError(f"No module named {name!r}")
        return importing(name, globals, *rest)

    with mock.patch.object(builtins, "__import__", fail):
        yield


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
        # First, as what is sent to a worker that is about to be replaced may never be answered.
        client.wait_for_workers(2, timeout=PATIENCE)
        client.unregister_worker_plugin(plugin.name)


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
