"""Restrict server paths to requests by the account that runs the server, on this machine.

On Linux, the owner of the connection decides. Elsewhere, or if ``$QUESTS_TOKEN`` is set, a token in the URL
does, as in Jupyter; the link is printed at startup.
"""

import hmac
import os
import secrets

from . import connection_owner

TOKEN = "QUESTS_TOKEN"
PARAMETER = "token"
_LOOPBACK = ("localhost", "127.0.0.1", "::1", "::ffff:127.0.0.1")
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via")


class PathAccess:
    """Decide which requests may use server paths.

    Parameters
    ----------
    token : str, optional
        Token required in the URL; by default ``$QUESTS_TOKEN``, or a random one if the system does not
        list the owners of connections.
    """

    def __init__(self, token: str | None = None):
        token = token or os.environ.get(TOKEN)
        if token is None and not connection_owner.is_known():
            token = secrets.token_urlsafe(32)
        self.token = token
        self._trusted: set[str] = set()

    def accepts(self, token: str, browser: str) -> bool:
        """Return whether a token is valid; if so, trust its browser from now on."""
        right = self.token is not None and hmac.compare_digest(token.encode(), self.token.encode())
        if right:
            self._trusted.add(browser)
        return right

    def allows(self, request, browser: str) -> bool:
        """Return whether a live request may use server paths."""
        if not is_local(request):
            return False
        if self.token is not None:
            return browser in self._trusted
        ends = connection_owner.endpoints(request)
        return ends is not None and connection_owner.owner_of(*ends) == os.getuid()


def is_local(request) -> bool:
    """Return whether a request comes from this machine without a proxy."""
    headers = request.headers
    if any(name in headers for name in _FORWARDED):
        return False
    host = headers.get("Host", "")
    host = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
    return getattr(request, "remote_ip", None) in _LOOPBACK and host.strip("[]") in _LOOPBACK
