"""The sidebar section that opens a data set."""

from quests_app.views.sidebar.dataset import DatasetView


def test_opening_by_path_and_by_upload(session, file):
    view = DatasetView(session.state, session.controller)
    view._path.value = f"  {file} "
    view._open_path()
    session.run()
    assert session.state.opened.dataset.path == file
    view._drop.value = {"dropped.xyz": file.read_text()}
    session.run()
    assert session.state.opened.dataset.name == "dropped.xyz"
    assert view._drop.value == {}
