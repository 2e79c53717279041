"""Tests of the structure of xyz files."""

import pytest

from quests_core import read

GOOD = '2\nLattice="4 0 0 0 4 0 0 0 4"\nC 0.0 0.0 0.0\nC 1.0 1.0 1.0\n'
HEAD = "2\nProperties=species:S:1:pos:R:3:forces:R:3\n"


def test_a_truncated_file_is_refused_or_complete(tmp_path):
    """A file truncated in its last frame is refused, unless the rest is a complete frame."""
    path = tmp_path / "cut.xyz"
    data = (GOOD + HEAD + "C 0.0 0.0 0.0 1.5 0.0 0.0\nC 1.0 1.0 1.0 0.0 2.5 0.0\n").encode()
    whole_until = len(data) - 3  # nobody can miss the last 0 of 0.0
    for length in range(len(GOOD) + 1, whole_until):
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"^cut\.xyz, frame 1[,:]"):
            read(path)
    for length in (len(GOOD), whole_until, len(data) - 1, len(data)):
        path.write_bytes(data[:length])
        assert len(read(path)) == 1 + (length > len(GOOD))
