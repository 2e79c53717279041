"""Measure the functions that take `client`: ``python benchmarks/cluster.py --write``.

Each step runs on one and on two worker processes of one thread. As two cores of a machine may be two threads
of one core, the same kernels also run in one and in two plain processes at once, which is what the machine
can reach. Then clusters of up to 256 workers are simulated from what is measured here: the time of each task,
the bytes of each message, and the time that the scheduler and the client spend on a task. Every message of
the simulated selection is made by the real code, with as many parts as there are workers. ``--write`` writes
a section of docs/large.md.
"""

import argparse
import heapq
import logging
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
from large import SOURCE, write_frames
from report import LARGE_PAGE, write_or_log

import quests_core as q
from quests_core.kernel_sums import cluster_sums
from quests_core.selection import cluster_msc
from quests_core.utils.tasks import Task, run_together

SHARE, WORKERS = 0.1, (1, 2, 4, 16, 64, 256)
# Bytes per second of a network card of 10 Gbit/s, and seconds of a message on its way.
BANDWIDTH, ON_THE_WAY = 1.25e9, 1e-4
# Threads of a worker compute in one thread, and so do plain processes.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
log = logging.getLogger("cluster")


def describe(folder: Path, client=None) -> None:
    """Write a store."""
    with tempfile.TemporaryDirectory(dir=folder) as where:
        q.descriptors(folder / "set.xyz", store=Path(where) / "a", client=client)


def entropy(folder: Path, client=None) -> None:
    """Compute the entropy of the store."""
    q.entropy(q.Environments.open(folder / "set.envs"), client=client)


def select(folder: Path, client=None) -> None:
    """Select a share of the frames."""
    q.select(q.Environments.open(folder / "set.envs"), "msc", SHARE, client=client)


def curve(folder: Path, client=None) -> None:
    """Compute the curve of the frames in the order of the file."""
    envs = q.Environments.open(folder / "set.envs")
    q.compression_curve(envs, range(len(envs)), client=client)


STEPS: dict[str, Callable] = {
    "descriptors": describe,
    "entropy": entropy,
    "selection": select,
    "curve": curve,
}


class Times(NamedTuple):
    """Wall time, and processor time of all processes, s."""

    wall: float
    processor: float


def plain(step: str, folder: Path) -> None:
    """Run a step in this process, with one thread; print its times when told to begin."""
    q.set_num_threads(1)
    STEPS[step](folder)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while sys.stdin.readline():
        start, before = time.perf_counter(), time.process_time()
        STEPS[step](folder)
        sys.stdout.write(f"{time.perf_counter() - start} {time.process_time() - before}\n")
        sys.stdout.flush()


def plain_processes(step: str, folder: Path, n_runs: int) -> list[Times]:
    """Return the times of one process, and the mean ones of two that each run the whole step at once."""
    command = [sys.executable, __file__, "--plain", step, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for process in processes:
        process.stdout.readline()
    found: list[list[Times]] = [[], []]
    for _ in range(n_runs):
        for some in (processes[:1], processes):
            for process in some:
                process.stdin.write("\n")
                process.stdin.flush()
            lines = [process.stdout.readline().split() for process in some]
            found[len(some) - 1].append(Times(*np.array(lines, float).mean(axis=0).tolist()))
    for process in processes:
        process.communicate()
    return [shortest(times) for times in found]


def shortest(times: list[Times]) -> Times:
    """Return the shortest of each kind."""
    return Times(*np.min(times, axis=0).tolist())


def on_workers(folder: Path, n_runs: int) -> tuple[dict[str, list[Times]], float]:
    """Return the times of each step on one and two worker processes, in turn, and of an empty task."""
    from distributed import Client, LocalCluster

    def measured(client, step: Callable) -> Times:
        def processor() -> float:
            return time.process_time() + sum(client.run(time.process_time).values())

        start, before = time.perf_counter(), processor()
        step(folder, client)
        return Times(time.perf_counter() - start, processor() - before)

    options = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": logging.ERROR}
    with ExitStack() as stack:
        clusters = [stack.enter_context(LocalCluster(n_workers=n, **options)) for n in (1, 2)]
        clients = [stack.enter_context(Client(one, set_as_default=False)) for one in clusters]
        found = {}
        for name, step in STEPS.items():
            for client in clients:
                step(folder, client)
            runs = [[measured(client, step) for client in clients] for _ in range(n_runs)]
            found[name] = [shortest(list(times)) for times in zip(*runs, strict=True)]
        tasks, per_task = [Task(len, (bytes(2000),))] * 500, []
        for _ in range(3):
            start = time.perf_counter()
            run_together(clients[1], tasks)
            per_task.append((time.perf_counter() - start) / len(tasks))
    return found, min(per_task)


class LocalParts:
    """Stands for the cluster of a selection: parts are advanced here, one after another, and timed."""

    def __init__(self, n_parts: int):
        self.n_parts, self.rounds, self.n_bytes, self.n_picks = n_parts, [], 0, 0

    def submit(self, _, task: Task):
        """Make a part."""
        return task.function(*task.arguments)

    def run_together(self, _, tasks: list[Task], __) -> list:
        """Advance all parts; record the times, and the bytes of the messages."""
        results, times = [], []
        for task in tasks:
            part, *message = task.arguments
            start = time.perf_counter()
            results.append(task.function(part, *message))
            times.append(time.perf_counter() - start)
            self.n_bytes += len(pickle.dumps(message)) + len(pickle.dumps(results[-1]))
        self.rounds.append(times)
        return results


def simulated_selection(folder: Path, n: int, per_task: float) -> dict:
    """Select with n parts in this process; return what n workers would take, and how much they would send."""
    envs, parts = q.Environments.open(folder / "set.envs"), LocalParts(n)
    patches = {"submit": parts.submit, "run_together": parts.run_together, "n_threads": lambda _: n}
    checked = mock.patch("quests_core.selection.dispatch.check_client")
    with (
        mock.patch.multiple(cluster_msc, **patches),
        mock.patch.object(cluster_msc, "_FEWEST_ROWS", 1),
        checked,
    ):
        start = time.perf_counter()
        order = q.select(envs, "msc", SHARE, client=object()).order
        total = time.perf_counter() - start
    # The parts are made in the first round, each on its worker.
    computed, longest = sum(map(sum, parts.rounds)), sum(map(max, parts.rounds))
    client, n_rounds = total - computed, len(parts.rounds)
    overhead = n_rounds * (n * per_task + 2 * ON_THE_WAY) + parts.n_bytes / BANDWIDTH
    return {
        "seconds": longest + client + overhead,
        "computed": computed,
        "client": client,
        "overhead": overhead,
        "rounds": n_rounds,
        "picks": len(order),
        "bytes": parts.n_bytes / len(order) / n,
        "order": order,
    }


def pair_tasks(folder: Path) -> tuple[list[float], float, float]:
    """Run the tasks of the entropy here; return the times of pairs, and bytes of results and tiles."""
    times, results, tiles_bytes = [], [], []

    def submit(_, task: Task):
        found = task.function(*task.arguments)
        tiles_bytes.append(len(pickle.dumps(found)))
        return found

    def run(_, tasks, *__):
        for task in tasks:
            start = time.perf_counter()
            found = task.function(*task.arguments)
            if task.function is cluster_sums._pair:
                times.append(time.perf_counter() - start)
                results.append(len(pickle.dumps(found)))
            yield found

    envs = q.Environments.open(folder / "set.envs")
    with mock.patch.multiple(cluster_sums, submit=submit, run_in_order=run):
        q.entropy(envs, client=object())
    return times, statistics.mean(results), statistics.mean(tiles_bytes)


def simulated_entropy(
    times: list[float], n: int, per_task: float, n_bytes: float, tiles_bytes: float
) -> float:
    """Return when the last of n workers ends, which take tasks from one scheduler as they become free."""
    free, submitted, ends = [0.0] * n, 0.0, 0.0
    heapq.heapify(free)
    for one in times:
        # The scheduler handles one task after another; a worker may have to fetch two shards.
        submitted += per_task
        start = max(heapq.heappop(free), submitted) + 2 * ON_THE_WAY
        end = start + one + (2 * tiles_bytes * (n > 1) + n_bytes) / BANDWIDTH
        heapq.heappush(free, end)
        ends = max(ends, end)
    return ends


def modelled_entropy(
    times: list[float], n: int, per_task: float, n_bytes: float, tiles_bytes: float
) -> float:
    """Return the largest of all work divided, of the scheduler's, and of the longest task."""
    each = 2 * ON_THE_WAY + (2 * tiles_bytes * (n > 1) + n_bytes) / BANDWIDTH
    work = (sum(times) + each * len(times)) / n
    return max(work, per_task * len(times), max(times) + each)


def efficiencies(folder: Path, n_runs: int) -> tuple[list[str], float]:
    """Return the rows of the first table, and the time of a task."""
    found, per_task = on_workers(folder, n_runs)
    lines = [
        "| step | 1 worker | 2 workers | T1 / (2 T2) | two plain processes | of what they reach "
        "| processor time, 1 and 2 workers | ratio | two plain processes |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for step, (one, two) in found.items():
        alone, both = plain_processes(step, folder, n_runs)
        reached, possible = one.wall / (2 * two.wall), alone.wall / both.wall
        lines.append(
            f"| {step} | {one.wall:.1f} s | {two.wall:.1f} s | {reached:.2f} | {possible:.2f} "
            f"| {reached / possible:.2f} | {one.processor:.1f} s, {two.processor:.1f} s "
            f"| {one.processor / two.processor:.2f} | {alone.processor / both.processor:.2f} |"
        )
        log.info("%s", lines[-1])
    return lines, per_task


def measure(folder: Path, n_environments: int, n_runs: int) -> list[str]:
    """Return the section of the page."""
    write_frames(folder / "set.xyz", n_environments)
    envs = q.descriptors(folder / "set.xyz", store=folder / "set.envs")
    first, per_task = efficiencies(folder, n_runs)
    q.set_num_threads(1)
    simulated_selection(folder, 1, per_task)
    selections = {n: simulated_selection(folder, n, per_task) for n in WORKERS}
    times, n_bytes, tiles_bytes = pair_tasks(folder)
    lines = [
        f"{envs.n_envs:,} environments in {len(envs):,} frames, selection of {SHARE:.0%} by `msc` "
        f"(`benchmarks/cluster.py`, shortest of {n_runs} runs), on a machine whose two cores are two threads "
        "of one core. *Two plain processes* is the time of one "
        "process that runs the step alone, divided by that of two that each run it at the same time, without "
        "Dask: what the machine can reach, as far as its other work was the same. Processor time is that "
        "of workers and client; it does not depend on other work as much, and its ratio would be 1 if two "
        "workers did no more, and ran as fast, as one.",
        "",
        *first,
        "",
        f"A task takes {1e3 * per_task:.2f} ms of the scheduler, the client, the worker and the connections, "
        f"all on this machine. Of the entropy, {len(times)} pairs of shards were computed, "
        f"{sum(times) / len(times):.2f} s each (longest {max(times):.2f} s); a result has "
        f"{n_bytes / 1e3:.0f} kB, and a shard of tiles that is sent to another worker "
        f"{tiles_bytes / 1e6:.0f} MB.",
        "",
        "Simulated clusters with a network of 10 Gbit/s. Entropy: tasks with the times measured here "
        "are given by one scheduler to workers as they become free; the model is the largest of the "
        "work divided by the workers, the longest task, and the time of the scheduler. Selection: the "
        "set was divided into as many parts, and every round was computed; its time is that of the "
        "slowest part, the client, the scheduler and the messages.",
        "",
        "| workers | entropy, simulated | model | efficiency | selection, simulated | efficiency "
        f"| rounds for {selections[1]['picks']} picks "
        "| work of all parts | scheduler | bytes per pick and part |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    known = per_task, n_bytes, tiles_bytes
    for n, found in selections.items():
        simulated, model = simulated_entropy(times, n, *known), modelled_entropy(times, n, *known)
        e_entropy = simulated_entropy(times, 1, *known) / (n * simulated)
        e_select = selections[1]["seconds"] / (n * found["seconds"])
        same = "" if (found["order"] == selections[1]["order"]).all() else " (OTHER frames)"
        lines.append(
            f"| {n} | {simulated:.2f} s | {model:.2f} s | {e_entropy:.2f} | {found['seconds']:.2f} s{same} "
            f"| {e_select:.2f} | {found['rounds']} | {found['computed']:.1f} s | {found['overhead']:.1f} s "
            f"| {found['bytes']:,.0f} |"
        )
        log.info("%s", lines[-1])
    return lines


def main() -> None:
    """Measure, and print or write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=2, help="of which the shortest counts")
    parser.add_argument("--write", action="store_true", help="write the section of docs/large.md")
    parser.add_argument("--plain", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.plain:
        plain(given.plain[0], Path(given.plain[1]))
        return
    if ONE_THREAD.items() - os.environ.items():
        # As workers of Dask are started; libraries read this when they are imported.
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    for one in (log, logging.getLogger("report")):
        one.setLevel(logging.INFO)
    if not SOURCE.exists():
        parser.error(f"needs {SOURCE}")
    with tempfile.TemporaryDirectory() as folder:
        lines = measure(Path(folder), given.environments, given.runs)
    write_or_log("distributed", lines, LARGE_PAGE, given.write)


if __name__ == "__main__":
    main()
