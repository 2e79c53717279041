"""What a browser has kept is validated."""

import pytest

from quests_app.widgets.browser_store import BrowserStore


@pytest.mark.parametrize(
    ("kept", "valid"),
    [
        (["a", "b"], ["a", "b"]), ([], []), (None, []), ("ab", []), ({"a": 1}, []), (["a", 1, None], ["a"]),
        (["x" * 1001, "b"], ["b"]), (["a"] * 1000, ["a"] * 40),
    ],
)  # fmt: skip
def test_only_short_lists_of_short_texts_are_taken(kept, valid):
    store = BrowserStore(key="test")
    store.kept = kept
    assert store.valid() == valid
