"""Serve the dashboard with guards against untrusted requests.

Bokeh creates its web application by the name `BokehTornado`. `install` replaces that name by
`GuardedApplication` when ``app_hooks.py`` is loaded, before anything is served; `require` ends the process at
startup if another application serves.
"""

import asyncio
import functools
import hashlib
import hmac
import inspect
import ipaddress
import logging
import os
import secrets
import weakref
from typing import ClassVar
from urllib.parse import urlencode

import bokeh.server.server
from bokeh.application.handlers import Handler
from bokeh.server.session import ServerSession
from bokeh.server.tornado import BokehTornado
from bokeh.server.util import check_allowlist
from bokeh.server.views.session_handler import SessionHandler
from bokeh.server.views.ws import WSHandler
from bokeh.settings import settings
from bokeh.util.token import check_token_signature, get_token_payload
from tornado.httputil import HTTPServerRequest, split_host_and_port
from tornado.web import ErrorHandler, HTTPError, OutputTransform, RequestHandler

from .allowed_paths import FOLDERS
from .connection_owner import endpoints
from .loop_scheduler import loop_scheduler
from .path_access import PARAMETER, PathAccess
from .trusted_proxy import TrustedProxy
from .websocket_limits import MAX_FRAGMENT, LimitedSocket

log = logging.getLogger("quests_app.guard")
# Panel's route imports the module named in the URL. No component of this dashboard needs it.
COMPONENTS: frozenset[str] = frozenset()
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
}
# Milliseconds. Bokeh's default of 17 s doubles the number of unused sessions in memory.
CHECK_UNUSED = 1000
_SESSION_NAMES = ("bokeh-session-id", "bokeh-token")


class GuardedApplication(BokehTornado):
    """Bokeh's web application with signed sessions and a guard for every request.

    Attributes
    ----------
    access : PathAccess
        Decides which requests may use server paths.
    proxy : TrustedProxy
        Recognises requests of a proxy that authenticates its users, if there is one.
    """

    serving: ClassVar["weakref.WeakSet[GuardedApplication]"] = weakref.WeakSet()

    def __init__(self, *args, **options):
        options.update(sign_sessions=True, generate_session_ids=True)
        options["secret_key"] = options.get("secret_key") or secrets.token_bytes(32)
        size = options.get("websocket_max_message_size_bytes", MAX_FRAGMENT)
        options["websocket_max_message_size_bytes"] = min(size, MAX_FRAGMENT)
        interval = options.get("check_unused_sessions_milliseconds", CHECK_UNUSED)
        options["check_unused_sessions_milliseconds"] = min(interval, CHECK_UNUSED)
        super().__init__(*args, **options)
        self.access, self.own_address = PathAccess(), options.get("absolute_url") or ""
        self.proxy = TrustedProxy()
        self._sockets: weakref.WeakKeyDictionary[ServerSession, WSHandler] = weakref.WeakKeyDictionary()
        self.add_transform(_Headers)
        for context in self.applications.values():
            context.application.add(_Creator())
        self.serving.add(self)

    def get_handler_delegate(self, request, target_class, *args, **kwargs):
        """Return the delegate of a request: a handler of the given class with a guard."""
        path = request.path.removeprefix(self.prefix)
        if path.startswith("/components/") and path.removeprefix("/components/") not in COMPONENTS:
            return super().get_handler_delegate(request, _guarded(ErrorHandler), {"status_code": 404})
        return super().get_handler_delegate(request, _guarded(target_class), *args, **kwargs)

    def allows_host(self, request) -> bool:
        """Return whether the Host header of a request names this server."""
        host, _ = split_host_and_port(request.host.lower())
        if host == "localhost":
            return True
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            pass
        else:
            # DNS rebinding concerns names, not addresses.
            ends = endpoints(request)
            own = ipaddress.ip_address(ends[0][0].partition("%")[0]) if ends else None
            if address.is_loopback or address in (own, getattr(own, "ipv4_mapped", None)):
                return True
        return check_allowlist(
            request.host.lower(), list(settings.allowed_ws_origin() or self.websocket_origins)
        )

    def new_connection(self, protocol, socket, application_context, session):
        """Connect a websocket to a session and close its previous one."""
        if (older := self._sockets.get(session)) is not None:
            older.close(1001, "the session was opened elsewhere")
        self._sockets[session] = socket
        return super().new_connection(protocol, socket, application_context, session)


def install() -> None:
    """Make Bokeh serve with `GuardedApplication`."""
    # Bokeh's server has no option for the class of its application.
    bokeh.server.server.BokehTornado = GuardedApplication  # type: ignore[misc]


def require(context) -> GuardedApplication:
    """Return the application that serves a Bokeh application context; end the process if it is unguarded."""
    for application in GuardedApplication.serving:
        if context in application.applications.values():
            return application
    raise SystemExit("quests_app: this version of Bokeh bypasses the guards; nothing is served")


def contain_exits(loop: asyncio.AbstractEventLoop) -> None:
    """Turn a SystemExit raised by a request into an ordinary error."""

    def task(loop, coroutine, **options):
        task = asyncio.Task(_contained(coroutine), loop=loop, **options)
        # A task cancelled before its start never awaits its coroutine.
        task.add_done_callback(lambda _: coroutine.close())
        return task

    loop.set_task_factory(task)


async def _contained(coroutine):
    try:
        return await coroutine
    except SystemExit as error:
        raise RuntimeError(f"a request asked the process to end: {error!r}") from None


class _Headers(OutputTransform):
    """Add `HEADERS` to every response."""

    def transform_first_chunk(self, status_code, headers, chunk, finishing):
        for name, value in HEADERS.items():
            headers[name] = value
        return status_code, headers, chunk


class _Creator(Handler):
    """Store the creating browser in the signed token of each session."""

    def process_request(self, request) -> dict:
        return {"creator": getattr(request, "browser", "")}

    def modify_document(self, doc) -> None:
        """Leave the document unchanged."""


class _Request(HTTPServerRequest):
    """The attributes that handlers add to a request; declared for type checkers."""

    browser: str
    names_paths: bool


class _Guarded(RequestHandler):
    """Check every request."""

    application: GuardedApplication
    request: _Request

    async def prepare(self):
        proxy = self.application.proxy
        if proxy.is_required:
            if not proxy.sent(self.request):
                raise HTTPError(403, reason="Not from the proxy")
        elif not self.application.allows_host(self.request):
            log.warning("refused host %.200r", self.request.host)
            raise HTTPError(403, reason="Unknown host")
        result = super().prepare()
        if inspect.isawaitable(result):
            await result
        name = self.request.method.lower()
        if method := getattr(self, name, None):
            setattr(self, name, _without_exit(method))

    @property
    def _cookie_name(self) -> str:
        # All ports of a host share their cookies.
        ends = endpoints(self.request)
        return f"quests-browser-{ends[0][1] if ends else 0}"

    def _allow_paths(self) -> None:
        """Store on the request whether it may use paths: later its connection may be closed."""
        if FOLDERS not in os.environ:
            # Without the proxy, requests have been refused.
            self.request.names_paths = self.application.proxy.is_required or self.application.access.allows(
                self.request, self.request.browser
            )


class _GuardedPage(_Guarded):
    """Guard requests for a session: each gets a new one, bound to its browser."""

    async def prepare(self):
        await super().prepare()
        named = any(self.get_argument(name, None) is not None for name in _SESSION_NAMES)
        if named or "Bokeh-Session-Id" in self.request.headers:
            raise HTTPError(403, reason="Sessions cannot be chosen")
        cookie = self.get_cookie(self._cookie_name, "")
        if len(cookie) < 32:
            cookie = secrets.token_urlsafe(32)
            secure = self.request.protocol == "https"
            self.set_cookie(self._cookie_name, cookie, httponly=True, samesite="Lax", secure=secure)
        self.request.browser = _digest(cookie)
        self._take_token()
        self._allow_paths()

    async def get_session(self):
        """Return the session of the page; requests of others come between building and rendering it."""
        session = await super().get_session()  # type: ignore[misc]  # of the handler that is guarded
        # It has no connection yet: on a busy server, its lifetime could end meanwhile.
        session.block_expiration()
        try:
            await loop_scheduler().wait_until_idle()
        finally:
            session.unblock_expiration()
        return session

    def _take_token(self) -> None:
        """Trust a browser whose URL has the token, and redirect it to the URL without."""
        tokens = self.request.query_arguments.pop(PARAMETER, None)
        if tokens is None or self.application.access.token is None:
            return
        if not self.application.access.accepts(tokens[-1].decode("latin1"), self.request.browser):
            raise HTTPError(403, reason="Wrong token")
        rest = [(name, value) for name, values in self.request.query_arguments.items() for value in values]
        self.redirect(f"{self.request.path}?{urlencode(rest)}" if rest else self.request.path)


class _GuardedSocket(LimitedSocket, _Guarded):
    """Guard a websocket: it may only join a session created by its browser."""

    async def prepare(self):
        cookie = self.get_cookie(self._cookie_name, "")
        self.request.browser = _digest(cookie)
        if not self._is_creator():
            log.warning("refused a websocket that does not come from the creator of its session")
            raise HTTPError(403, reason="Not the creator of the session")
        self._allow_paths()
        await super().prepare()

    def check_origin(self, origin: str) -> bool:
        """Return whether a page of this origin may connect; a trusted proxy has decided that."""
        return self.application.proxy.is_required or super().check_origin(origin)

    def _is_creator(self) -> bool:
        protocols = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        if len(protocols) != 2:
            return False
        token, application = protocols[1].strip(), self.application
        try:
            if not check_token_signature(token, secret_key=application.secret_key, signed=True):
                return False
            creator = get_token_payload(token).get("creator", "")
        except Exception:
            # A forged token can raise anything in the parser.
            return False
        return hmac.compare_digest(str(creator).encode(), self.request.browser.encode())


@functools.cache
def _guarded(target: type[RequestHandler]) -> type[RequestHandler]:
    """Return a handler class with its guard as the first base."""
    kinds = {WSHandler: _GuardedSocket, SessionHandler: _GuardedPage}
    guard = next((guard for kind, guard in kinds.items() if issubclass(target, kind)), _Guarded)
    return type(target.__name__, (guard, target), {})


def _without_exit(method):
    """Wrap a handler method so that SystemExit becomes an error 500."""

    @functools.wraps(method)
    async def contained(*args, **kwargs):
        try:
            result = method(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result
        except SystemExit as error:
            raise HTTPError(500, f"a request asked the process to end: {error!r}") from None

    return contained


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest() if cookie else ""
