"""Accept requests only from a proxy that authenticates its users, such as a user's Jupyter server.

``$QUESTS_PROXY_TOKEN`` is known to that proxy and to this process only. The proxy adds it to each request as
the header ``X-Quests-Proxy-Token``; requests without it are refused. Those with it count as requests of the
account that runs the server, and the proxy has checked their host and origin.
"""

import hmac
import os

TOKEN = "QUESTS_PROXY_TOKEN"
HEADER = "X-Quests-Proxy-Token"


class TrustedProxy:
    """Recognise the requests of the proxy in front of the server.

    Parameters
    ----------
    token : str, optional
        By default ``$QUESTS_PROXY_TOKEN``; without one, there is no such proxy.

    Attributes
    ----------
    is_required : bool
        Whether all requests must come from it.
    """

    def __init__(self, token: str | None = None):
        self._token = token or os.environ.get(TOKEN, "")
        self.is_required = bool(self._token)

    def sent(self, request) -> bool:
        """Return whether a request comes from the proxy; compared in constant time."""
        given = request.headers.get(HEADER, "")
        return self.is_required and hmac.compare_digest(given.encode(), self._token.encode())
