"""Server paths that a session may use."""

import pytest

from quests_app.server.allowed_paths import FILE, FOLDERS, AllowedPaths, of_request


def test_a_long_path_is_not_resolved(monkeypatch):
    monkeypatch.setattr("pathlib.Path.resolve", lambda *_: pytest.fail("it was looked up"))
    with pytest.raises(ValueError, match="a path of at most 4,096 characters, got 16,000,000") as caught:
        AllowedPaths().resolve("/a" * 8_000_000)
    assert len(str(caught.value)) < 100


def test_several_paths_and_patterns(tmp_path):
    data, secret = tmp_path / "data", tmp_path / "secret"
    for folder in (data, secret):
        folder.mkdir()
        for name in ("a.xyz", "b.xyz"):
            (folder / name).touch()
    (data / "link.xyz").symlink_to(secret / "a.xyz")
    (data / "x; y[1].xyz").touch()
    allowed = AllowedPaths([data])
    both = [data / "a.xyz", data / "b.xyz"]
    assert allowed.resolve_all(f"{data}/a.xyz; {data}/b.xyz ;") == both
    assert allowed.resolve_all(f"{data}/[a-l]*.xyz") == both, "without the link to a forbidden file"
    assert allowed.resolve_all(f"{data}/x; y[1].xyz") == [data / "x; y[1].xyz"], "a name, no pattern"
    for text, message in (
        (f"{secret}/*.xyz", "expected a path beneath"),
        (f"{data}/a.xyz; {secret}/a.xyz", "expected a path beneath"),
        (f"{data}/*/../../secret/*.xyz", "without '..'"),
        (f"{data}/**/*.xyz", "without '..'"),
        (f"{data}/*.cif", "expected a pattern that matches a file"),
        (f"{data}/*/*/*.xyz", "in at most 2 parts"),
        ("/*/a.xyz", "expected a path beneath"),
    ):
        with pytest.raises(ValueError, match=message):
            allowed.resolve_all(text)
    with pytest.raises(ValueError, match="upload the file"):
        AllowedPaths(()).resolve_all(f"{data}/*.xyz")


def test_a_pattern_with_which_the_server_was_started_is_allowed(tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    (tmp_path / "other").mkdir()
    files = [tmp_path / "runs" / f"{name}.xyz" for name in "ab"]
    for file in files:
        file.touch()
    monkeypatch.setenv(FILE, str(tmp_path / "runs" / "*.xyz"))
    monkeypatch.setenv(FOLDERS, str(tmp_path / "other"))
    allowed = of_request(None)
    assert allowed.resolve_all(tmp_path / "runs" / "*.xyz") == files
    assert allowed.resolve(files[0]) == files[0]
    with pytest.raises(ValueError, match="expected a path beneath"):
        allowed.resolve_all(tmp_path / "*.xyz")
    with pytest.raises(ValueError, match="expected a path beneath"):
        allowed.resolve(tmp_path / "runs" / "c.xyz")
