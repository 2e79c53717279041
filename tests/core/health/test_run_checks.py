"""Tests of running all checks."""

from tests.core.health.frames import checked, good_frames


def test_nothing_is_found_in_good_frames(rng, tmp_path):
    assert checked(good_frames(rng), tmp_path) == {}
