"""Servers that are stopped, killed and restarted leave nothing behind."""

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from quests_core import Cancelled
from quests_core.io.read_process import read_in_process
from quests_core.utils import scratch
from tests.hostile.client import SECONDS
from tests.hostile.files import ENDLESS
from tests.hostile.server import ServedAs

HOLD = """
import sys
from quests_app.server.uploads import UploadFolder
held = UploadFolder()
held.save("mine.xyz", b"1\\n\\nH 0 0 0\\n")
from quests_app.jobs.umap_process import UmapWorker
worker = UmapWorker()
print(worker._start().pid, flush=True)
sys.stdin.read()
"""


def wait_until(condition, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.jit
@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
def test_a_signal_to_the_command_ends_its_server(tmp_path):
    """The command becomes the server, which `tests/app/test_app_hooks.py` ends by other signals."""
    server = ServedAs("command", tmp_path)
    server.start()
    pid = server.serving_pid
    assert pid == server.process.pid, "no process stands between"
    assert server.stop(signal.SIGINT) == 0
    wait_until(lambda: not is_running(pid))
    assert "Traceback" not in server.log.read_text()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
def test_who_was_killed_leaves_neither_uploads_nor_a_process(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment = {"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        for _ in range(2)
    ]
    killed, _ = processes
    workers = [int(process.stdout.readline()) for process in processes]
    try:
        assert len(list(tmp_path.rglob("mine.xyz"))) == 2
        killed.kill()
        killed.wait()
        # The process of its map reads, or computes: either way it ends.
        wait_until(lambda: not is_running(workers[0]))
        scratch.remove_stale()
        assert len(list(tmp_path.rglob("mine.xyz"))) == 1, "what another process holds is left alone"
        assert is_running(workers[1])
    finally:
        for process in processes:
            process.stdin.close()
            process.wait()
            process.stdout.close()
    wait_until(lambda: not list(tmp_path.rglob("mine.xyz")))


READ = "import sys; from quests_core.io.read_process import read_in_process; read_in_process(sys.argv[1])"
COMMAND = "import sys; from quests_core.cli import main; sys.argv = ['x', 'entropy', '-']; main()"


@pytest.mark.skipif(sys.platform == "win32", reason="deletes nothing that is in use")
@pytest.mark.parametrize(
    ("code", "made"), [(READ, "read-*/plain-*/*"), (COMMAND, "command-*")], ids=["read", "command"]
)
def test_who_was_killed_leaves_no_temporary_folder(tmp_path, code, made):
    folder, file = tmp_path / "temporary", tmp_path / "endless.lammpsdump.gz"
    folder.mkdir()
    # ASE reads it without an end, and compressed files are unpacked first.
    file.write_bytes(gzip.compress(ENDLESS.encode()))
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(file)], stdin=subprocess.PIPE, env=environment
    ) as killed:
        wait_until(lambda: list(folder.glob(f"*/{made}")) or killed.poll() is not None)
        killed.kill()
    assert list(folder.iterdir())

    def start_another() -> bool:
        """Return whether another process leaves nothing; a child of the killed one may still be ending."""
        subprocess.run(
            [sys.executable, "-c", "from quests_core.utils import scratch; scratch.folder()"],
            env=environment,
            check=True,
        )
        return not list(folder.iterdir())

    wait_until(start_another)


def test_what_a_reader_has_unpacked_goes_with_its_call(tmp_path):
    file = tmp_path / "endless.lammpsdump.gz"
    file.write_bytes(gzip.compress(ENDLESS.encode()))
    made = []

    def progress(*_) -> None:
        made.extend(scratch.folder().glob("read-*/plain-*/*"))
        if made:
            raise Cancelled

    with pytest.raises(Cancelled):
        read_in_process(file, progress)
    assert not list(scratch.folder().glob("read-*"))


def test_folders_of_others_and_young_ones_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / f"{scratch.PREFIX}link").symlink_to(outside)
    (tmp_path / f"{scratch.PREFIX}young").mkdir()
    (tmp_path / f"{scratch.PREFIX}file").write_text("")
    linked = tmp_path / f"{scratch.PREFIX}linked"
    linked.mkdir()
    (linked / "lock").symlink_to(tmp_path / "elsewhere")
    scratch.remove_stale()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["outside", *(f"{scratch.PREFIX}{name}" for name in ("link", "young", "file", "linked"))]
    )


@pytest.mark.slow
@pytest.mark.jit
def test_nothing_is_served_where_a_named_folder_is_missing(tmp_path):
    server = ServedAs("plain", tmp_path, QUESTS_DATA_DIRS=str(tmp_path / "nope"))
    with pytest.raises(TimeoutError, match="no such folder"):
        server.start()
    assert server.process.wait(SECONDS) != 0
