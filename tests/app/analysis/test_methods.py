"""The table of selection methods."""

from bokeh.colors import RGB

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


def test_colours_are_seen_on_white_and_on_black():
    for name in METHODS:
        luminance = RGB(*bytes.fromhex(METHOD_INFO[name].color[1:])).luminance
        # Contrast ratios of WCAG 2 to the papers of both themes; of Okabe and Ito's orange 2.2 and 8.
        assert 1.05 / (luminance + 0.05) > 2.2, name
        assert (luminance + 0.05) / (RGB(0x12, 0x12, 0x12).luminance + 0.05) > 3, name
