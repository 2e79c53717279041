"""Attacks by untrusted clients and files: a test for each row of docs/threat-model.md."""

import os
import re
from types import SimpleNamespace

import numpy as np
import panel as pn
import pytest
from ase.io import write

from quests_app.analysis.filter_evaluation import matches
from quests_app.analysis.filter_syntax import ExpressionError
from quests_app.page import page
from quests_app.server.allowed_paths import FOLDERS, AllowedPaths, of_request
from quests_app.server.uploads import UploadFolder, safe_name
from quests_app.session.state import TABS
from quests_core import read
from quests_core.utils import environment_variables

pytestmark = [
    pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning"),
    # Panel's own, with the newest pandas.
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
]
pn.extension("filedropper", "tabulator", respect_explicit_sizing=True)
ATTACK = "</script><script>alert(1)</script><img/src=x/onerror=alert(1)>"


# Paths on the server


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data2").mkdir()
    (tmp_path / "data/good.xyz").write_text("1\n\nH 0 0 0\n")
    (tmp_path / "secret.xyz").write_text("1\n\nH 0 0 0\n")
    (tmp_path / "data2/secret.xyz").write_text("1\n\nH 0 0 0\n")
    (tmp_path / "data/link.xyz").symlink_to(tmp_path / "secret.xyz")
    (tmp_path / "data/up").symlink_to(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "path",
    [
        "secret.xyz", "data/../secret.xyz", "data/link.xyz", "data/up/secret.xyz", "data2/secret.xyz", "data",
        "data/./../data2/secret.xyz", "data/gone/../../secret.xyz", "nowhere.xyz",
    ],
)  # fmt: skip
def test_no_path_escapes_the_folders(tree, path):
    allowed_paths = AllowedPaths([tree / "data"])
    with pytest.raises(ValueError, match="expected a path beneath"):
        allowed_paths.resolve(tree / path)


ODD = ("/etc/passwd", "~/.ssh/id_rsa", "~root/x", "a\0b", "\udcff", "x" * 5000, "file:///etc/passwd")


@pytest.mark.parametrize("path", ODD)
def test_odd_paths_are_refused(tree, path):
    with pytest.raises(ValueError, match="expected a path"):
        AllowedPaths([tree / "data"]).resolve(path)


def test_paths_below_a_folder_are_resolved(tree):
    allowed_paths = AllowedPaths([tree / "data"], files=[tree / "secret.xyz"])
    assert allowed_paths.resolve(tree / "data/good.xyz") == tree / "data/good.xyz"
    assert allowed_paths.resolve(tree / "data2/../data/good.xyz") == tree / "data/good.xyz"
    assert allowed_paths.resolve(tree / "secret.xyz") == tree / "secret.xyz", (
        "it is the file the server was started with"
    )


def test_a_refusal_does_not_reveal_existing_files(tree):
    def message(path):
        with pytest.raises(ValueError, match="expected") as error:
            AllowedPaths([tree / "data"]).resolve(path)
        return str(error.value).replace(str(path), "")

    assert message(tree / "secret.xyz") == message(tree / "nowhere.xyz")


def request(names_paths=False):
    return SimpleNamespace(names_paths=names_paths)


@pytest.mark.parametrize(
    ("given", "opens"),
    [
        (None, True),
        (request(names_paths=True), True),
        (request(), False),
        (SimpleNamespace(), False),
        # In a session created by its websocket, the client chooses the values of the request.
        (SimpleNamespace(names_paths=True, _request=request()), False),
    ],
)
def test_without_folders_only_the_servers_account_uses_paths(tree, monkeypatch, given, opens):
    monkeypatch.delenv(FOLDERS, raising=False)
    monkeypatch.delenv("QUESTS_FILE", raising=False)
    allowed_paths = of_request(given)
    assert allowed_paths.is_empty == (not opens)
    if opens:
        assert allowed_paths.resolve(tree / "secret.xyz") == tree / "secret.xyz"
    else:
        with pytest.raises(ValueError, match="this server does not open paths"):
            allowed_paths.resolve(tree / "secret.xyz")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (".bash_login", "ends in"),
        ("data/x", "ends in"),
        ("data/run.py", "ends in"),
        ("data/s.json", "ends in"),
        ("data/.s.xyz", "hidden"),
        ("data/.config/s.xyz", "hidden"),
        ("data/s.xyz.gz.sh", "ends in"),
        ("data/good.xyz", None),
        ("data/Good.EXTXYZ.gz", None),
    ],
)
def test_only_structure_files_are_written(tree, path, message):
    for allowed_paths in (AllowedPaths(), AllowedPaths([tree])):
        if message is None:
            assert allowed_paths.find_target(tree / path) == tree / path
        else:
            with pytest.raises(ValueError, match=message):
                allowed_paths.find_target(tree / path)


def test_an_allowed_hidden_folder_is_writable(tmp_path):
    (tmp_path / ".data").mkdir()
    assert AllowedPaths([tmp_path / ".data"]).find_target(tmp_path / ".data/s.xyz")
    with pytest.raises(ValueError, match="hidden"):
        AllowedPaths().find_target(tmp_path / ".data/s.xyz")


def test_named_folders_apply_to_everyone(tree, monkeypatch):
    monkeypatch.setenv(FOLDERS, os.pathsep.join([str(tree / "data"), str(tree / "data2")]))
    for given in (request(), request(names_paths=True)):
        assert of_request(given).resolve(tree / "data2/secret.xyz")
        with pytest.raises(ValueError, match="beneath"):
            of_request(given).resolve(tree / "secret.xyz")
    monkeypatch.setenv(FOLDERS, "")
    assert of_request(request()).is_empty


@pytest.fixture
def guarded(session, tree):
    session.controller.allowed_paths = AllowedPaths([tree / "data"])
    return session


def test_pages_neither_open_nor_write_elsewhere(guarded, tree, file):
    from quests_app.session.references import ReferenceSets

    state = guarded.open(tree / "secret.xyz")
    assert "expected a path beneath" in state.error
    assert state.opened is None
    guarded.controller.upload("copper.xyz", file.read_bytes())
    guarded.run()
    assert state.opened.dataset.name == "copper.xyz", "uploads need no folder"
    guarded.controller.save(str(tree / "subset.xyz"), 3, "file")
    assert "expected a path beneath" in state.error
    assert not (tree / "subset.xyz").exists()
    sets = ReferenceSets(state, guarded.controller)
    sets.add(tree / "data/link.xyz")
    assert "expected a path beneath" in state.error


def test_a_link_opens_no_other_path(guarded, tree):
    page(guarded.state, guarded.controller, f"?file={tree}/data/../secret.xyz")
    guarded.run()
    assert guarded.controller.shows_demo
    assert "expected a path beneath" in guarded.state.error


# Uploads


NAMES = ("../../etc/passwd", "..\\..\\x.xyz", "/x", ".", "..", "", "a\0b.xyz", "a/b\n.xyz", "é" * 999, "-rf")


@pytest.mark.parametrize("name", NAMES)
def test_upload_names_are_sanitised(tmp_path, name):
    folder = UploadFolder()
    path = folder.save(name, b"1\n\nH 0 0 0\n")
    assert folder.holds(path)
    assert path.resolve() == path
    assert re.fullmatch(r"[\w.+-]{1,120}", safe_name(name))
    assert path.parent.parent.stat().st_mode & 0o077 == 0
    folder.close()
    assert not path.exists()


def test_sizes_are_limited(monkeypatch, session):
    monkeypatch.setenv(environment_variables.FILE_LIMIT, "0.001")
    monkeypatch.setenv(environment_variables.SESSION_LIMIT, "0.0015")
    folder = UploadFolder()
    with pytest.raises(ValueError, match="a file of at most"):
        folder.save("a.xyz", b"x" * 1001)
    folder.save("a.xyz", b"x" * 1000)
    with pytest.raises(ValueError, match="the uploads of a session of at most"):
        folder.save("b.xyz", b"x" * 600)
    folder.close()
    session.controller.upload("a.xyz", b"x" * 1001)
    assert session.state.error.startswith("Could not upload a.xyz: expected a file of at most")


def test_a_session_has_one_upload_limit(monkeypatch, session, file):
    from quests_app.session.references import ReferenceSets

    data = file.read_bytes()
    monkeypatch.setenv(environment_variables.SESSION_LIMIT, str(1.5 * len(data) / 1e6))
    session.controller.upload("a.xyz", data)
    session.run()
    sets = ReferenceSets(session.state, session.controller)
    sets.upload("b.xyz", data)
    assert "the uploads of a session of at most" in session.state.error
    assert sets.references == ()
    monkeypatch.delenv(environment_variables.SESSION_LIMIT)
    sets.upload("b.xyz", data)
    session.run()
    (reference,) = sets.references
    assert reference.uploaded
    assert reference.path.exists()
    session.controller.close()
    assert not reference.path.exists()


def test_the_page_states_the_limits(session):
    from quests_app.views.sidebar.dataset import DatasetView

    view = DatasetView(session.state, session.controller).__panel__()
    texts = [pane.object for pane in view.select(pn.pane.HTML)]
    assert any("Up to 500 MB per file" in text for text in texts)


# What the page shows


def hostile(frames, path):
    for i, atoms in enumerate(frames):
        atoms.info["config_type"] = f"{ATTACK}{i % 3}"
        atoms.info["<b>key</b>"] = ATTACK
        atoms.info["k" + ATTACK.replace("=", "")] = i
        atoms.arrays["site" + ATTACK.replace("=", "")] = np.arange(len(atoms))
    write(path, frames, format="extxyz")


def texts_of(root):
    """Return every text that the page sets as HTML."""
    found = [str(pane.object) for pane in root.select(pn.pane.HTML)]
    return found


def test_values_from_files_are_displayed_as_text(session, frames, tmp_path):
    hostile(frames, tmp_path / "hostile.xyz")
    data = (tmp_path / "hostile.xyz").read_bytes()
    assert any(ATTACK in str(atoms.info["config_type"]) for atoms in read(tmp_path / "hostile.xyz"))
    root = page(session.state, session.controller)
    session.controller.upload(f"{ATTACK}.xyz", data)
    session.run()
    assert session.state.error == ""
    seen = []
    for tab in TABS:
        session.state.tab = tab
        session.run()
        session.state.param.update(current_env=5, selected=(1, 2), tab=tab)
        session.run()
        seen += texts_of(root)
    session.state.error = f"No such file: {ATTACK}"
    seen += texts_of(root)
    assert any("&lt;img/src" in text for text in seen), "it is displayed"
    assert not [text for text in seen if "<img/src" in text or "<script>alert" in text]


# Expressions


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "().__class__.__bases__", "lambda: 0", "a.b", "a[0]", "f'{a}'",
        "a ** 9", "(" * 1000, "not " * 400 + "a", "-" * 1999, "x" * 3000, "a if b else c", "[x for x in y]",
        "a := 1", "`",
        "a; b",
        "1e999999999999", "open('x')", "a\n\0b",
        "٣ < a", "in in in", "max(max(max(a)))" * 50,
        "a in (" + "1," * 999,
    ],
)  # fmt: skip
def test_expressions_follow_the_grammar_or_are_refused(text):
    try:
        found = matches(text, {"a": np.arange(3.0)}, 3)
    except ExpressionError:
        return
    assert found.dtype == bool
