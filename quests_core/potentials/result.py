"""The result of `compare_potentials`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from ..utils.json_values import as_json
from .cells import FINISHED, Cell
from .hold_out import Split

_KEYS = ["method", "n_frames", "n_envs", "fraction", "seed"]
_ERRORS = ["force_rmse", "force_mae", "energy_rmse", "energy_mae"]
_TABLE = [*_KEYS, "status", *_ERRORS, "overlap", "information_loss", "seconds", "message"]
_GROUPS = [*_KEYS, "status", "by", "group", "low", "high", "n_test_envs", *_ERRORS]
_NUMBERS = (*_ERRORS, "overlap", "information_loss", "seconds", "low", "high")


@dataclass(frozen=True, eq=False)
class PotentialComparison:
    """Errors of potentials that were trained on subsets.

    Attributes
    ----------
    table : pandas.DataFrame
        A row for each potential: ``method``, ``n_frames``, ``n_envs``, ``fraction`` of the frames of the
        training part, ``seed``, ``status``, ``force_rmse`` and ``force_mae`` (eV/Å), ``energy_rmse`` and
        ``energy_mae`` (eV per atom) over the whole test set, ``overlap`` and ``information_loss`` (nats) of
        the subset with respect to the training part, ``seconds`` and ``message``. Errors are NaN unless
        ``status`` is "finished".
    groups : pandas.DataFrame
        The errors by group of test environments, a row for each finished potential and group: ``by`` is
        "all", "label", "element", "force_decile" or "delta_entropy"; ``low`` and ``high`` are the limits of
        the force (eV/Å) or of δH against the subset (nats).
    split : Split
        The training part and the test set.
    record : dict
        Everything needed to repeat the comparison, and its results, as JSON can express it.

    Examples
    --------
    >>> import numpy as np
    >>> split = Split(np.array([0, 1]), np.array([2]), np.array([], dtype=int))
    >>> errors = [{"by": "all", "group": "", "low": None, "high": None, "n_envs": 4, "force_rmse": 0.1,
    ...            "force_mae": 0.08, "energy_rmse": None, "energy_mae": None}]
    >>> cells = [Cell("msc", 1, 4, 0.5, 0, [1], errors=errors), Cell("msc", 1, 4, 0.5, 1, [1], "failed")]
    >>> found = PotentialComparison.from_cells(cells, split, {})
    >>> found.table[["status", "force_rmse"]].values.tolist()
    [['finished', 0.1], ['failed', nan]]
    """

    table: pd.DataFrame
    groups: pd.DataFrame
    split: Split
    record: dict[str, Any]

    @classmethod
    def from_cells(
        cls, cells: Sequence[Cell], split: Split, settings: dict[str, Any]
    ) -> "PotentialComparison":
        """Return the result for cells; `settings` say how they were computed."""
        rows, groups = [], []
        for cell in cells:
            row = asdict(cell)
            errors = row.pop("errors") if cell.status == FINISHED else []
            overall: dict[str, Any] = next((one for one in errors if one["by"] == "all"), {})
            rows.append(row | {name: overall.get(name) for name in _ERRORS})
            groups += [row | one | {"n_envs": cell.n_envs, "n_test_envs": one["n_envs"]} for one in errors]
        record = as_json({**settings, "cells": [asdict(cell) for cell in cells]})
        return cls(_frame(rows, _TABLE), _frame(groups, _GROUPS), split, record)

    @property
    def failures(self) -> pd.DataFrame:
        """The rows of `table` that are not finished."""
        return self.table[self.table.status != FINISHED]


def _frame(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=columns)
    # None, which JSON has for NaN, would make a column of objects.
    return table.astype({name: float for name in columns if name in _NUMBERS})
