"""The queue status of a job in words; text from files is escaped."""

from html import escape

from ..jobs.activity import WAITING, Activity


def queue_status(activity: Activity, title: str) -> str:
    """Describe the queue status of job `title`."""
    if not activity.running or activity.title != title:
        # The queue is still busy with another job of the same session.
        other = f" behind “{escape(activity.title)}”" if activity.running else ""
        return f"waiting for its turn{other}"
    if activity.step.startswith(WAITING):
        return activity.step[0].lower() + activity.step[1:]
    done = f", {100 * activity.fraction:.0f} %" if activity.fraction else ""
    return f"running{done}"
