"""QUESTS Explorer's dashboard, imported as ``quests_app`` and served with ``panel serve app``."""

__all__ = ["Explorer"]


def __getattr__(name: str):
    """Import `Explorer` lazily: the served dashboard does not need it."""
    if name == "Explorer":
        from .notebook.explorer import Explorer

        return Explorer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
