"""A `gap_fit` that never ends, with a child of its own, as the scripts of wheels have."""

import os
import subprocess
import time
from pathlib import Path

WAIT_SECONDS = 300


def install(folder: Path) -> dict[str, str]:
    """Write the program and a package `quippy` to a folder; return the environment that finds them."""
    program = folder / "gap_fit"
    program.write_text(
        f"#!/bin/sh\nsleep 600 &\necho $$ $! > {folder}/part\nmv {folder}/part {folder}/pids\nwait\n"
    )
    program.chmod(0o755)
    (folder / "quippy").mkdir()
    (folder / "quippy" / "__init__.py").touch()
    paths = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": paths}


def end_while_training(command: list, environment: dict[str, str], folder: Path, number: int) -> int:
    """Run a command until it trains, end it with a signal until nothing of it runs, and return its code."""
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        end = time.monotonic() + WAIT_SECONDS
        while not (folder / "pids").exists():
            assert process.poll() is None, f"ended with code {process.returncode}"
            assert time.monotonic() < end
            time.sleep(0.05)
        pids = list(map(int, (folder / "pids").read_text().split()))
        assert all(map(is_running, pids))
        process.send_signal(number)
        code = process.wait(WAIT_SECONDS)
    while any(map(is_running, pids)):
        assert time.monotonic() < end, "the trainer outlives the command"
        time.sleep(0.01)
    return code


def is_running(pid: int) -> bool:
    """Return whether a process runs, and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
