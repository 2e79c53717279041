"""Numbers and sentences as the page writes them; everything from a file is escaped here."""

import re

from quests_core.utils.plural import plural

__all__ = ["count", "duration", "memory_size", "nats", "percent", "plural", "unbroken"]

_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|nats|kB|MB|GB|Å|eV)(?!\w))")


def unbroken(text: str) -> str:
    """Return a text whose numbers stay on one line with their units."""
    return _BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", text)


def count(value: float) -> str:
    """Return a whole number with thousands separators."""
    return f"{int(value):,}"


def nats(value: float, decimals: int = 3) -> str:
    """Return a quantity in nats, with a real minus sign; no negative zero."""
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def percent(share: float) -> str:
    """Return a share as percentage: 100 and 0 only where exact, one decimal below 10 and above 99."""
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f} %"
    if value > 99:
        return f"{min(value, 99.9):.1f} %"
    return f"{max(value, 0.1):.1f} %" if value < 10 else f"{value:.0f} %"


def memory_size(n_bytes: float) -> str:
    """Return a number of bytes in kB, MB or GB, at least 1 kB; one decimal below 10 MB and in GB."""
    if n_bytes >= 999.5e6:
        return f"{n_bytes / 1e9:.1f} GB"
    if n_bytes >= 999.5e3:
        return f"{n_bytes / 1e6:.{0 if n_bytes >= 9.95e6 else 1}f} MB"
    return f"{max(1, round(n_bytes / 1e3))} kB"


def duration(seconds: float | None) -> str:
    """Return a time left, rounded as one would say it."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{max(1, round(seconds))} s left"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min left"
    return f"{seconds / 3600:.1f} h left"
