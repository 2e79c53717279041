"""The columns that the table of frames can show."""

import numpy as np

from quests_app.analysis.frame_columns import FrameColumns, FrameFacts
from quests_app.analysis.text_search import FrameTexts
from quests_app.views.frame_table import MOST_OFFERED, SHOWN, ColumnChoice, frame_rows, offered, shown_first
from quests_app.widgets.tables import GENERAL


def facts(per_atom=(), **info):
    columns = {"frame": np.arange(2), "label": np.array(["a", None], dtype=object), **info}
    return FrameFacts(columns, tuple(info), dict(per_atom), FrameTexts(columns))


def test_columns_of_a_file_are_offered_after_those_of_the_dashboard():
    own = facts({"max_q": np.array([0.1, 2e9])}, note=np.array(["x", True], dtype=object))
    found = offered(own)
    assert list(found)[: len(SHOWN)] == list(SHOWN)
    assert list(found)[-2:] == ["note", "max_q"]
    assert (found["note"].decimals, found["max_q"].decimals) == (None, GENERAL)
    rows = frame_rows(FrameColumns(own), [found[name] for name in ("rank", "label", "note", "max_q")], 2)
    assert np.isnan(rows["rank"]).all(), "not known yet"
    assert rows.iloc[:, 1:].to_numpy().tolist() == [["a", "x", 0.1], ["", "yes", 2e9]]


def test_a_file_of_very_many_names_offers_a_part_of_them():
    found = offered(facts({f"max_{i}": np.zeros(2) for i in range(1000)}))
    assert len(found) < MOST_OFFERED + 20


def test_the_source_is_shown_where_it_varies():
    assert shown_first(facts(source=np.array(["a", "b"], dtype=object)))[-1] == "source"
    assert shown_first(facts(source=np.array(["a", "a"], dtype=object))) == list(SHOWN)
    assert shown_first(facts()) == list(SHOWN)


def test_the_error_of_predictions_is_shown():
    own = facts(force_rmse_GAP=np.zeros(2), force_rmse_MACE=np.zeros(2))
    assert shown_first(own) == [*SHOWN, "force_rmse_GAP"]


def test_a_choice_is_kept_for_other_files():
    calls = []
    choice = ColumnChoice(lambda: calls.append(list(choice.layout[0].values())))
    choice.offer(facts(note=np.array(["x", "y"], dtype=object)))
    choice.widget.value = ["label", "note"]
    assert calls == [["Frame", "Label", "note"]]
    choice.offer(facts())
    assert [column.name for column in choice.shown] == ["frame", "label"]
    choice.widget.value = ["label", "state"]
    choice.offer(facts(note=np.array(["x", "y"], dtype=object)))
    assert [column.name for column in choice.shown] == ["frame", "label", "state", "note"]
