"""Tests of checksums of files."""

import hashlib
import os

import pytest

from quests_core.utils.checksum import sha256_of, size_and_time


@pytest.mark.parametrize("content", [b"", b"frames", bytes(range(256)) * 5000])
def test_sha256_of_a_file(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()


def test_size_and_time_tell_a_change(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"frames")
    os.utime(path, ns=(1, 10**18))
    assert size_and_time(path) == (6, 10**18)
