"""The entry in JupyterLab's launcher: what it starts, and that it answers behind a real Jupyter server."""

import asyncio
import importlib.util
import os
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError

from quests_app import launcher
from quests_app.server.trusted_proxy import HEADER, TOKEN
from tests.hostile.client import Page, Wire, fetch, run
from tests.load.server import ROOT

pytestmark = pytest.mark.jit
SECRET = "a-token-of-jupyter"
CONFIG = """
from quests_app.launcher import jupyter_server_proxy
c = get_config()
c.ServerProxy.servers = {"explorer-test": jupyter_server_proxy()}
c.ServerApp.jpserver_extensions = {"jupyter_server_proxy": True}
"""


def test_pyproject_registers_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    registered = project["entry-points"]["jupyter_serverproxy_servers"]
    assert registered == {launcher.NAME: "quests_app.launcher:jupyter_server_proxy"}


def test_the_secret_is_in_header_and_environment_only():
    first, second = launcher.jupyter_server_proxy(), launcher.jupyter_server_proxy()
    secret = first["environment"][TOKEN]
    assert first["request_headers_override"] == {HEADER: secret}
    assert len(secret) > 40
    assert secret != second["environment"][TOKEN]
    # Every user of a machine sees command lines.
    assert not any(secret in part for part in first["command"])


@pytest.mark.parametrize(("platform", "option"), [("linux", "--unix-socket"), ("win32", "--port")])
def test_where_it_listens(monkeypatch, platform, option):
    monkeypatch.setattr(sys, "platform", platform)
    made = launcher.jupyter_server_proxy()
    assert made["command"][-2] == option
    assert made["unix_socket"] == (platform == "linux")


def test_a_path_with_braces_is_no_template(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/opt/{env}/python")
    command = launcher.jupyter_server_proxy()["command"]
    assert command[0].format(unix_socket="", port="") == "/opt/{env}/python"


def test_the_icon_is_a_picture():
    path = Path(launcher.jupyter_server_proxy()["launcher_entry"]["icon_path"])
    assert ET.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_a_jupyter_server_starts_without_the_library():
    code = "import sys, quests_app.launcher as l; l.jupyter_server_proxy(); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_its_options_are_those_of_jupyter_server_proxy():
    config = pytest.importorskip(
        "jupyter_server_proxy.config", reason="jupyter-server-proxy is not installed"
    )
    made = launcher.jupyter_server_proxy()
    process = config.ServerProcess(name=launcher.NAME, **made)
    assert not made.keys() - process.trait_names()
    assert process.launcher_entry.path_info == f"{launcher.NAME}/app"


@pytest.fixture
def sockets():
    """Return a folder for sockets, whose paths must be short."""
    with tempfile.TemporaryDirectory(prefix="quests-") as folder:
        yield Path(folder)


@pytest.fixture
def jupyter(tmp_path, sockets):
    """Start a Jupyter server as a hub does, below a prefix; return its address and the socket's folder."""
    if importlib.util.find_spec("jupyter_server_proxy") is None:
        pytest.skip("jupyter-server-proxy is not installed")
    (tmp_path / "jupyter_server_config.py").write_text(CONFIG)
    own = {"JUPYTER_CONFIG_DIR": tmp_path, "JUPYTER_DATA_DIR": tmp_path / "data", "TMPDIR": sockets}
    command = [
        sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser", "--ServerApp.port=0",
        f"--IdentityProvider.token={SECRET}", "--ServerApp.base_url=/user/jo/",
        f"--ServerApp.root_dir={tmp_path}", "--ServerApp.allow_remote_access=True",
    ]  # fmt: skip
    environment = {**os.environ, **{name: str(path) for name, path in own.items()}}
    log = tmp_path / "log.txt"
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        yield address_of(server, log), sockets
    finally:
        server.terminate()
        server.wait(60)


def address_of(server, log):
    """Wait until a Jupyter server has named its address, with the port that it chose."""
    while "is running at" not in (text := log.read_text()) or "?token=" not in text:
        assert server.poll() is None, text
        with pytest.raises(subprocess.TimeoutExpired):
            server.wait(0.1)
    port = text.partition("http://localhost:")[2].partition("/")[0]
    return f"http://localhost:{port}/user/jo/explorer-test"


@pytest.mark.slow
def test_it_answers_behind_a_real_jupyter_server(jupyter, private):
    address, sockets = jupyter
    # As the proxy of a hub sends them.
    hub = {"Host": "hub.example.org", "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}

    async def scenario():
        assert (await fetch(address, "/app")).code in (302, 403)
        # As a browser logs in: Jupyter checks the origins of those that send its cookie.
        page = await Page(address).load(f"token={SECRET}", **hub)
        assert page.response.code == 200
        await page.load(f"file={private}", **hub)
        # What it loads is below the prefix.
        assert b'src="/' not in page.response.body
        assert b'href="/' not in page.response.body
        wire = await page.connect(**hub, Origin="https://hub.example.org")
        # It opens files by path, and says what is wrong with this one.
        await wire.event("document_ready", {})
        await wire.wait_for("inside-a-private-file")
        with pytest.raises(HTTPClientError, match="403"):
            await Wire.open(address, page.token, **page.cookie_header, **hub, Origin="https://evil.example")
        # Neither a client of the proxy nor of the socket makes up the secret.
        forged = await fetch(address, "/app", **page.cookie_header, **hub, **{HEADER: "guess"})
        assert forged.code == 200
        (socket,) = sockets.glob("jupyter-server-proxy-*/socket")
        assert socket.parent.stat().st_mode & 0o077 == 0
        assert await status_at(socket, f"{HEADER}: guess") == 403
        assert await status_at(socket, "Accept: */*") == 403

    run(scenario())


@pytest.fixture
def private(tmp_path):
    path = tmp_path / "private.xyz"
    path.write_text("1\n\nH 0 0 inside-a-private-file\n")
    path.chmod(0o600)
    return path


async def status_at(socket, header):
    """Request the page from a Unix socket with a header; return the status."""
    reader, writer = await asyncio.open_unix_connection(str(socket))
    writer.write(f"GET /app HTTP/1.1\r\nHost: localhost\r\n{header}\r\nConnection: close\r\n\r\n".encode())
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])
