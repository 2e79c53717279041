"""Tests of frame numbers as text from untrusted sources."""

import pytest

from quests_core.utils.frame_ranges import format_ranges, parse_ranges


def test_overlapping_ranges_give_each_frame_once():
    assert parse_ranges("5-7,0,6-9,0", 20) == (0, 5, 6, 7, 8, 9)
    assert parse_ranges("", 20) == ()
    assert format_ranges(parse_ranges("3,2,1", 20)) == "1-3"


@pytest.mark.parametrize(
    "text", ["0-999999999", "0-" + "9" * 5000, "9" * 200_000, "-1", "1-", "3-1", "x" * 10_000]
)
def test_invalid_ranges_are_refused_with_a_short_message(text):
    with pytest.raises(ValueError, match=r"^frames: expected frames") as caught:
        parse_ranges(text, 1000)
    assert len(str(caught.value)) < 120


def test_repeated_ranges_are_not_expanded(monkeypatch):
    # Expanded, these would be 2,000 million numbers.
    n_frames = 100_000
    assert len(parse_ranges(",".join([f"0-{n_frames - 1}"] * 20_000), n_frames)) == n_frames
