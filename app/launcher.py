"""Start the dashboard from JupyterLab or JupyterHub, through the package jupyter-server-proxy.

pyproject.toml registers `jupyter_server_proxy` in its group of entry points. A Jupyter server loads this
module whenever it starts, so it imports nothing that takes time.
"""

import secrets
import sys
from pathlib import Path

from .server.trusted_proxy import HEADER, TOKEN

NAME = "quests-explorer"
# Seconds until the dashboard must answer: on a network disk, the first import of numba and Panel takes long.
TIMEOUT = 120


def jupyter_server_proxy() -> dict:
    """Return how jupyter-server-proxy starts the dashboard and connects to it.

    The dashboard listens on a socket in a private folder (on Windows, on a port of this machine), and accepts
    requests with a secret only, which the Jupyter server of its user adds.

    Returns
    -------
    dict
        Options of ``ServerProcess`` of jupyter-server-proxy, which replaces ``{unix_socket}`` and ``{port}``.

    Examples
    --------
    >>> jupyter_server_proxy()["launcher_entry"]["title"]
    'QUESTS Explorer'
    """
    secret = secrets.token_urlsafe(32)
    has_sockets = sys.platform != "win32"
    listen = ["--unix-socket", "{unix_socket}"] if has_sockets else ["--port", "{port}"]
    return {
        "command": [_literal(sys.executable), "-m", "quests_core.cli", "serve", "--no-show", *listen],
        "environment": {TOKEN: secret},
        "request_headers_override": {HEADER: secret},
        "unix_socket": has_sockets,
        "timeout": TIMEOUT,
        "launcher_entry": {
            "title": "QUESTS Explorer",
            "path_info": f"{NAME}/app",
            "icon_path": str(Path(__file__).parent / "assets" / "icon.svg"),
        },
    }


def _literal(text: str) -> str:
    """Return a text that `str.format` leaves as it is."""
    return text.replace("{", "{{").replace("}", "}}")
