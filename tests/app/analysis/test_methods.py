"""The table of selection methods."""

import quests_core
from quests_app.analysis.methods import (
    DEFAULT_METHODS,
    METHOD_INFO,
    METHODS,
    MSC_WITH_REFERENCE,
    NESTED_METHODS,
    QUICK,
)
from quests_core.selection.result import NOT_NESTED


def test_the_table_has_all_methods_of_the_library_and_one_more():
    assert {*METHOD_INFO} == {*quests_core.METHODS, MSC_WITH_REFERENCE}
    assert {name for name, info in METHOD_INFO.items() if not info.nested} == {*NOT_NESTED}


def test_methods_that_are_offered_are_told_apart_by_colour():
    colors = [METHOD_INFO[name].color.lower() for name in METHODS]
    assert all(colors)
    assert len(set(colors)) == len(colors)


def test_the_default_methods_are_offered_without_a_reference():
    assert {*DEFAULT_METHODS, QUICK} <= {*NESTED_METHODS}
    assert {*METHODS} - {*NESTED_METHODS} == {MSC_WITH_REFERENCE}
