"""Frames by their elements."""

import itertools

import pytest
from ase import Atoms

from quests_core.io.element_filter import MATCHES, elements_of, frames_with_elements, parse_elements

FRAMES = [Atoms(formula) for formula in ("Fe", "FeO", "OFeH", "Cu", "O2", "CuO")]


@pytest.mark.parametrize("match", MATCHES)
def test_frames_are_those_of_the_definition(match):
    for n in range(1, 4):
        for asked in itertools.combinations(("Fe", "O", "H", "Cu"), n):
            expected = []
            for i, atoms in enumerate(FRAMES):
                own = atoms.get_chemical_symbols()
                if match == "all":
                    matches = all(symbol in own for symbol in asked)
                elif match == "any":
                    matches = any(symbol in own for symbol in asked)
                else:
                    matches = all(symbol in asked for symbol in own)
                if matches:
                    expected.append(i)
            assert frames_with_elements(FRAMES, asked, match).tolist() == expected


def test_elements_are_listed_once():
    assert elements_of(FRAMES) == ("Cu", "Fe", "H", "O")
    assert parse_elements(" Fe,O  Fe , H") == ("Fe", "O", "H")


@pytest.mark.parametrize(("text", "got"), [("Fe,Xy", "'Xy'"), ("fe", "'fe'"), (" , ", "none"), ("X", "'X'")])
def test_what_is_no_element_is_refused(text, got):
    with pytest.raises(ValueError, match=f"elements: expected symbols such as Fe,O, got {got}"):
        parse_elements(text)


def test_an_unknown_match_is_refused():
    with pytest.raises(ValueError, match="match: expected one of all, any, only, got 'some'"):
        frames_with_elements(FRAMES, ["Fe"], "some")
