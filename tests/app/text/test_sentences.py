"""Numbers and sentences."""

import pytest

from quests_app.text import numbers as text
from quests_app.text import sentences


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0, "0 %"), (1, "100 %"), (0.99999, "99.9 %"), (0.00001, "0.1 %"), (0.25, "25 %"), (0.034, "3.4 %")],
)
def test_a_percentage_is_never_rounded_to_all_or_nothing(share, expected):
    assert text.percent(share) == expected


def test_nats_have_a_minus_sign_and_no_negative_zero():
    assert text.nats(-0.00001) == "0.000"
    assert text.nats(-1.5) == "−1.500"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(None, ""), (0.2, "1 s left"), (90, "2 min left"), (7200, "2.0 h left")]
)
def test_time_left(seconds, expected):
    assert text.duration(seconds) == expected


def test_labels_are_escaped_truncated_and_counted():
    labels = ["<script>"] * 3 + ["b"] * 2 + [""] + [f"label {i}" for i in range(10)]
    shown = sentences.label_counts(labels, shown=2)
    assert shown == "&lt;script&gt; (3), b (2), 10 more, no label (1)"
    assert sentences.label_counts(["", ""]) == "none"


def test_long_lists_of_frames_are_truncated():
    assert sentences.frame_list([1, 2, 3], shown=2) == "1, 2, …"
    assert sentences.frame_list([1, 2], shown=2) == "1, 2"


def test_counts_have_thousands_separators_and_plurals():
    assert text.plural(1, "frame") == "1 frame"
    assert text.plural(1234, "frame") == "1,234 frames"
