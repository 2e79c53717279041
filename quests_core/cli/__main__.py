"""``python -m quests_core.cli``."""

from . import app

app()
