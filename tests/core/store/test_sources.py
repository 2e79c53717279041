"""The files of a store."""

import pytest

from quests_core import descriptors
from quests_core.store.manifest import Manifest
from quests_core.store.sources import check_sources, is_store, source_paths
from quests_core.utils.checksum import sha256_of

TEXT = "2\n\nCu 0 0 0\nCu 0 0 2.5\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    for name in "ab":
        (tmp_path / "data" / f"{name}.xyz").write_text(TEXT)
    return tmp_path


def written(folder, *names):
    descriptors([folder / "data" / name for name in names], k=4, store=folder / "x.envs")
    return Manifest.load(folder / "x.envs")


def test_sources_are_found_where_they_were(folder):
    manifest = written(folder, "b.xyz", "a.xyz")
    assert source_paths(folder / "x.envs", manifest) == (
        folder / "data" / "b.xyz",
        folder / "data" / "a.xyz",
    )
    assert is_store(folder / "x.envs")
    assert not is_store(folder)


def test_sources_are_found_beside_a_store_that_was_moved(folder):
    manifest = written(folder, "a.xyz")
    (folder / "data").rename(folder / "moved")
    with pytest.raises(FileNotFoundError, match=r"^store: the frames are in .*data/a\.xyz, which is"):
        source_paths(folder / "x.envs", manifest)
    (folder / "x.envs").rename(folder / "moved" / "x.envs")
    assert source_paths(folder / "moved" / "x.envs", manifest) == (folder / "moved" / "a.xyz",)
    # The same call, for files elsewhere, tells the store where they are.
    descriptors([folder / "moved" / "a.xyz"], k=4, store=folder / "moved" / "x.envs")
    assert Manifest.load(folder / "moved" / "x.envs").paths == (str(folder / "moved" / "a.xyz"),)


def test_other_content_is_noticed(folder):
    manifest, path = written(folder, "a.xyz"), folder / "data" / "a.xyz"
    check_sources(manifest, sha256_of(path), [path])
    path.write_text(TEXT.replace("2.5", "2.6"))
    with pytest.raises(ValueError, match=r"^store: .*a\.xyz changed since the store was written"):
        check_sources(manifest, sha256_of(path), [path])
