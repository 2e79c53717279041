"""Explorers that are closed after the test."""

import pytest

from quests_app import Explorer


@pytest.fixture
def open_explorer():
    opened = []

    def open_one(*args, **options):
        opened.append(Explorer(*args, **{"umap": False, "methods": ("msc",), **options}))
        return opened[-1]

    yield open_one
    for explorer in opened:
        explorer.close()
