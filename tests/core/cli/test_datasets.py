"""Tests of ``datasets``."""

from quests_core import published
from tests.core.cli.commands import run, run_json


def test_datasets_lists_names():
    table = published.datasets()
    assert [row["name"] for row in run_json("datasets")["datasets"]] == table.name.tolist()
    (row,) = run_json("datasets", "c-gap-17")["datasets"]
    assert row == {
        "name": "load-atoms:C-GAP-17", "elements": "C", "n_frames": 4530, "n_envs": 284965,
        "licence": "CC BY-NC-SA 4.0", "citation": "10.1103/PhysRevB.95.094203",
    }  # fmt: skip
    assert "284,965" in run("datasets", "C-GAP").stdout
