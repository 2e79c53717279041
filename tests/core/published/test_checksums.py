"""Tests of files with checksums."""

import hashlib

import pytest

from quests_core import published
from quests_core.published import checksums


def test_a_cached_file_needs_no_network_and_a_damaged_one_is_recreated(tm23, cache):
    path = published.fetch("tm23:Ag")
    whole = path.read_bytes()
    digest = hashlib.sha256(whole).hexdigest()
    assert path.with_name("Ag.xyz.sha256").read_text() == f"{digest}  Ag.xyz\n"
    (cache / "tm23" / "downloads" / "tm23.zip").unlink()
    assert published.fetch("tm23:Ag") == path
    assert len(tm23.asked) == 1
    path.write_bytes(whole[:-20])
    assert published.fetch("tm23:Ag") == path
    assert path.read_bytes() == whole
    assert len(tm23.asked) == 2


def test_a_stored_file_is_complete_or_absent(tmp_path):
    def blocks():
        yield b"half"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        checksums.write_with_checksum(tmp_path / "a.xyz", blocks())
    with pytest.raises(ValueError, match="contains no frames"):
        checksums.write_with_checksum(tmp_path / "a.xyz", [])
    assert list(tmp_path.iterdir()) == []
