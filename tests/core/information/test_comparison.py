"""The sentence that compares two subsets."""

import pytest

from quests_core.information.comparison import comparison_sentence

EQUAL = {"overlap": 0.8, "information_loss": 0.3, "diversity": 5.0, "max_delta_entropy": 5.0}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "At this size a and b are equal in overlap, information loss, diversity and largest δH."),
        ({"overlap": 0.8004}, "At this size a and b are equal"),
        (
            {"overlap": 0.85},
            "At this size a leads b by 5.0 percentage points in overlap.",
        ),
        ({"diversity": 4.5}, "At this size b leads a by 0.50 nats in diversity."),
        (
            {"information_loss": 0.1, "max_delta_entropy": 8.0},
            "At this size a leads b by 0.20 nats in information loss, and trails it by 3.0 nats in",
        ),
    ],
)
def test_what_is_ahead_and_what_is_given_up(changed, expected):
    assert comparison_sentence("a", EQUAL | changed, "b", EQUAL).startswith(expected)
