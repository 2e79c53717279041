"""Tests of checksums of files."""

import hashlib

import pytest

from quests_core.utils.checksum import sha256_of


@pytest.mark.parametrize("content", [b"", b"frames", bytes(range(256)) * 5000])
def test_sha256_of_a_file(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()
