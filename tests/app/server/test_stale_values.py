"""Properties that only the server sets keep its values."""

import panel_material_ui as pmui
import pytest
from bokeh.document import Document

from quests_app.server import stale_values


def changed(model, **new):
    return {
        "events": [
            {"kind": "ModelChanged", "model": {"id": model.id}, "attr": name, "new": value}
            for name, value in new.items()
        ]
    }


@pytest.fixture
def button():
    """Return the data of a button in a guarded document, the document, and the changes sent to the client."""
    document, sent = Document(), []
    model = pmui.Button(label="now", disabled=False).get_root(document)
    document.add_root(model)
    stale_values.guard(document)
    document.on_change(lambda event: sent.append((event.attr, event.new)))
    return model.data, document, sent


def test_a_value_written_back_late_is_replaced_by_the_current_one(button):
    data, document, sent = button
    document.apply_json_patch(changed(data, disabled=True, label="before"))
    assert (data.disabled, data.label) == (False, "now")
    assert sent == [("disabled", False), ("label", "now")]


def test_other_values_are_taken(button):
    data, document, sent = button
    document.apply_json_patch(changed(data, clicks=1, disabled=True))
    assert (data.clicks, data.disabled) == (1, False)
    assert ("disabled", False) in sent


def test_changes_of_removed_or_unknown_models_are_ignored(button):
    _, document, sent = button
    for patch in (
        {"events": [{"kind": "ModelChanged", "model": {"id": "gone"}, "attr": "label", "new": ""}]},
        {
            "events": [
                {"kind": "ModelChanged", "model": {"id": document.roots[0].id}, "attr": "label", "new": 1}
            ]
        },
    ):
        document.apply_json_patch(patch)
    assert sent == []
    assert stale_values.take_stale([1]) == stale_values.take_stale({"events": 2}) == []
    assert stale_values.take_stale({"events": [1, {"kind": "ModelChanged", "attr": "label"}]}) == []
