"""Commands that need the dashboard's plots and tables; see `quests_core.cli`."""

from . import export, report

__all__ = ["export", "report"]
