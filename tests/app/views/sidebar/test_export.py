"""The sidebar section with the exports of the subset."""

import pytest

from quests_app.views.sidebar import export
from quests_app.views.sidebar.export import ExportView
from tests.app.conftest import text_of

# panel-material-ui's FileDownload passes its default style to Panel in addition to ours.
pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning")


def test_exports_follow_method_size_and_order(opened, file, monkeypatch):
    view = ExportView(opened.state, opened.controller)
    opened.state.param.update(active="random", n_frames=5)
    saved = {}
    monkeypatch.setattr(view._download_file, "send", saved.__setitem__)
    for button in (view._zip, view._xyz, view._json):
        button.clicks += 1
    opened.run()
    assert set(saved) == {f"copper-random-5.{kind}" for kind in ("zip", "xyz", "json")}
    assert saved["copper-random-5.zip"][:2] == b"PK"
    kept = saved["copper-random-5.xyz"]
    assert kept.count(b"config_type") == 5
    view._order.value = "rank"
    view._xyz.clicks += 1
    view._json.clicks += 1
    opened.run()
    ranked = saved["copper-random-5.xyz"]
    assert sorted(kept.splitlines()) == sorted(ranked.splitlines())
    assert b'"order": "rank"' in saved["copper-random-5.json"]
    assert b'"file": "copper-random-5.xyz"' in saved["copper-random-5.json"]
    assert "Always keeps 1 isolated atom (frame 0)" in text_of(view)


def test_an_export_removes_the_error_of_the_previous_one(opened, monkeypatch):
    fails, sent = [True], []

    def make(*_):
        if fails.pop():
            raise OSError(28, "No space left on device")
        return b"content"

    monkeypatch.setattr(export, "subset_bytes", make)
    view = ExportView(opened.state, opened.controller)
    monkeypatch.setattr(view._download_file, "send", lambda name, _: sent.append(name))
    view._xyz.clicks += 1
    opened.run()
    assert opened.state.error.startswith("Could not export: No space left on device.")
    fails.append(False)
    view._xyz.clicks += 1
    opened.run()
    assert len(sent) == 1
    assert opened.state.error == ""


def test_the_export_waits_for_the_highlighted_method(opened):
    """While that is computed another is shown, which would be exported in its place."""
    state, view = opened.state, ExportView(opened.state, opened.controller)
    state.methods = [*state.methods, "fps"]
    state.active = "fps"
    assert state.displayed_method != "fps"
    assert view._zip.disabled
    assert "Available once the order of fps is computed." in text_of(view)
    opened.run()
    assert not view._zip.disabled
    assert state.export_path is state.paths["fps"]
