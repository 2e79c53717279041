"""QUESTS Explorer's dashboard, imported as ``quests_app`` and served with ``panel serve app``."""
