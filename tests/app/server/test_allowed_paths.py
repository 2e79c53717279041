"""Server paths that a session may use."""

import pytest

from quests_app.server.allowed_paths import AllowedPaths


def test_a_long_path_is_not_resolved(monkeypatch):
    monkeypatch.setattr("pathlib.Path.resolve", lambda *_: pytest.fail("it was looked up"))
    with pytest.raises(ValueError, match="a path of at most 4,096 characters, got 16,000,000") as caught:
        AllowedPaths().resolve("/a" * 8_000_000)
    assert len(str(caught.value)) < 100
