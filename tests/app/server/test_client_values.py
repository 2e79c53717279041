"""Values sent by a client are limited before they are handled."""

import threading
import types

import numpy as np
import pandas as pd
import pytest
from bokeh.document import Document
from bokeh.models import Div

from quests_app import endpoints
from quests_app.analysis import filter_evaluation, map_picking
from quests_app.analysis.filter_syntax import ExpressionError
from quests_app.jobs import queue
from quests_app.jobs.activity import WAITING
from quests_app.page import page
from quests_app.server import client_values
from quests_app.server.allowed_paths import AllowedPaths
from quests_app.server.uploads import UploadFolder
from quests_app.session.link import LONGEST_SEARCH, LinkRequest
from quests_app.widgets.tables import data_table
from quests_core.io import read_process
from tests.app.conftest import WAIT_SECONDS

ENDLESS = (
    "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n999999999\nITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\n"
    "ITEM: ATOMS id type x y z\n1 1 0 0 0\n"
)


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


def test_a_long_path_is_not_resolved(monkeypatch):
    monkeypatch.setattr("pathlib.Path.resolve", lambda *_: pytest.fail("it was looked up"))
    with pytest.raises(ValueError, match="a path of at most 4,096 characters, got 16,000,000") as caught:
        AllowedPaths().resolve("/a" * 8_000_000)
    assert len(str(caught.value)) < 100


def test_a_long_link_is_ignored():
    for search in ("?k=20&locked=" + "0," * LONGEST_SEARCH, "?" + "&".join(f"x{i}=1" for i in range(200))):
        wish = LinkRequest(search)
        assert wish.before() == LinkRequest("").before()
        assert len(wish.faults) == 1
        assert wish.faults[0].startswith("all of it")


def test_a_zigzag_lasso_costs_no_more_than_others(rng, monkeypatch):
    xy = rng.uniform(size=(5000, 2))
    zigzag = np.column_stack([np.linspace(0, 1, 20_000), np.tile([0.0, 1.0], 10_000)])
    n_tested = []
    search = np.searchsorted

    def count(y, values, **options):
        found = search(y, values, **options)
        if options:
            n_tested.append(np.ptp(found))
        return found

    monkeypatch.setattr(map_picking.np, "searchsorted", count)
    map_picking.inside_polygon(xy, zigzag)
    assert sum(n_tested) <= map_picking._MAX_PAIRS
    assert not map_picking.inside_polygon(xy, np.full((5, 2), np.nan)).any()


def test_a_filter_of_very_many_parts_is_refused_for_many_rows():
    columns = {"label": np.array(["x"] * 500_000, dtype=object)}
    text = " or ".join(['contains(label, "y")'] * 60)
    with pytest.raises(ExpressionError, match="at most 40 parts for 500,000 rows, got 181"):
        filter_evaluation.matches(text, columns, 500_000)
    assert filter_evaluation.matches(text, {"label": columns["label"][:10]}, 10).sum() == 0
    assert filter_evaluation.matches('label == "x" and label != "y"', columns, 500_000).all()


def test_an_upload_that_fails_leaves_nothing(tmp_path, monkeypatch, session):
    folder = UploadFolder()

    def fill(path, content):
        with path.open("wb") as file:
            file.write(content[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", fill)
    with pytest.raises(OSError, match="No space"):
        folder.save("x.xyz", b"12345")
    assert list(folder._folder.iterdir()) == []
    folder.close()
    session.controller.upload("x.xyz", b"12345")
    assert session.state.error == "Could not take x.xyz: No space left on device."
    session.controller.show_error("Could not export", OSError(28, "No space left on device"))
    assert session.state.error.startswith("Could not export: No space left on device.")


def test_opening_is_deferred_until_the_page_begins(session, file, monkeypatch):
    begun = []
    page(session.state, session.controller, f"?file={file}&k=20", begin=begun.append)
    assert session.callbacks.empty()
    assert session.controller._jobs._pending == []
    assert (session.state.main_activity.running, session.state.main_activity.step) == (True, WAITING)
    (begin,) = begun
    begin()
    session.run()
    assert session.state.opened.dataset.path == file
    assert session.state.opened.parameters.k == 20
    assert not session.state.main_activity.running


def test_health_reports_a_stuck_worker(session, monkeypatch):
    begun, leave = threading.Event(), threading.Event()

    def work(progress):
        begun.set()
        leave.wait(WAIT_SECONDS)

    session.controller.run("Waiting", work, lambda _: None, lambda _: None)
    assert begun.wait(WAIT_SECONDS)
    try:
        assert endpoints.health()["status"] == "ok"
        monkeypatch.setattr(endpoints, "STUCK_SECONDS", 0.0)
        assert endpoints.health()["status"] == "stuck"
        assert endpoints.health()["job_silent_seconds"] >= 0
    finally:
        leave.set()
    session.run()
    monkeypatch.setattr(endpoints, "STUCK_SECONDS", 1e-9)
    assert queue.silent_seconds() == 0
    assert endpoints.health()["status"] == "ok"


def test_cancelling_frees_the_worker_from_an_endless_file(session, file, tmp_path):
    path = tmp_path / "x.lammpsdump"
    path.write_text(ENDLESS)
    session.controller.open(path)
    session.run(lambda: session.state.main_activity.step == read_process.STEP)
    session.controller.cancel()
    session.run()
    assert session.state.notice == "Cancelled."
    session.open(file)
    assert session.state.opened.dataset.path == file
    read_process.close()
