"""No request ends the process, and nothing is served without the guards."""

import asyncio
from types import SimpleNamespace

import pytest
from bokeh.application import Application
from bokeh.application.handlers import FunctionHandler
from bokeh.server import server as bokeh_server
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.web import RequestHandler

from quests_app import app_hooks
from quests_app.server import guarded_server
from quests_app.server.guarded_server import GuardedApplication
from quests_app.server.loop_scheduler import LoopScheduler
from tests import asynchronous
from tests.hostile.client import fetch


class Exits(RequestHandler):
    async def get(self):
        raise SystemExit(3)


class ExitsAtOnce(RequestHandler):
    def get(self):
        raise SystemExit(3)


async def served(paths, made=lambda application: None):
    guarded_server.contain_exits(asyncio.get_running_loop())
    application = GuardedApplication(
        {"/": Application(FunctionHandler(lambda doc: None))},
        extra_patterns=[(r"/exits", Exits), (r"/exits-at-once", ExitsAtOnce)],
    )
    application.initialize(IOLoop.current())
    made(application)
    server = HTTPServer(application)
    bound, port = bind_unused_port()
    server.add_socket(bound)
    try:
        asked = [(path, {}) if isinstance(path, str) else path for path in paths]
        return [await fetch(f"http://127.0.0.1:{port}", path, **headers) for path, headers in asked]
    finally:
        server.stop()
        await server.close_all_connections()


def test_an_exit_in_a_request_only_fails_the_request():
    answers = asynchronous.run(served(["/exits", "/exits-at-once", "/favicon.ico"]))
    assert [answer.code for answer in answers] == [500, 500, 200]


def test_a_session_does_not_expire_before_its_page_is_sent(monkeypatch):
    applications, ended = [], []

    async def wait_while_sessions_expire(_) -> None:
        (context,) = applications[0].applications.values()
        n_before = len(context.sessions)
        await context._cleanup_sessions(0)
        ended.append(n_before - len(context.sessions))

    monkeypatch.setattr(LoopScheduler, "wait_until_idle", wait_while_sessions_expire)
    (page,) = asynchronous.run(served(["/"], applications.append))
    assert (page.code, ended) == (200, [0])


def test_an_exit_in_a_task_only_fails_the_task():
    async def exits():
        raise SystemExit(3)

    async def scenario():
        guarded_server.contain_exits(asyncio.get_running_loop())
        task = asyncio.ensure_future(exits())
        with pytest.raises(RuntimeError, match="asked the process to end"):
            await task
        # A task cancelled before its start leaves no coroutine that was never awaited.
        task = asyncio.ensure_future(exits())
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asynchronous.run(scenario())


def test_bokeh_serves_the_guarded_application():
    assert app_hooks.guarded_server is guarded_server
    assert bokeh_server.BokehTornado is GuardedApplication


def test_an_unguarded_application_is_not_served():
    with pytest.raises(SystemExit, match="bypasses the guards"):
        guarded_server.require(object())


def test_sessions_are_always_signed():
    application = GuardedApplication(
        {"/": Application(FunctionHandler(lambda doc: None))}, sign_sessions=False, secret_key=None
    )
    assert application.sign_sessions
    assert len(application.secret_key) == 32


@pytest.mark.parametrize(("given", "used"), [({}, 1000), ({"check_unused_sessions_milliseconds": 500}, 500)])
def test_unused_sessions_are_soon_discarded(given, used):
    application = GuardedApplication({"/": Application(FunctionHandler(lambda doc: None))}, **given)
    assert application._check_unused_sessions_milliseconds == used


def test_with_a_trusted_proxy_only_its_requests_are_answered(monkeypatch):
    monkeypatch.setenv("QUESTS_PROXY_TOKEN", "secret")
    origins = []

    def made(application):
        request = SimpleNamespace(
            browser="b", connection=SimpleNamespace(stream=None), headers={}, remote_ip=""
        )
        handler = SimpleNamespace(application=application, request=request)
        guarded_server._Guarded._allow_paths(handler)
        origins.append(
            (request.names_paths, guarded_server._GuardedSocket.check_origin(handler, "https://a.b"))
        )

    requests = ["/", ("/", {"X-Quests-Proxy-Token": "guess"}), ("/favicon.ico", {})]
    # Jupyter has checked the host.
    requests += [("/", {"X-Quests-Proxy-Token": "secret", "Host": "hub.example.org"})]
    answers = asynchronous.run(served(requests, made))
    assert [answer.code for answer in answers] == [403, 403, 403, 200]
    assert origins == [(True, True)]
