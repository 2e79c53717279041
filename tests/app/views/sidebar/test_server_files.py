"""Files on the server: browsed, and opened again."""

import pytest
from ase.io import write

from quests_app.server.allowed_paths import AllowedPaths
from quests_app.views.sidebar.server_files import ServerFilesView
from quests_core import descriptors, read
from quests_core.io.deepmd import write_deepmd


def view_of(session, allowed):
    session.controller.allowed_paths = allowed
    return ServerFilesView(session.state, session.controller)


def test_folders_are_browsed_and_a_file_opened(session, file, tmp_path):
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub" / "<b>.xyz", [], format="extxyz")
    view = view_of(session, AllowedPaths([tmp_path]))
    assert list(view._browse.options.values()) == [""], "nothing is read before the list is opened"
    view._browse.dropdown_open = True
    session.run()
    assert list(view._browse.options) == ["choose…", "sub/", "copper.xyz"]
    assert str(tmp_path) in view._note.object
    view._browse.value = str(tmp_path / "sub")
    session.run()
    assert list(view._browse.options) == ["choose…", "../", "<b>.xyz"]
    assert view._browse.value == ""
    view._browse.dropdown_open = False
    view._browse.dropdown_open = True
    session.run()
    assert list(view._browse.options)[-1] == "<b>.xyz", "the folder stays"
    view._browse.value = str(tmp_path)
    session.run()
    view._browse.value = str(file)
    session.run()
    assert session.state.opened.dataset.path == file
    assert view._store.texts == [str(file)]


def test_a_folder_of_a_program_is_opened(session, frames, tmp_path):
    pytest.importorskip("dpdata", reason="dpdata is not installed")
    write_deepmd(tmp_path / "data", frames, range(1, 9))
    view = view_of(session, AllowedPaths([tmp_path]))
    view._browse.dropdown_open = True
    session.run()
    for folder in ("data", "data/Cu4"):
        assert "open this folder" not in view._browse.options
        view._browse.value = str(tmp_path / folder)
        session.run()
    view._browse.value = view._browse.options["open this folder"]
    session.run()
    opened = session.state.opened
    assert (opened.dataset.path, len(opened.dataset.frames)) == (tmp_path / "data" / "Cu4", 8)
    # What is saved is extxyz, as from every format but extxyz.
    session.controller.save(str(tmp_path / "subset.xyz"), 3, "file")
    session.run()
    assert len(read(tmp_path / "subset.xyz")) == 3, session.state.error
    view._again.value = ""
    session.controller.open(tmp_path)
    session.run()
    assert "got another folder" not in session.state.error, "it has a system at some depth"
    session.controller.open(tmp_path / "data" / "Cu4" / "set.000")
    session.run()
    assert "expected a file, or a folder of DeePMD-kit" in session.state.error


def test_a_store_of_descriptors_is_opened(session, file, tmp_path):
    store = tmp_path / "a.envs"
    descriptors(file, k=8, store=store)
    view = view_of(session, AllowedPaths([tmp_path]))
    view._browse.dropdown_open = True
    session.run()
    view._browse.value = str(store)
    session.run()
    view._browse.value = view._browse.options["open this folder"]
    session.run()
    assert session.state.opened.source == store
    assert view._store.texts == [str(store)]


def test_a_folder_that_is_gone_is_an_error(session, tmp_path):
    (tmp_path / "sub").mkdir()
    view = view_of(session, AllowedPaths([tmp_path]))
    view._browse.dropdown_open = True
    session.run()
    (tmp_path / "sub").rmdir()
    view._browse.value = str(tmp_path / "sub")
    session.run()
    assert session.state.error.startswith("Could not list the folder")


def test_recent_files_are_kept_by_the_browser_and_validated(session, file, other_file, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    file.rename(data / file.name)
    own, view = str(data / file.name), view_of(session, AllowedPaths([data]))
    assert not view._again.visible
    view._store.kept = [str(other_file), "/etc/passwd", own, f"{data}/*.xyz", f"{own}; /etc/passwd", 7, "\0"]
    assert list(view._again.options.values()) == ["", own], "only what this session may open"
    view._again.value = own
    session.run()
    assert str(session.state.opened.dataset.path) == own
    assert view._again.value == ""
    view._open_again("/etc/passwd")
    assert session.state.error == "", "an entry that was not offered is ignored"


def test_uploads_and_the_demo_are_not_recent_and_the_last_comes_first(session, file, other_file, tmp_path):
    view = view_of(session, AllowedPaths())
    session.controller.upload("mine.xyz", file.read_bytes())
    session.run()
    assert view._store.texts == []
    for path in (file, other_file, file):
        session.open(path)
    assert view._store.texts == [str(file), str(other_file)]
    for i in range(12):
        view._offer([f"/data/{i}.xyz", *view._recent])
    assert len(view._recent) == 8


def test_nothing_is_shown_where_no_path_may_be_used(session):
    view = view_of(session, AllowedPaths([]))
    assert not view.__panel__().visible
    view._browse.dropdown_open = True
    session.run()
    assert list(view._browse.options.values()) == [""]
    view._store.kept = ["/data/a.xyz"]
    assert not view._again.visible
