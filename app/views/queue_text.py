"""Where something that was asked for stands in its queue, in words; what comes from files is escaped."""

from html import escape

from ..jobs.activity import WAITING, Activity


def queue_status(activity: Activity, title: str) -> str:
    """Return whether what was asked for as `title` waits, and for what, or how much of it is done."""
    if not activity.running or activity.title != title:
        # A queue that has not told of this yet is still at what it does for the same page.
        before = f" behind “{escape(activity.title)}”" if activity.running else ""
        return f"waiting for its turn{before}"
    if activity.step.startswith(WAITING):
        return activity.step[0].lower() + activity.step[1:]
    done = f", {100 * activity.fraction:.0f} %" if activity.fraction else ""
    return f"under way{done}"
