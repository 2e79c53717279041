"""Run cases in a child process with limited memory; hanging, crashing or exceeding it is a fault.

``python -m tests.fuzz.run SEED FIRST LAST BOMBS`` is the child: it reports each case as a line of JSON.
"""

import json
import queue
import resource
import subprocess
import sys
import tempfile
import threading
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
CHILD = (sys.executable, "-m", "tests.fuzz.run")
SECONDS = 60
MEMORY = 1_500_000_000


@dataclass
class Outcome:
    """The outcomes of many cases."""

    n_cases: int = 0
    outcomes: Counter = field(default_factory=Counter)
    kinds: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0
    most_memory: int = 0


def run(n_cases: int, seed: int, bombs: int = 100) -> Outcome:
    """Try files, every ``20 * bombs``-th a gzip bomb (0: none); continue after one that kills the child."""
    outcome, first = Outcome(), 0
    while first < n_cases:
        first = _run_child(outcome, seed, first, n_cases, bombs)
    return outcome


def _run_child(outcome: Outcome, seed: int, first: int, last: int, bombs: int) -> int:
    command = [*CHILD, *map(str, (seed, first, last, bombs))]
    lines: queue.Queue = queue.Queue()
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        threading.Thread(target=lambda: [*map(lines.put, child.stdout), lines.put("")], daemon=True).start()
        lines.get(timeout=300)  # it is ready: everything is imported and compiled
        for number in range(first, last):
            line, why = "", f"no answer in {SECONDS} s"
            try:
                line = lines.get(timeout=SECONDS)
            except queue.Empty:
                child.kill()
            else:
                why = f"ended with {child.wait()}" if not line else ""
            if not line:
                outcome.faults.append(f"case {number}: the process {why}: {child.stderr.read()[-300:]}")
                outcome.n_cases += 1
                return number + 1
            _count(outcome, number, json.loads(line))
    return last


def _count(outcome: Outcome, number: int, report: dict) -> None:
    outcome.n_cases += 1
    outcome.outcomes[report["outcome"]] += 1
    outcome.kinds[report["kind"]] += 1
    outcome.slowest = max(outcome.slowest, report["seconds"])
    outcome.most_memory = max(outcome.most_memory, report["memory"])
    if report["outcome"] == "FAULT":
        outcome.faults.append(f"case {number} ({report['kind']}, {report['name']}): {report['message']}")


def _child(seed: int, first: int, last: int, bombs: int) -> None:
    import time

    from tests.fuzz import bases, mutations, verdict

    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        verdict.judge(mutations.Case("warm", "warm.xyz", bases.xyz_files()[0]), folder)
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
        trap = folder / "trap"
        print("ready", flush=True)  # noqa: T201
        for number in range(first, last):
            case = mutations.case(np.random.default_rng([seed, number]), number, trap, bombs)
            begun = time.monotonic()
            outcome, message = verdict.judge(case, folder)
            if trap.exists():
                outcome, message = "FAULT", "a pickle was opened"
                trap.unlink()
            report = {
                "outcome": outcome, "message": message, "kind": case.kind, "name": case.name,
                "seconds": time.monotonic() - begun,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }  # fmt: skip
            print(json.dumps(report), flush=True)  # noqa: T201


if __name__ == "__main__":
    _child(*map(int, sys.argv[1:]))
