"""The result of a selection."""

import numpy as np
import pytest

from quests_core import Selection, select
from quests_core.selection.result import NOT_NESTED


def test_parameters_are_recorded():
    selection = select(np.eye(4), "random", 2, bandwidth=0.3, locked=[2], random_state=5)
    expected = {"bandwidth": 0.3, "random_state": 5, "locked": [2]}
    assert expected.items() <= selection.parameters.items()


def test_the_order_is_read_only_and_its_array_stays_as_it_was():
    order = np.array([2, 0, 1])
    selection = Selection(order, "msc", 3)
    with pytest.raises(ValueError, match="read-only"):
        selection.order[0] = 1
    order[0] = 5
    assert len(selection) == 3
    assert [Selection(order, method, 3).nested for method in ("msc", *NOT_NESTED)] == [True, False, False]
