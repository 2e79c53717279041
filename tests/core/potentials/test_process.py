"""Tests of programs that are run with a log, a time limit and cancellation."""

import os
import signal
import subprocess
import sys
import time

import pytest

from quests_core.potentials import TrainerMissing, TrainingError, TrainingTimeout
from quests_core.potentials.process import run_logged
from tests.core.potentials.endless_gap import end_while_training, install, is_running


def python(code):
    return [sys.executable, "-c", code]


def test_output_is_logged_and_the_folder_is_that_of_the_log(tmp_path):
    code = "import os, sys; print(os.getcwd(), os.environ['X']); print('warning', file=sys.stderr)"
    run_logged(python(code), tmp_path / "a.log", environment={"X": "7"})
    assert sorted((tmp_path / "a.log").read_text().splitlines()) == sorted([f"{tmp_path} 7", "warning"])


def test_a_failure_quotes_the_log(tmp_path):
    with pytest.raises(TrainingError, match=r"ended with code 3: the reason$"):
        run_logged(python("print('start\\nthe reason\\n'); raise SystemExit(3)"), tmp_path / "a.log")
    with pytest.raises(TrainingError, match=r"ended with code 1: its log is empty$"):
        run_logged(python("raise SystemExit(True)"), tmp_path / "a.log")
    with pytest.raises(TrainingError, match="ended with code -6"):
        run_logged(python("import os; os.abort()"), tmp_path / "a.log")


def test_a_program_that_does_not_exist(tmp_path):
    with pytest.raises(TrainerMissing, match="no-such-program: no such program"):
        run_logged(["no-such-program"], tmp_path / "a.log")


# A program that starts another and writes the numbers of both, as the scripts of wheels do.
PARENT = (
    "import os, subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; "
    "time.sleep(600)']); print(os.getpid(), child.pid, flush=True); child.wait()"
)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")
@pytest.mark.parametrize("why", ["time limit", "cancelled"])
def test_the_program_and_its_children_are_killed(tmp_path, why):
    log = tmp_path / "a.log"

    def check():
        if why == "cancelled" and len(log.read_text().split()) == 2:
            raise KeyboardInterrupt

    error = TrainingTimeout if why == "time limit" else KeyboardInterrupt
    seconds = 3 if why == "time limit" else None
    with pytest.raises(error):
        run_logged(python(PARENT), log, seconds=seconds, check=check)
    pids = list(map(int, log.read_text().split()))
    if why == "cancelled":
        assert len(pids) == 2
    while any(map(is_running, pids)):
        # The kernel removes killed processes a little later.
        time.sleep(0.01)


ENDLESS = """
import sys
from pathlib import Path
from quests_core.potentials.process import run_logged
run_logged(["gap_fit"], Path(sys.argv[1], "gap_fit.log"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"])
def test_no_program_outlives_this_process(tmp_path, name):
    command = [sys.executable, "-c", ENDLESS, str(tmp_path)]
    assert end_while_training(command, install(tmp_path), tmp_path, getattr(signal, name)) != 0


# As when a signal arrives between the start of the program and the message to its watcher, or just after it.
DYING = """
import contextlib, os, signal
from quests_core.potentials import process
def die(pid, *_):
    print(pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
BEFORE = "process._watcher = lambda: contextlib.nullcontext(die)\n"
AFTER = "process.limit = die\n"


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_nothing_is_started_by_a_process_that_dies_before(tmp_path, when):
    command = [sys.executable, "-c", DYING + when + ENDLESS, str(tmp_path)]
    done = subprocess.run(command, env=install(tmp_path), capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    while is_running(int(done.stdout)):
        time.sleep(0.01)
    assert not (tmp_path / "pids").exists()


# The limits are set just after the start.
LIMITED = """
import resource, subprocess, sys, time
while resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY:
    time.sleep(0.01)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits are set on Linux only")
def test_a_program_and_its_children_may_not_exceed_the_available_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("quests_core.utils.memory.available", lambda: 200_000_000)
    child = "subprocess.run([sys.executable, '-c', 'bytearray(400_000_000)'], check=True)"
    with pytest.raises(TrainingError, match="ended with code 1"):
        run_logged(python(LIMITED + child), tmp_path / "a.log")
    assert "MemoryError" in (tmp_path / "a.log").read_text()
    with pytest.raises(TrainingError):
        run_logged(python(LIMITED + "open('a.dat', 'wb').truncate(300_000_000)"), tmp_path / "b.log")


@pytest.mark.skipif(sys.platform != "linux", reason="limits are set on Linux only")
def test_processor_time_is_limited_for_a_program_that_nobody_watches(tmp_path):
    code = """
import resource, time
while (found := resource.getrlimit(resource.RLIMIT_CPU)[0]) == resource.RLIM_INFINITY:
    time.sleep(0.01)
print(found)
"""
    run_logged(python(code), tmp_path / "a.log", seconds=600)
    assert int((tmp_path / "a.log").read_text()) == 600 * os.cpu_count() + 1
