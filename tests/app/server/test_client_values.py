"""Values sent by a client are limited before they are handled."""

import types

import pytest
from bokeh.document import Document
from bokeh.models import Div

from quests_app.server import client_values


def changed(model, attr, new):
    return {"events": [{"kind": "ModelChanged", "model": {"id": model}, "attr": attr, "new": new}]}


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (changed("1", "value_input", "x" * 16_000_000), "a text of at most 20,000 characters"),
        (changed("1", "stored", "x" * 300_000), "a text of at most 250,000 characters"),
        (changed("1", "value", {"x" * 30_000: 1}), "a text of at most 20,000 characters"),
        (changed("1", "filters", [{"type": "keywords"}] * 60_000), "at most 100,000 values"),
        (changed("1", "indices", [0] * 100_001), "at most 100,000 values"),
        (changed("1", "value", nested(100_001)), "at most 100,000 values"),
        ({"events": [{"kind": "RootRemoved", "model": {"id": "1"}}]}, "expected an event of ModelChanged"),
        ({"events": {}}, "a list of events"),
        ({"events": [1]}, "expected an event of"),
        ([], "a list of events"),
    ],
)
def test_values_are_limited(patch, message):
    with pytest.raises(ValueError, match=message):
        client_values.check(patch)


def test_arrays_are_limited_except_uploads():
    buffers = [types.SimpleNamespace(data=bytes(10_000_000))]
    with pytest.raises(ValueError, match="bytes of arrays"):
        client_values.check(changed("1", "data", {}), buffers)
    data = {"type": "event", "name": "upload_event", "values": {}}
    client_values.check({"events": [{"kind": "MessageSent", "msg_data": data}]}, buffers)
    data = {**data, "values": {"type": "map", "entries": [["data", "x" * 5_000_000]]}}
    client_values.check({"events": [{"kind": "MessageSent", "msg_data": data}]})


def test_a_document_accepts_only_values_within_the_limits():
    document, model = Document(), Div(text="before")
    document.add_root(model)
    client_values.limit(document)
    document.apply_json_patch(changed(model.id, "text", "after"))
    assert model.text == "after"
    with pytest.raises(ValueError, match="a text of at most"):
        document.apply_json_patch(changed(model.id, "text", "x" * 20_001))
    assert model.text == "after"
