"""Results of the analysis, cached for all sessions."""

from quests_app.analysis import analysed_dataset, map_placement, method_path
from quests_app.session import results
from tests.app.conftest import Session


def test_a_second_session_uses_the_cached_analysis(opened, file, monkeypatch):
    def fail(*_, **__):
        raise AssertionError("computed again")

    monkeypatch.setattr(results, "load", fail)
    monkeypatch.setattr(analysed_dataset, "environments", fail)
    monkeypatch.setattr(map_placement, "pca", fail)
    monkeypatch.setattr(method_path, "method_path", fail)
    other = Session()
    try:
        state = other.open(file)
        assert state.error == ""
        assert state.paths["msc"] is opened.state.paths["msc"]
        assert state.opened.dataset.path == file
    finally:
        other.controller.close()


def test_equal_content_under_another_name_keeps_its_own_name(opened, file, tmp_path):
    twin = tmp_path / "twin.xyz"
    twin.write_bytes(file.read_bytes())
    state = opened.open(twin)
    assert state.opened.dataset.name == "twin.xyz"
    assert state.opened.dataset.path == twin
