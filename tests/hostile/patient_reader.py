"""A plugin of ``panel serve``: no file is given up for its time, so that only its page ends its reading."""

from quests_core.io import read_process

ROUTES: list = []
read_process.SECONDS = read_process.MOST_SECONDS
