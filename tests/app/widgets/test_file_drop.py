"""Uploads in chunks, up to the size limit."""

from types import SimpleNamespace

import panel as pn

from quests_app.widgets.file_drop import FileDrop
from quests_core.utils import environment_variables

pn.extension("filedropper")


def test_an_upload_that_grows_too_large_is_dropped(monkeypatch):
    monkeypatch.setenv(environment_variables.FILE_LIMIT, "0.001")
    delivered = []
    drop = FileDrop(delivered.append)

    def send(name, chunk, n):
        data = {"name": name, "chunk": chunk, "total_chunks": 4, "type": "", "data": b"x" * n}
        drop._process_event(SimpleNamespace(event_name="upload_event", data=data))

    for chunk in range(1, 4):
        send("large", chunk, 400)
    assert drop._file_buffer == {}
    send("large", 4, 1)
    assert delivered == []
    for name in ("a", "b"):
        send(name, 1, 400)
    assert list(drop._file_buffer) == ["b"], "one file at a time"
    for chunk in (2, 3, 4):
        send("b", chunk, 100)
    assert delivered == [{"b": b"x" * 700}]


def send(drop, name, chunk, n_chunks, data=b"x"):
    content = {"name": name, "chunk": chunk, "total_chunks": n_chunks, "type": "", "data": data}
    drop._process_event(SimpleNamespace(event_name="upload_event", data=content))


def test_files_that_are_dropped_together_are_delivered_together(monkeypatch):
    delivered, waiting = [], []
    drop = FileDrop(delivered.append, multiple=True)
    document = SimpleNamespace(
        session_context=object(), add_timeout_callback=lambda function, _: waiting.append(function)
    )
    monkeypatch.setattr("quests_app.widgets.file_drop.pn.state", SimpleNamespace(curdoc=document))
    send(drop, "a", 1, 1)
    send(drop, "b", 1, 2)
    waiting.pop()()
    assert not delivered, "the second file has not arrived"
    send(drop, "b", 2, 2, b"y")
    send(drop, "c", 1, 1)
    for function in waiting:
        function()
    assert delivered == [{"a": b"x", "b": b"xy", "c": b"x"}]
    assert drop.value == {}


def test_the_total_size_is_limited(monkeypatch):
    monkeypatch.setenv(environment_variables.SESSION_LIMIT, "0.001")
    drop = FileDrop([].append, multiple=True)
    monkeypatch.setattr(drop, "_wait", lambda: None)
    for name in ("a", "b", "c"):
        send(drop, name, 1, 1, b"x" * 400)
    assert drop.value == {"a": b"x" * 400, "b": b"x" * 400}
