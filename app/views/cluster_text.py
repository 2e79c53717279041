"""What the server's Dask cluster has and does, in words; text from elsewhere is escaped."""

from collections import Counter
from html import escape

from ..jobs.cluster import ClusterStatus
from ..text.numbers import plural

# What the functions that `quests_core` runs on workers compute, by their names.
TASKS = {
    "describe_part": "descriptors",
    "tiles": "kernel sums",
    "place": "kernel sums",
    "pair": "kernel sums",
    "add": "kernel sums",
    "Measured": "curve",
    "shape_of": "curve",
    "measure": "curve",
    "Part": "order of msc",
    "advance": "order of msc",
    "leading_axes": "sums over the subset",
    "TotalsPart": "sums over the subset",
    "walk": "sums over the subset",
    "answer": "sums over the subset",
}
OTHERS = "of others"


def cluster_text(status: ClusterStatus) -> str:
    """Return the address, the workers and the tasks of a cluster as HTML."""
    here = "stores are computed in this process"
    name = f"Dask cluster {escape(status.address)}"
    if status.problem:
        return f"{name}: {escape(status.problem)}; {here}."
    if not status.n_workers:
        return f"{name}: no workers; {here}."
    # Not more precisely, as it changes with every task.
    used = f"{status.memory / 1e9:.1f}"
    limit = f" of {status.memory_limit / 1e9:.1f}" if status.memory_limit else ""
    memory = f", {used}{limit} GB" if status.memory else ""
    running: Counter[str] = Counter()
    for function, count in status.running:
        running[TASKS.get(function, OTHERS)] += count
    tasks = ", ".join(
        f"{plural(n, 'task')} {what if what == OTHERS else f'({what})'}" for what, n in running.items()
    )
    return (
        f"{name}: {plural(status.n_workers, 'worker')}, {plural(status.n_threads, 'thread')}{memory}; "
        f"{f'running: {tasks}' if tasks else 'idle'}."
    )
