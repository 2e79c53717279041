"""A plugin of ``panel serve`` without a time limit for reading, so that only the page ends it."""

from quests_core.io import read_process

ROUTES: list = []
read_process.SECONDS = read_process.MOST_SECONDS
