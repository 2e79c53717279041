"""Run a function in a separate process, which can be killed if the function cannot be cancelled.

The process is kept alive between calls, because its imports take longer than most calls. It runs this file as
a module: ``python -m quests_core.utils.child package.module:function``.
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
# Seconds between two checks for the result, which increase with the elapsed time.
_SHORTEST_WAIT, _LONGEST_WAIT = 0.005, 0.1
# Below the priority of the parent process.
_NICE = 10


class ChildError(RuntimeError):
    """The process reported an error, died, or exceeded a limit."""


class Child:
    """A process that repeatedly calls one function.

    Parameters
    ----------
    function : str
        ``"package.module:function"``. It is called with a folder, a `pathlib.Path`, from which it reads its
        input and to which it writes its output.
    environment : mapping, optional
        Environment variables of the process, in addition to those of this process.
    """

    def __init__(self, function: str, environment: Mapping[str, str] | None = None):
        self._function, self._environment = function, dict(environment or {})
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def run(
        self, folder: Path, progress: ProgressCallback | None = None, step: str = "",
        seconds: float | None = None, memory: int | None = None,
    ) -> None:  # fmt: skip
        """Call the function with `folder`, and wait for it; calls of several threads run one by one.

        Parameters
        ----------
        folder : Path
            A folder that no other call uses.
        progress : callable, optional
            See `quests_core.progress`; called several times a second. The process is killed if it raises.
        step : str
            Name of the step that is passed to `progress`.
        seconds : float, optional
            Time limit, after which the process is killed.
        memory : int, optional
            Limit on the bytes that the call allocates or writes to one file; enforced on Linux only.

        Raises
        ------
        ChildError
            If the function raises an error, or its process ends or exceeds a limit; the message says which.
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
                raise ChildError("its process ended before the call started") from None
            except BaseException:
                self._kill()
                raise
        finally:
            self._lock.release()
        if (failure := folder / _FAILED).exists():
            raise ChildError(failure.read_text(encoding="utf-8"))

    def close(self) -> None:
        """Kill the process; a call in another thread then raises `ChildError`."""
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
        results, start = (folder / _DONE, folder / _FAILED), time.monotonic()
        while not any(result.exists() for result in results):
            if (code := process.poll()) is not None:
                killed = "its process was killed, probably because the system ran out of memory"
                raise ChildError(killed if code == -9 else f"its process ended with code {code}")
            elapsed = time.monotonic() - start
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
    """Call a function with each folder named on standard input; exit as soon as standard input is closed."""
    pending: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            pending.put(line)
        # The parent has closed the pipe, or has ended.
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
        limit = f" of {memory / 1e9:,.1f} GB" if memory else ""
        name, text = _FAILED, f"it exceeds its memory limit{limit}"
    except Exception as error:
        # Report it to the parent, and keep the process alive.
        name, text = _FAILED, str(error) or type(error).__name__
    # The folder is missing if the caller no longer waits.
    with contextlib.suppress(FileNotFoundError):
        part = folder / "part"
        part.write_text(text, encoding="utf-8")
        part.rename(folder / name)


def limit_memory(n_bytes: int | None) -> None:
    """Limit this process to `n_bytes` of further memory and of file size; None removes the limit."""
    if sys.platform != "linux":
        return
    import resource

    from .memory import process_memory

    used = process_memory()
    for kind, n_used in (
        (resource.RLIMIT_DATA, used.data if used else 0),
        (resource.RLIMIT_AS, used.vms if used else 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        soft = hard if n_bytes is None else n_used + n_bytes
        resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def main(argument: str) -> None:
    """Serve the function named ``package.module:function``."""
    if hasattr(os, "nice"):
        os.nice(_NICE)
    module, _, name = argument.partition(":")
    serve(getattr(importlib.import_module(module), name))


if __name__ == "__main__":
    main(sys.argv[1])
