"""Listed folders show what may be opened, and nothing else."""

import os

import pytest

from quests_app.server import folder_listing
from quests_app.server.allowed_paths import AllowedPaths
from quests_app.server.folder_listing import first_listing, list_folder


@pytest.fixture
def tree(tmp_path):
    data, private = tmp_path / "data", tmp_path / "private"
    for folder in (data / "sub", data / ".git", private):
        folder.mkdir(parents=True)
    for file in (
        data / "b.xyz",
        data / "a.xyz",
        data / ".hidden.xyz",
        data / "sub/c.xyz",
        private / "secret",
    ):
        file.write_text("1\n")
    (data / "out.xyz").symlink_to(private / "secret")
    (data / "outside").symlink_to(private)
    (data / "up").symlink_to(tmp_path)
    (data / "inside.xyz").symlink_to(data / "sub/c.xyz")
    (data / "broken").symlink_to(data / "absent")
    os.mkfifo(data / "pipe.xyz")
    (data / "two\nlines.xyz").write_text("1\n")
    return data


def test_hidden_entries_links_out_and_pipes_are_left_out(tree):
    listing = first_listing(AllowedPaths([tree]))
    assert (listing.folder, listing.parent, listing.is_complete) == (tree, None, True)
    assert listing.folders == (tree / "sub",)
    assert listing.files == (tree / "a.xyz", tree / "b.xyz", tree / "inside.xyz")
    below = list_folder(tree / "sub", AllowedPaths([tree]))
    assert (below.parent, below.files) == (tree, (tree / "sub/c.xyz",))


@pytest.mark.parametrize("name", ["..", "outside", "up", "sub/../..", "absent/../../private"])
def test_no_other_folder_is_listed(tree, name):
    with pytest.raises(ValueError, match="expected a path beneath"):
        list_folder(tree / name, AllowedPaths([tree]))


def test_several_folders_are_listed_first_and_all_without_a_limit(tree, monkeypatch):
    allowed = AllowedPaths([tree / "sub", tree.parent / "private"])
    listing = first_listing(allowed)
    assert (listing.folder, listing.folders) == (None, (tree / "sub", tree.parent / "private"))
    with pytest.raises(ValueError, match="expected a path beneath"):
        list_folder(tree, allowed)
    assert first_listing(AllowedPaths([])).folders == ()
    monkeypatch.chdir(tree)
    listing = first_listing(AllowedPaths())
    assert (listing.folder, listing.parent) == (tree, tree.parent)
    assert tree / "outside" in listing.folders


def test_of_a_large_folder_only_the_first_entries_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_listing, "MOST_ENTRIES", 10)
    for i in range(11):
        (tmp_path / f"{i}.xyz").touch()
    listing = list_folder(tmp_path, AllowedPaths([tmp_path]))
    assert (len(listing.files), listing.is_complete) == (10, False)
    (tmp_path / "3.xyz").unlink()
    assert list_folder(tmp_path, AllowedPaths([tmp_path])).is_complete
