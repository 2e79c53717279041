"""Columns of the compression curves."""

import numpy as np
import pandas as pd
import pytest

from quests_app.plots import curves


@pytest.fixture
def columns():
    sizes = np.arange(1, 101)
    curve = pd.DataFrame({"n_frames": sizes, "n_envs": 4 * sizes, "fraction": sizes / 100})
    curve["entropy"], curve["diversity"], curve["overlap"] = np.log(sizes), np.sqrt(sizes), sizes / 100
    return curves.path_columns(curve)


def test_fractions_are_in_percent(columns):
    assert columns["percent"][-1] == columns["overlap"][-1] == 100


def test_marks_are_at_75_50_25_and_10_percent(columns):
    rows = curves.marked_rows(columns["percent"] / 100)
    assert curves.rows_of(columns, rows)["label"] == ["75 %", "50 %", "25 %", "10 %"]


def test_overlapping_labels_are_hidden():
    marks = {
        "diversity": [9.0, 8.5, 8.5, 9.0],
        "entropy": [4.0, 4.1, 4.9, 3.7],
        "label": ["75 %", "50 %", "25 %", "10 %"],
    }
    shown = curves.without_near_labels(marks, (10, 5))
    assert shown["label"] == ["75 %", "", "25 %", ""]
    assert shown["diversity"] == marks["diversity"], "the marks remain"
    assert curves.without_near_labels(marks, (1, 1))["label"] == marks["label"]


def test_marks_of_a_tiny_set_are_not_repeated():
    assert curves.marked_rows(np.array([1.0])).tolist() == [0]
    assert curves.marked_rows(np.array([0.3, 0.8])).tolist() == [1, 0]
