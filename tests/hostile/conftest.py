"""A server for each documented way of serving, shared by all tests of the run."""

import os

import pytest

from tests.hostile.server import WAYS, ServedAs
from tests.load.server import WITHOUT_UMAP

# A closed page is soon released, and its jobs are cancelled.
SHORT_LIVES = ("--unused-session-lifetime", "4000", "--check-unused-sessions", "500")


@pytest.fixture(scope="session", autouse=True)
def _compiled(compiled):
    """Compile the kernels first: a page that opens the demo would block the worker meanwhile."""


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """Return a function that returns the server of a way of serving, started at its first use."""
    started: dict[str, ServedAs] = {}

    def get(way: str) -> ServedAs:
        if way not in started:
            # Results for the demo need not be computed by each of them.
            cache = {"QUESTS_CACHE_DIR": os.environ["QUESTS_CACHE_DIR"]}
            # The command takes no options of Panel, and has UMAP.
            options = () if way == "command" else WITHOUT_UMAP
            started[way] = ServedAs(way, tmp_path_factory.mktemp(f"hostile-{way}"), *options, **cache)
            started[way].start()
        return started[way]

    yield get
    for server in started.values():
        server.stop()


@pytest.fixture(scope="session")
def with_data(tmp_path_factory):
    """Return the server that opens files which block their reader."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("no FIFOs here")
    folder, cache = tmp_path_factory.mktemp("hostile-data"), os.environ["QUESTS_CACHE_DIR"]
    options = (*SHORT_LIVES, "--plugins", "tests.hostile.patient_reader", *WITHOUT_UMAP)
    with ServedAs("panel", folder, *options, has_data=True, QUESTS_CACHE_DIR=cache) as server:
        yield server


# The README's way comes with the README's test command, and the others with the slow tests.
IN_TURN = [pytest.param(way, marks=() if way == "plain" else pytest.mark.slow) for way in WAYS]


@pytest.fixture(params=IN_TURN)
def server(request, servers):
    """Return the server of each way of serving in turn; it must outlive the test."""
    server = servers(request.param)
    yield server
    assert server.is_alive(), server.log.read_text()[-2000:]
