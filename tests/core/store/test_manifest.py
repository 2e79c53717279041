"""The manifest of a store."""

import json

import pytest

from quests_core.store.manifest import NAME, VERSION, Manifest, content_key

MANIFEST = Manifest("a", {"k": 32}, ("b.xyz",), 63, 5, 40, 1, 2, ("energy",), ("bulk", ""), True)


def test_a_manifest_is_read_as_it_was_written(tmp_path):
    MANIFEST.save(tmp_path)
    assert Manifest.load(tmp_path) == MANIFEST


def test_the_key_depends_on_content_and_parameters():
    keys = {content_key(sha, {"k": k, "cutoff": c}) for sha in "ab" for k in (31, 32) for c in (5.0, 6.0)}
    assert len(keys) == 8
    assert content_key("a", {"k": 1, "c": 2}) == content_key("a", {"c": 2, "k": 1})


def test_the_key_depends_on_the_version(monkeypatch):
    before = content_key("a", {})
    monkeypatch.setattr("quests_core.store.manifest.VERSION", VERSION + 1)
    assert content_key("a", {}) != before


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"version": 1}', b"\xff"])
def test_a_damaged_manifest_is_refused(tmp_path, content):
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(ValueError, match=r"^store: .*manifest\.json is damaged"):
        Manifest.load(tmp_path)


def test_another_version_is_refused(tmp_path):
    MANIFEST.save(tmp_path)
    content = json.loads((tmp_path / NAME).read_text())
    (tmp_path / NAME).write_text(json.dumps({**content, "version": 99}))
    with pytest.raises(ValueError, match=r"^store: expected version 1 in .*, got 99; write the store again"):
        Manifest.load(tmp_path)


def test_a_folder_without_manifest_is_no_store(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not a store of descriptors"):
        Manifest.load(tmp_path)
