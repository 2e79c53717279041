"""A served process exits when signalled, whatever it is doing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ase.build import bulk
from ase.io import write

from tests import asynchronous
from tests.app.conftest import WAIT_SECONDS
from tests.hostile.client import Page
from tests.load.server import Server


@pytest.fixture
def busy_file(tmp_path, rng):
    """Return a file whose analysis takes far longer than this test waits."""
    path, frames = tmp_path / "large.xyz", []
    for _ in range(400):
        atoms = bulk("Cu", cubic=True) * (4, 4, 4)
        atoms.positions += 0.1 * rng.normal(size=atoms.positions.shape)
        frames.append(atoms)
    write(path, frames, format="extxyz")
    return path


async def begin(address):
    """Load a page and its scripts, and disconnect."""
    wire = await (await Page(address).load()).connect()
    await wire.event("document_ready", {})
    wire.close()


@pytest.mark.parametrize("sent", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_busy_server_exits_and_leaves_no_files(busy_file, tmp_path, sent):
    server = Server(tmp_path, lifetime=600, QUESTS_FILE=str(busy_file))
    server.start()
    try:
        # A loaded page starts a session, whose file is then being read, described or ordered.
        asynchronous.run(begin(server.address))
        server.wait(server.is_busy, WAIT_SECONDS)
        assert server.process.poll() is None
        uploads = list(server.scratch.glob("quests-files-*/upload-*"))
    finally:
        code = server.stop(sent)
    assert uploads
    assert not list(server.scratch.glob("quests-files-*/upload-*")), "uploads are deleted"
    assert code == 0
    assert server.faults() == []


STUCK = """
import time
from concurrent.futures import ThreadPoolExecutor
from quests_app import app_hooks
from quests_app.server.uploads import UploadFolder
folder = UploadFolder()
print(folder._folder)
ThreadPoolExecutor(1).submit(time.sleep, 600)
app_hooks.on_server_unloaded(None)
"""


def test_a_job_that_ignores_cancellation_does_not_block_the_exit():
    done = subprocess.run(
        [sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=WAIT_SECONDS, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not Path(done.stdout.strip()).exists()


AMID = """
from tornado.ioloop import IOLoop
from quests_app import app_hooks
app_hooks._end_in_order()
loop = IOLoop.current()
code = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('ended')"
# A KeyboardInterrupt that leaves code given as text makes Python's exit status its own, even if it is caught.
loop.call_later(0.1, lambda: exec(code))
try:
    loop.start()
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupted_server_ends_its_running_callback():
    done = subprocess.run(
        [sys.executable, "-c", AMID], capture_output=True, text=True, timeout=WAIT_SECONDS, check=False
    )
    assert (done.stdout, done.returncode) == ("ended\n", 0)
