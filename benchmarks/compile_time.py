"""Time the compilation of each kernel: ``python benchmarks/compile_time.py --write``.

Every step of `quests_core.warm_up` runs with an empty kernel cache in a new process, which records numba's
compilation events. The time of a kernel excludes that of the kernels that it calls, as those are compiled
and stored by themselves; a kernel with more than one signature is compiled once for each. The processor time
is that of the whole process, and includes imports. ``--write`` writes the section of docs/benchmarks.md.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from typing import Any, NamedTuple

from report import write_section

# Kernels that together take less than this are one line of the table, seconds.
LEAST = 0.3
log = logging.getLogger("compile_time")


class Compiled(NamedTuple):
    """One signature of one kernel."""

    name: str
    step: str
    signature: str
    seconds: float  # without the kernels that it calls


class Recorder:
    """Record the time of each compilation, excluding nested ones.

    Where numba has no such events, nothing is recorded.
    """

    def __init__(self):
        self.found: list[Compiled] = []
        self.step = ""
        self._nested: list[float] = []
        self._started: list[float] = []

    def listen(self) -> None:
        """Begin to record."""
        from numba.core import event

        recorder = self

        class Listener(event.Listener):
            def on_start(self, _) -> None:
                recorder._started.append(time.thread_time())
                recorder._nested.append(0.0)

            def on_end(self, event) -> None:
                recorder._end(event.data)

        event.register("numba:compile", Listener())

    def _end(self, data: dict[str, Any]) -> None:
        elapsed = time.thread_time() - self._started.pop()
        own = elapsed - self._nested.pop()
        if self._nested:
            self._nested[-1] += elapsed
        function = data["dispatcher"].py_func
        name = f"{function.__module__.removeprefix('quests_core.')}.{function.__qualname__}"
        self.found.append(Compiled(name, self.step, str(data["args"]), own))


def measure() -> dict[str, Any]:
    """Compile everything in this process; return the compilations and the time of each step."""
    start = time.perf_counter()
    from quests_core.warm_up import steps

    taken = {"import": time.perf_counter() - start}
    recorder = Recorder()
    recorder.listen()
    for name, step in steps().items():
        recorder.step, start = name, time.perf_counter()
        step()
        taken[name] = time.perf_counter() - start
    return {"found": recorder.found, "steps": taken, "processor": sum(os.times()[:2])}


def measure_in_a_process(cache: str) -> dict[str, Any]:
    """Return what `measure` finds in a new process with the kernel cache `cache`."""
    command = [sys.executable, __file__, "--measure"]
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    found = json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)
    return {**found, "found": [Compiled(*one) for one in found["found"]]}


def table(found: list[Compiled]) -> list[str]:
    """Return a line for each kernel, the slowest first."""
    seconds, signatures = defaultdict(float), defaultdict(list)
    for one in found:
        seconds[one.name] += one.seconds
        signatures[one.name].append(one)
    lines = ["| kernel | signatures | compilation |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {len(signatures[name])} | {seconds[name]:.1f} s |"
        for name in sorted(seconds, key=seconds.__getitem__, reverse=True)
        if seconds[name] >= LEAST
    ]
    rest = [name for name in seconds if seconds[name] < LEAST]
    n_signatures = sum(len(signatures[name]) for name in rest)
    total = sum(seconds[name] for name in rest)
    return [*lines, f"| {len(rest)} others | {n_signatures} | {total:.1f} s |"]


def report(cold: dict[str, Any], warm: dict[str, Any]) -> list[str]:
    """Return the section of docs/benchmarks.md."""
    total = sum(one.seconds for one in cold["found"])
    steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in cold["steps"].items())
    return [
        "## Compilation", "",
        f"All kernels with an empty cache, in one process on one core: **{total:.0f} s** "
        f"({cold['processor']:.0f} s of processor time with imports; {warm['processor']:.1f} s once they are "
        "stored). Times exclude called kernels (`python benchmarks/compile_time.py`).", "",
        *table(cold["found"]), "",
        f"By what is computed first: {steps}.",
    ]  # fmt: skip


def main() -> None:
    """Measure, log, and write the section if requested."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write the section of docs/benchmarks.md")
    parser.add_argument("--signatures", action="store_true", help="print every signature")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if options.measure:
        sys.stdout.write(json.dumps(measure()))
        return
    with tempfile.TemporaryDirectory() as cache:
        cold, warm = (measure_in_a_process(cache) for _ in range(2))
    if warm["found"]:
        log.warning("not stored: %s", ", ".join(one.name for one in warm["found"]))
    if options.signatures:
        for one in sorted(cold["found"]):
            log.info("%-50s %-24s %6.2f s  %s", one.name, one.step, one.seconds, one.signature)
    text = report(cold, warm)
    log.info("\n".join(text))
    if options.write:
        write_section("compile", text)


if __name__ == "__main__":
    main()
