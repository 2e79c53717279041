"""The served process ends when it is told to, whatever it is doing."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from ase.build import bulk
from ase.io import write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def busy_file(tmp_path, rng):
    """Return a file that takes far longer to analyse than this test waits."""
    path, frames = tmp_path / "large.xyz", []
    for _ in range(400):
        atoms = bulk("Cu", cubic=True) * (4, 4, 4)
        atoms.positions += 0.1 * rng.normal(size=atoms.positions.shape)
        frames.append(atoms)
    write(path, frames, format="extxyz")
    return path


def free_port():
    with socket.socket() as server:
        server.bind(("localhost", 0))
        return server.getsockname()[1]


def wait_for_page(address, log):
    """Ask for the page until the server is there; that begins a session, which opens the file."""
    for _ in range(240):
        try:
            urllib.request.urlopen(address, timeout=120).close()
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(log.read_text())


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_computes_ends_at_once_and_leaves_nothing(busy_file, tmp_path, sent):
    port, scratch, log = free_port(), tmp_path / "scratch", tmp_path / "log.txt"
    scratch.mkdir()
    environment = {
        **os.environ, "QUESTS_FILE": str(busy_file), "QUESTS_CACHE_DIR": "", "TMPDIR": str(scratch),
    }  # fmt: skip
    command = [sys.executable, "-m", "panel", "serve", "app", "--port", str(port)]
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        wait_for_page(f"http://localhost:{port}/app", log)
        # A visitor's file is being read, described or ordered by now.
        time.sleep(2)
        assert server.poll() is None
        uploads = list(scratch.glob("quests-upload-*"))
        before = time.monotonic()
        server.send_signal(sent)
        code = server.wait(60)
        took = time.monotonic() - before
    finally:
        server.kill()
        server.wait()
    assert uploads
    assert not list(scratch.glob("quests-upload-*")), "uploads outlive nobody"
    assert code == 0
    assert took < 20, f"{took:.1f} s"
    assert "Traceback" not in log.read_text()
