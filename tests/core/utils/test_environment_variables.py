"""Tests of numbers in environment variables."""

import pytest

from quests_core.utils.environment_variables import MEMORY, check_numbers, number_from_environment


@pytest.mark.parametrize(("text", "number"), [("24", 24.0), (" 0.5 ", 0.5), ("1e3", 1000.0)])
def test_positive_numbers(monkeypatch, text, number):
    monkeypatch.setenv(MEMORY, text)
    assert number_from_environment(MEMORY) == number
    check_numbers()


@pytest.mark.parametrize("text", ["", "  "])
def test_empty_variables_are_unset(monkeypatch, text):
    monkeypatch.setenv(MEMORY, text)
    assert number_from_environment(MEMORY) is None
    assert number_from_environment(MEMORY, 8.0) == 8.0


@pytest.mark.parametrize("text", ["many", "0", "-1", "nan", "inf"])
def test_other_values_are_refused_by_name(monkeypatch, text):
    monkeypatch.setenv(MEMORY, text)
    for check in (check_numbers, lambda: number_from_environment(MEMORY, 8.0)):
        with pytest.raises(ValueError, match=rf"^{MEMORY}: expected a positive number, got '{text}'$"):
            check()
