"""Run the program of a trainer, with a log, a time limit and cancellation."""

import contextlib
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ..utils import memory
from .trainer import TrainerMissing, TrainingError, TrainingTimeout

_WAIT_SECONDS = 0.1
_SHOWN = 200
# Kills the process group that is named on standard input, as soon as that is closed: when this process ends,
# in whatever way.
_WATCH = """
import os, signal, sys
group = sys.stdin.readline()
sys.stdin.read()
if group: os.killpg(int(group), signal.SIGKILL)
"""
# Becomes the program of its arguments once a line arrives on standard input, or ends if that is closed first:
# a process that dies before it has named the program to its watcher, and limited it, leaves nothing behind.
_GATE = """
import os, signal, sys
if not os.read(0, 1): raise SystemExit
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
# Python ignores these, and so would the program.
for number in (signal.SIGPIPE, signal.SIGXFSZ): signal.signal(number, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def find_program(command: str) -> str | None:
    """Return the path of a program: one that can be called, or one beside this Python; None if there is none.

    Examples
    --------
    >>> find_program("no such program") is None
    True
    """
    # The programs of an environment that is not activated are beside its Python.
    return shutil.which(command) or shutil.which(command, path=str(Path(sys.executable).parent))


def run_logged(
    command: Sequence[str | os.PathLike],
    log: Path,
    seconds: float | None = None,
    check: Callable[[], None] = lambda: None,
    environment: Mapping[str, str] | None = None,
    reason: Callable[[str], str] | None = None,
) -> None:
    """Run a command in the folder of its log, to which all of its output is written, and wait for it.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    log : Path
        The log file.
    seconds : float, optional
        Time limit.
    check : callable
        Called several times a second. If it raises, or this process ends in any way, the program and its
        children are killed.
    environment : mapping, optional
        Environment variables, in addition to those of this process.
    reason : callable, optional
        Returns the line of a log that says why the program failed; by default the last one.

    Raises
    ------
    TrainerMissing
        If there is no such program.
    TrainingTimeout
        If it exceeds the time limit.
    TrainingError
        If it fails; the message quotes its log.

    Examples
    --------
    >>> import tempfile
    >>> log = Path(tempfile.mkdtemp(), "echo.log")
    >>> run_logged([sys.executable, "-c", "import sys; sys.stdout.write('done')"], log)
    >>> log.read_text()
    'done'
    """
    name, variables = Path(command[0]).name, {**os.environ, **(environment or {})}
    if shutil.which(command[0], path=variables.get("PATH")) is None:
        raise TrainerMissing(f"{name}: no such program")
    with log.open("wb") as file, _watcher() as watch:
        process = subprocess.Popen(
            _gated(command), cwd=log.parent, stdin=subprocess.PIPE, stdout=file, stderr=subprocess.STDOUT,
            env=variables, start_new_session=True,
        )  # fmt: skip
        try:
            watch(process.pid)
            limit(process.pid, seconds)
            _start(process)
            _wait(process, name, seconds, check)
        finally:
            _kill(process)
    if process.returncode:
        text = log.read_text(encoding="utf-8", errors="replace")
        shown = (reason or last_line)(text).strip()[:_SHOWN]
        raise TrainingError(f"{name} ended with code {process.returncode}: {shown or 'its log is empty'}")


def _gated(command: Sequence[str | os.PathLike]) -> list[str | os.PathLike]:
    """Return the command that waits for a line before it becomes the program; on Windows nobody watches."""
    if sys.platform == "win32":
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _GATE, *command]


def _start(process: subprocess.Popen[bytes]) -> None:
    """Let a gated process become its program."""
    if process.stdin is not None:
        # It may have been killed.
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(b"\n")


@contextlib.contextmanager
def _watcher() -> Iterator[Callable[[int], None]]:
    """Yield a function that names a process whose group does not outlive this process.

    Children of a process that a signal has ended would go on: those that run are in sessions of their own.
    """
    if sys.platform == "win32":
        yield lambda _: None
        return
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _WATCH], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, text=True,
    )  # fmt: skip

    def watch(pid: int) -> None:
        # Without a watcher only the death of this process is not watched.
        with contextlib.suppress(BrokenPipeError):
            if watcher.stdin is not None:
                watcher.stdin.write(f"{pid}\n")
                watcher.stdin.flush()

    try:
        yield watch
    finally:
        watcher.kill()
        watcher.communicate()


def _wait(process: subprocess.Popen, name: str, seconds: float | None, check: Callable[[], None]) -> None:
    start = time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_WAIT_SECONDS)
            return
        check()
        if seconds is not None and time.monotonic() - start > seconds:
            raise TrainingTimeout(f"{name} took more than {seconds:g} s")


def limit(pid: int, seconds: float | None = None) -> None:
    """Limit a process and those that it starts, on Linux.

    Its data and files may not exceed the memory that is available now. With a time limit, its processor time
    is limited too, as a process whose parent was killed is watched by nobody.

    Parameters
    ----------
    pid : int
        The process.
    seconds : float, optional
        Time limit, on all cores.
    """
    if sys.platform != "linux":
        return
    import resource

    n_bytes = memory.available()
    limits = {} if n_bytes is None else {resource.RLIMIT_DATA: n_bytes, resource.RLIMIT_FSIZE: n_bytes}
    if seconds is not None:
        limits[resource.RLIMIT_CPU] = math.ceil(seconds * (os.cpu_count() or 1)) + 1
    for kind, value in limits.items():
        # It may have ended already, or have a lower limit.
        with contextlib.suppress(ProcessLookupError, PermissionError, ValueError):
            _, hard = resource.prlimit(pid, kind)
            resource.prlimit(pid, kind, (value, value if hard == resource.RLIM_INFINITY else hard))


def _kill(process: subprocess.Popen) -> None:
    """Kill a process and its children, which share its group; programs of wheels are started by a script."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def last_line(text: str) -> str:
    """Return the last line of a text that is not empty."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
