"""Rounds that ask all parts, of which some were lost."""

import pickle

import pytest

from quests_core.utils.cluster_part import ClusterPart, ask_all


def test_a_part_is_pickled_without_its_sums():
    part = ClusterPart("content")
    part._sums = "sums"
    copy = pickle.loads(pickle.dumps(part))
    assert copy._content == "content"
    assert copy._sums is None
    assert not copy._lock.locked()


def test_lost_parts_are_asked_again_with_all_picks():
    asked = []

    def ask(parts, first):
        asked.append((list(parts), first))
        return [None if first and i in (1, 3) else 10 * i for i in parts]

    assert ask_all(4, 7, ask) == ([0, 10, 20, 30], 2)
    assert asked == [([0, 1, 2, 3], 7), ([1, 3], 0)]
    asked.clear()
    assert ask_all(3, 0, ask) == ([0, 10, 20], 0)
    assert asked == [([0, 1, 2], 0)]


def test_a_part_that_is_lost_twice_is_an_error():
    with pytest.raises(OSError, match="a part was lost twice in the same round"):
        ask_all(2, 3, lambda parts, _: [None if i else 0 for i in parts])
