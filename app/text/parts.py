"""Sentences about methods of which only the first part is known, as text without markup."""

from collections.abc import Mapping

from ..analysis.method_path import MethodPath
from .numbers import percent


def known(parts: Mapping[str, MethodPath]) -> str:
    """Return how much is known of each method: "the first 10 % of msc"."""
    shares = [(percent(float(path.curve["fraction"].iloc[-1])), name) for name, path in parts.items()]
    return " and ".join(f"the first {share} of {name}" for share, name in shares)


def progress_text(parts: Mapping[str, MethodPath]) -> str:
    """Return that the rest is being computed; "" without parts."""
    return f"Shown so far: {known(parts)}; the rest is being computed." if parts else ""


def stopped_text(parts: Mapping[str, MethodPath]) -> str:
    """Return that the rest is not computed, and how to continue; "" without parts."""
    if not parts:
        return ""
    them = "it" if len(parts) == 1 else "them"
    return f"Only {known(parts)} is shown; to compute the rest, untick {them} and tick {them} again."
