"""Uploads in chunks, up to the size limit."""

from types import SimpleNamespace

import panel as pn

from quests_app.widgets.file_drop import FileDrop
from quests_core.utils import environment_variables

pn.extension("filedropper")


def test_an_upload_that_grows_too_large_is_dropped(monkeypatch):
    monkeypatch.setenv(environment_variables.FILE_LIMIT, "0.001")
    drop = FileDrop()

    def send(name, chunk, n):
        data = {"name": name, "chunk": chunk, "total_chunks": 4, "type": "", "data": b"x" * n}
        drop._process_event(SimpleNamespace(event_name="upload_event", data=data))

    for chunk in range(1, 4):
        send("large", chunk, 400)
    assert drop._file_buffer == {}
    send("large", 4, 1)
    assert drop.value == {}
    for name in ("a", "b"):
        send(name, 1, 400)
    assert list(drop._file_buffer) == ["b"], "one file at a time"
    for chunk in (2, 3, 4):
        send("b", chunk, 100)
    assert drop.value == {"b": b"x" * 700}
