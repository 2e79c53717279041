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
def test_a_server_that_computes_ends_and_leaves_nothing(busy_file, tmp_path, sent):
    port, scratch, log = free_port(), tmp_path / "scratch", tmp_path / "log.txt"
    scratch.mkdir()
    environment = {
        **os.environ, "QUESTS_FILE": str(busy_file), "QUESTS_CACHE_DIR": "", "TMPDIR": str(scratch),
    }  # fmt: skip
    command = [sys.executable, "-m", "panel", "serve", "app", "--port", str(port)]
    # What is started in the background ignores the second of them, and so would its children.
    before = signal.signal(sent, signal.SIG_DFL)
    try:
        with log.open("w") as output:
            server = subprocess.Popen(
                command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environment
            )
    finally:
        signal.signal(sent, before)
    try:
        wait_for_page(f"http://localhost:{port}/app", log)
        # A visitor's file is being read, described or ordered by now.
        time.sleep(2)
        assert server.poll() is None
        uploads = list(scratch.glob("quests-upload-*"))
        server.send_signal(sent)
        code = server.wait(60)
    finally:
        server.kill()
        server.wait()
    assert uploads
    assert not list(scratch.glob("quests-upload-*")), "uploads outlive nobody"
    assert code == 0
    assert "Traceback" not in log.read_text()


STUCK = """
import time
from concurrent.futures import ThreadPoolExecutor
from quests_app import app_hooks
from quests_app.uploads import UploadFolder
folder = UploadFolder()
print(folder._folder)
ThreadPoolExecutor(1).submit(time.sleep, 600)
app_hooks.on_server_unloaded(None)
"""


def test_work_that_never_looks_up_keeps_no_server():
    done = subprocess.run(
        [sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not Path(done.stdout.strip()).exists()
