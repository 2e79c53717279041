"""A server for each documented way of serving, shared by all tests of the run."""

import os

import pytest

from tests.hostile.server import WAYS, ServedAs


@pytest.fixture(scope="session", autouse=True)
def _compiled(compiled):
    """No served process compiles kernels: a page that opens the demo would hold the worker meanwhile."""


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """Return a function that gives the server of a way, started when it is first asked for."""
    started: dict[str, ServedAs] = {}

    def get(way: str) -> ServedAs:
        if way not in started:
            started[way] = ServedAs(way, tmp_path_factory.mktemp(f"hostile-{way}"))
            started[way].start()
        return started[way]

    yield get
    for server in started.values():
        server.stop()


@pytest.fixture(scope="session")
def with_data(tmp_path_factory):
    """Return the server that opens files which hold whoever reads them."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("no FIFOs here")
    with ServedAs("panel", tmp_path_factory.mktemp("hostile-data"), has_data=True) as server:
        yield server


@pytest.fixture(params=WAYS)
def server(request, servers):
    """Return the server of each way of serving in turn; it must outlive the test."""
    server = servers(request.param)
    yield server
    assert server.is_alive(), server.log.read_text()[-2000:]
