"""Requests to a real served process: what it answers and refuses."""

import asyncio
import functools
import json
import os
import re
import socket
from urllib.request import urlopen

import pytest
from bokeh.util.token import generate_jwt_token
from tornado.httpclient import HTTPClientError

from tests import asynchronous
from tests.hostile.client import Page, run
from tests.load.run import Held, cancelled, marked_file, opened_and_closed, together
from tests.load.server import ENDLESS_UMAP, ROOT, WITHOUT_UMAP, Server
from tests.load.visitor import PATIENCE, TOKEN, Visitor

pytestmark = pytest.mark.jit
DEMO = ROOT / "app/assets/demo.xyz.gz"
REFUSED = "this server does not open paths"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(folder, tmp_path_factory):
    """Serve one folder to this machine only."""
    # Uploads are not below a folder that sessions may use.
    other = tmp_path_factory.mktemp("server")
    own = {"QUESTS_DATA_DIRS": str(folder), "QUESTS_CACHE_DIR": os.environ["QUESTS_CACHE_DIR"]}
    # Disconnected sessions expire soon, but not while a busy machine builds their page; a client that returns
    # later gets a new one. UMAP, which is running when they close, must not hold them either.
    with Server(other, *ENDLESS_UMAP, **own) as server:
        yield server
    assert server.faults() == []


def test_health_and_metrics_are_served(server):
    status, kind, content = server.get("/health")
    assert (status, kind) == (200, "application/json")
    told = json.loads(content)
    assert told["status"] == "ok"
    assert told.keys() == {
        "status",
        "version",
        "uptime_seconds",
        "sessions",
        "job_silent_seconds",
        "jobs_waiting",
    }
    status, kind, content = server.get("/metrics")
    assert status == 200
    assert kind.startswith("text/plain; version=0.0.4")
    described = set()
    for line in content.decode().splitlines():
        if found := re.fullmatch(r"# TYPE (\w+) (counter|gauge)", line):
            described.add(found[1])
        elif not line.startswith("# HELP"):
            assert re.fullmatch(r'\w+(\{\w+="\w+"\})? \d+(\.\d+)?(e\+\d+)?', line)
            assert re.match(r"\w+", line)[0] in described
    assert {"quests_sessions", "quests_jobs_running", "quests_memory_resident_bytes"} <= described


@pytest.mark.slow
def test_an_event_that_overtakes_a_change_finds_a_consistent_page(server):
    async def scenario() -> None:
        visitor = await Visitor(server.address).open()
        await visitor.wait_for("By comparison, random covers")
        await visitor.wait_for("Show Python…")
        for ticked in (False, True) * 3:
            # Panel debounces a change; the click flushes it early.
            await asyncio.gather(visitor.change("random", "value", ticked), visitor.click("Show Python…"))
            await visitor.told(functools.partial(compares, ticked))
        await visitor.close()

    def compares(ticked: bool, content: str) -> bool:
        return "verdict" in content and ("By comparison, random covers" in content) == ticked

    asynchronous.run(asyncio.wait_for(scenario(), PATIENCE))
    assert server.faults() == []


@pytest.mark.costly
def test_sessions_are_isolated_and_leave_nothing(server, folder):
    held = Held()
    server.wait_until_empty()
    paths = [marked_file(folder, i, DEMO, 700) for i in range(3)]
    asynchronous.run(together(server, paths, held, pause=0.7))
    assert held.losses == []
    assert held.n_sessions == 3
    assert held.answers
    assert server.metrics()["quests_sessions_total"] >= 3


def test_an_upload_is_private_to_its_session(server, folder):
    async def scenario() -> None:
        one, other = [await Visitor(server.address).open("demo") for _ in range(2)]
        path = marked_file(folder, 77, DEMO, 300)
        await one.upload("mine.xyz", path.read_bytes())
        await one.wait_for("mark0077mark")
        (there,) = server.scratch.rglob("mine.xyz")
        # No URL returns it, even with its path and the server's name for it.
        up = "/static/%2e%2e/%2e%2e/%2e%2e"
        for start in (
            "/",
            "/app",
            "/static/..",
            up,
            "/app/static/extensions/panel/../../..",
            "/component",
            "/assets",
        ):
            guess = start + str(there)
            status, _, content = server.get(guess)
            assert status >= 400, guess
            assert b"mark0077" not in content
        thief = await Visitor(server.address).open(there)
        await thief.wait_for("expected a path beneath")
        await other.pull()
        assert (one.marks, other.marks, thief.marks) == ({"mark0077mark"}, set(), set())
        for visitor in (one, other, thief):
            await visitor.close()

    asynchronous.run(scenario())
    server.wait_until_empty()
    assert not list(server.scratch.rglob("mine.xyz")), "uploads are deleted with their session"


@pytest.mark.slow
def test_cancel_frees_the_worker_and_ended_sessions_are_released(server, folder):
    held, large = Held(), marked_file(folder, 50, DEMO, 10**9)
    # Twenty copies take long enough.
    large.write_bytes(large.read_bytes() * 20)
    ended = 'quests_jobs_total{outcome="cancelled"}'
    before = server.metrics()[ended]
    # benchmarks/load.py measures how soon it is free: this machine may be busy.
    assert asynchronous.run(cancelled(server, large, 0.2)) is not None
    assert server.metrics()[ended] > before, "it was cancelled before its end"
    for number in (60, 61):
        asynchronous.run(opened_and_closed(server, [marked_file(folder, number, DEMO, 300)], held))
    assert held.losses == []
    assert held.n_opened_and_closed == 2
    server.wait_until_empty()
    # No remaining object references a closed page.
    server.wait(lambda: server.metrics()["quests_sessions_in_memory"] == 0, PATIENCE)


def elsewhere():
    """Return an address of this machine other than loopback; skip if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but its own")
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no address but its own")
    return address


@pytest.fixture(scope="module")
def reachable(tmp_path_factory):
    """Serve at all addresses, Panel's default, with a file as an argument and without data folders."""
    folder = tmp_path_factory.mktemp("reachable")
    path = folder / "named-by-args.xyz"
    path.write_text("1\n\nH 0 0 no-number\n")
    own = {"QUESTS_CACHE_DIR": os.environ["QUESTS_CACHE_DIR"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("QUESTS_DATA_DIRS", raising=False)
        with Server(folder, *WITHOUT_UMAP, "--args", str(path), **own) as server:
            yield server


@pytest.mark.slow
def test_remote_clients_cannot_open_paths(reachable, tmp_path):
    server, path, host = reachable, marked_file(tmp_path, 1, DEMO, 300), elsewhere()

    async def by_link(address: str, text: str) -> set[str]:
        visitor = await Visitor(address).open(path)
        await visitor.wait_for(text)
        await visitor.close()
        return visitor.marks

    async def by_hand(address: str, **headers: str) -> None:
        # A client can forge the content of a token, but not its signature.
        said = {"headers": {"Host": "localhost"}, "cookies": {}, "arguments": {}}
        token = generate_jwt_token(f"made-up-{len(headers)}-{address}", extra_payload=said)
        with pytest.raises(HTTPClientError, match="403"):
            await Visitor(address).connect(token, **headers)

    far, near = f"http://{host}:{server.port}", server.address
    assert asynchronous.run(by_link(near, path.name)) == {path.stem}
    asynchronous.run(by_hand(near))
    # The page contains the path, as part of the URL, but no content of the file.
    asynchronous.run(by_link(far, REFUSED))
    asynchronous.run(by_hand(far))
    asynchronous.run(by_hand(near, **{"X-Forwarded-For": "192.0.2.9"}))

    def opened() -> list[str]:
        return [line for line in server.log.read_text().splitlines() if f"Opening {path.name}" in line]

    # A job is logged when it ends, which may be after its page was left.
    server.wait(lambda: bool(opened()) and not server.is_busy(), 600)
    assert len(opened()) == 1


@pytest.mark.slow
def test_a_page_with_a_late_websocket_has_its_file(server, folder):
    path = marked_file(folder, 3, DEMO, 300)

    async def late() -> Visitor:
        """Let the page expire before its websocket connects, as with many simultaneous requests."""
        with urlopen(f"{server.address}/app?file={path}&locked=&size=5") as answer:
            token = TOKEN.search(answer.read().decode())[1]
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
        server.wait_until_empty()
        visitor = await Visitor(server.address).connect(token, Cookie=cookie)
        await visitor.wait_for("locked=")
        await visitor.wait_for("size=5")
        await visitor.close()
        return visitor

    assert asynchronous.run(late()).marks == {path.stem}


@pytest.mark.slow
def test_a_file_may_be_an_argument_of_panel(reachable):
    async def scenario():
        wire = await (await Page(reachable.address).load()).connect()
        await wire.event("document_ready", {})
        await wire.wait_for("Could not open named-by-args.xyz")

    run(scenario())
