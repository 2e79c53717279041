"""Counts with their nouns."""

from quests_core.utils.plural import plural


def test_only_one_is_singular():
    counts = [plural(n, "frame") for n in (0, 1, 2, 12345)]
    assert counts == ["0 frames", "1 frame", "2 frames", "12,345 frames"]
