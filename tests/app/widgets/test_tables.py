"""Tables accept only what their page can send."""

import types

import numpy as np
import pandas as pd
import pytest

from quests_app.widgets.tables import data_table


@pytest.fixture
def table():
    table = data_table({"name": "Name", "size": "Size"}, {"size": 0}, {}, selectable="checkbox")
    table.value = pd.DataFrame({"name": [f"x{i}" for i in range(250)], "size": np.arange(250)})
    return table


KEYWORDS = [{"field": "name", "type": "keywords", "value": "x " * 9000}]


@pytest.mark.parametrize(
    "events",
    [
        {"filters": KEYWORDS}, {"page_size": 10**9}, {"expanded": [0]}, {"data": {"name": ["y"]}},
        {"value": None}, {"page": 0}, {"page": 10**9}, {"page": "2"}, {"indices": list(range(101))},
        {"indices": [100]}, {"indices": [-1]}, {"indices": "0"},
    ],
)  # fmt: skip
def test_a_table_accepts_only_changes_of_its_page(table, events):
    before, rows = dict(table.param.values()), table.value
    table._process_events(dict(events))
    after = dict(table.param.values())
    assert after.pop("value") is before.pop("value") is rows
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] or after[name] == before[name] for name in after)


def test_a_table_can_be_paged_sorted_and_selected_from(table):
    sorters = [{"field": "size", "dir": "desc"}] * 5000 + [{"field": "other", "dir": "asc"}, 3]
    table._process_events({"sorters": sorters, "page": 2})
    assert table.sorters == [{"field": "size", "dir": "desc"}]
    assert table.page == 2
    table._process_events({"indices": [0, 1]})
    assert table.selection == [149, 148]


def test_nothing_in_a_table_is_edited(table):
    seen = []
    table.on_edit(seen.append)
    event = types.SimpleNamespace(event_name="table-edit", column="name", row=0, value="y", pre=False)
    table._process_event(event)
    assert seen == []
    for row in (10**12, -1, "0", None, 100):
        table.on_click(seen.append)
        click = {"event_name": "cell-click", "column": "name", "row": row, "value": None}
        table._process_event(types.SimpleNamespace(**click))
    assert seen == []
