"""Values that JSON can express."""

import numpy as np
import pytest

from quests_core.utils.json_values import as_json


def test_numbers_that_are_not_finite_become_none():
    assert as_json({1: (np.inf, 2.5), "a": [float("nan"), "x"]}) == {"1": [None, 2.5], "a": [None, "x"]}


def test_what_json_cannot_express_is_named():
    with pytest.raises(TypeError, match=r"^settings\['a'\]: expected a value that JSON can express, got set"):
        as_json({"a": {1}}, "settings")
