"""The cluster in words."""

import ast
from pathlib import Path

import pytest

import quests_core
from quests_app.jobs.cluster import ClusterStatus
from quests_app.views.cluster_text import TASKS, cluster_text

ADDRESS = "tcp://host:8786"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (
            ClusterStatus(ADDRESS, "no scheduler answers <there>"),
            "no scheduler answers &lt;there&gt;; stores are computed in this process.",
        ),
        (ClusterStatus(ADDRESS), "no workers; stores are computed in this process."),
        (ClusterStatus(ADDRESS, "", 1, 1), "1 worker, 1 thread; idle."),
        (
            ClusterStatus(ADDRESS, "", 2, 8, 1_200_000_000, 8_000_000_000, (("pair", 3), ("tiles", 1))),
            "2 workers, 8 threads, 1.2 of 8.0 GB; running: 4 tasks (kernel sums).",
        ),
        (
            ClusterStatus(ADDRESS, "", 2, 2, 510_000_000, 0, (("advance", 1), ("train_<model>", 2))),
            "2 workers, 2 threads, 0.5 GB; running: 1 task (order of msc), 2 tasks of others.",
        ),
    ],
)
def test_cluster_text(status, text):
    assert cluster_text(status) == f"Dask cluster {ADDRESS}: {text}"


def test_each_function_that_runs_on_workers_has_words():
    functions = set()
    for path in Path(quests_core.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Task":
                functions.add(ast.unparse(node.args[0]).strip("_"))
    assert functions == TASKS.keys()
