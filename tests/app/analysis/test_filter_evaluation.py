"""Evaluation of filter expressions."""

import numpy as np
import pytest

from quests_app.analysis import filter_evaluation
from quests_app.analysis.filter_syntax import ExpressionError


def test_a_filter_of_very_many_parts_is_refused_for_many_rows():
    columns = {"label": np.array(["x"] * 500_000, dtype=object)}
    text = " or ".join(['contains(label, "y")'] * 60)
    with pytest.raises(ExpressionError, match="at most 40 parts for 500,000 rows, got 181"):
        filter_evaluation.matches(text, columns, 500_000)
    assert filter_evaluation.matches(text, {"label": columns["label"][:10]}, 10).sum() == 0
    assert filter_evaluation.matches('label == "x" and label != "y"', columns, 500_000).all()
