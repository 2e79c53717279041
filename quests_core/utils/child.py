"""Run a function in a process of its own, which can be killed: the only way to end what cannot be cancelled.

The process stays alive between calls, as its imports take longer than most calls. Run as a module, this file
is that process: ``python -m quests_core.utils.child package.module:function``.
"""

import contextlib
import importlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ..progress import ProgressCallback

_DONE, _FAILED = "done", "failed"
# What the answer of the process is looked for: often at first, then ten times a second.
_SHORTEST_WAIT, _LONGEST_WAIT = 0.005, 0.1
# Behind everything that somebody waits for in the parent.
_NICE = 10


class ChildError(RuntimeError):
    """The process reported an error, died, or exceeded a limit."""


class Child:
    """A process that calls one function with one folder after another.

    Parameters
    ----------
    function : str
        ``"package.module:function"``; called with a folder as a `pathlib.Path`, it reads its input there and
        writes its output there.
    environment : mapping, optional
        Variables that the process has beside those of this one.
    """

    def __init__(self, function: str, environment: Mapping[str, str] | None = None):
        self._function, self._environment = function, dict(environment or {})
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def run(
        self, folder: Path, progress: ProgressCallback | None = None, step: str = "",
        seconds: float | None = None, memory: int | None = None,
    ) -> None:  # fmt: skip
        """Call the function with `folder`, after the calls of other threads.

        Parameters
        ----------
        folder : Path
            A folder of this call alone.
        progress : callable, optional
            See `quests_core.progress`; called several times a second. The process is killed if it raises.
        step : str
            What `progress` is told.
        seconds : float, optional
            The process is killed when the call takes longer.
        memory : int, optional
            Bytes that the call may allocate, and write to one file; enforced on Linux.

        Raises
        ------
        ChildError
            If the function raises, or its process ends or exceeds a limit; the message says why.
        """
        while not self._lock.acquire(timeout=_LONGEST_WAIT):
            if progress is not None:
                progress(step, 0, 0)
        try:
            process = self._start()
            try:
                _send(process, folder, memory)
                self._wait(process, folder, progress, step, seconds)
            except BrokenPipeError:
                self._kill()
                raise ChildError("its process ended before it began") from None
            except BaseException:
                self._kill()
                raise
        finally:
            self._lock.release()
        if (failure := folder / _FAILED).exists():
            raise ChildError(failure.read_text(encoding="utf-8"))

    def close(self) -> None:
        """End the process, also while a call runs in another thread, which then raises `ChildError`."""
        if (process := self._process) is not None:
            process.kill()
        with self._lock:
            self._kill()

    def _start(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._kill()
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, self._function],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **self._environment},
                text=True,
            )
        return self._process

    @staticmethod
    def _wait(process, folder: Path, progress, step: str, seconds: float | None) -> None:
        answers, begun = (folder / _DONE, folder / _FAILED), time.monotonic()
        while not any(answer.exists() for answer in answers):
            if (code := process.poll()) is not None:
                killed = "its process was killed, as the system does where memory runs short"
                raise ChildError(killed if code == -9 else f"its process ended with code {code}")
            elapsed = time.monotonic() - begun
            if seconds is not None and elapsed > seconds:
                raise ChildError(f"it took more than {seconds:.0f} s")
            if progress is not None:
                progress(step, 0, 0)
            time.sleep(min(_LONGEST_WAIT, _SHORTEST_WAIT + elapsed / 10))

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            if self._process.stdin is not None:
                with contextlib.suppress(OSError):
                    self._process.stdin.close()
            self._process.wait()
            self._process = None


def _send(process: subprocess.Popen[str], folder: Path, memory: int | None) -> None:
    if process.stdin is not None:
        process.stdin.write(json.dumps({"folder": str(folder), "memory": memory}) + "\n")
        process.stdin.flush()


def serve(function: Callable[[Path], None]) -> None:
    """Call a function with each folder that standard input names; end with it, whatever is being done."""
    pending: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            pending.put(line)
        # The parent has closed the pipe or is gone, killed perhaps.
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        request = json.loads(pending.get())
        _answer(function, Path(request["folder"]), request["memory"])


def _answer(function: Callable[[Path], None], folder: Path, memory: int | None) -> None:
    try:
        limit_memory(memory)
        function(folder)
        name, text = _DONE, ""
    except MemoryError:
        limit_memory(None)
        of = f"the {memory / 1e9:,.1f} GB of " if memory else ""
        name, text = _FAILED, f"it takes more than {of}memory that it may use"
    except Exception as error:
        # Reported to the parent; the process lives on.
        name, text = _FAILED, str(error) or type(error).__name__
    # A folder that has gone is one that nobody waits for any more.
    with contextlib.suppress(FileNotFoundError):
        part = folder / "part"
        part.write_text(text, encoding="utf-8")
        part.rename(folder / name)


def limit_memory(n_bytes: int | None) -> None:
    """Let this process allocate `n_bytes` more, and write no larger file; None for any number."""
    if sys.platform != "linux":
        return
    import resource

    from .memory import field

    for kind, name in (
        (resource.RLIMIT_DATA, "VmData"),
        (resource.RLIMIT_AS, "VmSize"),
        (resource.RLIMIT_FSIZE, ""),
    ):
        _, hard = resource.getrlimit(kind)
        used = field("/proc/self/status", name) or 0 if name else 0
        soft = hard if n_bytes is None else used + n_bytes
        resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def main(argument: str) -> None:
    """Serve the function that an argument names."""
    if hasattr(os, "nice"):
        os.nice(_NICE)
    module, _, name = argument.partition(":")
    serve(getattr(importlib.import_module(module), name))


if __name__ == "__main__":
    main(sys.argv[1])
