"""Formatted numbers."""

import pytest

from quests_app.text import numbers as text


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


def test_counts_have_thousands_separators_and_plurals():
    assert text.plural(1, "frame") == "1 frame"
    assert text.plural(1234, "frame") == "1,234 frames"


@pytest.mark.parametrize(
    ("n_bytes", "expected"),
    [
        (3, "1 kB"), (31_248, "31 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (4_960_000, "5.0 MB"),
        (9_950_000, "10 MB"), (68e6, "68 MB"), (999.4e6, "999 MB"), (999.6e6, "1.0 GB"), (2.34e9, "2.3 GB"),
    ],
)  # fmt: skip
def test_sizes_have_two_digits_and_a_unit(n_bytes, expected):
    assert text.memory_size(n_bytes) == expected


def test_numbers_stay_with_their_units():
    assert text.unbroken("4 elements, 55 % of 1.2 nats and 68 MB; 5 times, 3 natural").split(" ") == [
        "4", "elements,", "55\N{NO-BREAK SPACE}%", "of", "1.2\N{NO-BREAK SPACE}nats", "and",
        "68\N{NO-BREAK SPACE}MB;", "5", "times,", "3", "natural",
    ]  # fmt: skip
