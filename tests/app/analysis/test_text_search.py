"""The search looks for words in the texts of frames."""

import numpy as np
import pytest

from quests_app.analysis.text_search import FrameTexts


def objects(*values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


COLUMNS = {
    "label": objects("Bulk", "slab", "", "STRASSE"), "formula": objects("Cu4", "Cu16", "Ag", "C"),
    "note": objects(None, "from run 7", 3.5, True), "n_atoms": np.array([4, 16, 1, 1]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [0, 1, 2, 3]), ("  ", [0, 1, 2, 3]), ("bulk", [0]), ("CU", [0, 1]), ("cu slab", [1]),
        ("slab  cu", [1]), ("7 cu16 run", [1]), ("straße", [3]), ("bulkcu", []), ("16", [1]), ("4", [0]),
        ("kept", [2]), ("ep slab", []), ("drop cu", [0, 1]), ("none", []), ("3.5", []),
    ],
)  # fmt: skip
def test_words_are_found_in_any_text(text, expected):
    states = objects("dropped", "dropped", "kept", "dropped")
    assert np.flatnonzero(FrameTexts(COLUMNS).find(text, states)).tolist() == expected


def test_a_search_has_a_limit():
    texts = FrameTexts({"label": objects("a" * 10_000 + "b", "w19")})
    assert texts.find("b").tolist() == [False, False], "beyond the first 500 characters"
    words = " ".join(["w19"] + [""] * 5000 + ["w1"] * 19 + ["x"] * 5000)
    assert texts.find(words).tolist() == [False, True], "only the first 20 words count"
