"""Tests of the tables of a comparison."""

import json

import numpy as np

from quests_core.potentials import PotentialComparison, Split
from quests_core.potentials.cells import Cell

SPLIT = Split(np.arange(4), np.array([4]), np.array([], dtype=int))


def errors(by, group, rmse):
    return {
        "by": by, "group": group, "low": None, "high": 2.0, "n_envs": 3, "force_rmse": rmse,
        "force_mae": rmse / 2, "energy_rmse": None, "energy_mae": None,
    }  # fmt: skip


def test_tables_have_rows_of_cells_and_groups():
    rows = [errors("all", "", 0.1), errors("element", "Cu", 0.2)]
    cells = [
        Cell("a", 1, 4, 0.25, 0, [3], errors=rows, seconds=2.0),
        Cell("a", 2, 8, 0.5, 0, [3, 1], status="diverged", message="too large", errors=rows),
    ]
    found = PotentialComparison.from_cells(cells, SPLIT, {"seeds": [0]})
    assert found.table.force_rmse.tolist()[0] == 0.1
    assert np.isnan(found.table.force_rmse[1])
    assert found.table.energy_rmse.dtype == float
    assert found.groups[["n_frames", "group", "force_rmse", "n_envs", "n_test_envs"]].values.tolist() == [
        [1, "", 0.1, 4, 3],
        [1, "Cu", 0.2, 4, 3],
    ]
    assert found.failures.message.tolist() == ["too large"]
    record = json.loads(json.dumps(found.record, allow_nan=False))
    assert record["seeds"] == [0]
    assert record["cells"][1]["errors"][0]["force_rmse"] == 0.1


def test_all_cells_may_have_failed():
    found = PotentialComparison.from_cells([Cell("a", 1, 4, 0.25, 0, [3], "failed", "why")], SPLIT, {})
    assert found.table.status.tolist() == ["failed"]
    assert len(found.groups) == 0
    assert "force_rmse" in found.groups


def test_the_table_is_what_the_plot_of_force_errors_takes():
    cells = [Cell(name, 1, 4, 0.25, 0, [3], errors=[errors("all", "", 0.1)]) for name in ("msc", "random")]
    found = PotentialComparison.from_cells(cells, SPLIT, {})
    assert {"method", "fraction", "force_rmse"} <= set(found.table)
