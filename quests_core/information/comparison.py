"""Compare the metrics of two subsets in a sentence."""

from collections.abc import Mapping

# Name, factor (negative if less is better), unit and number of decimals of each metric.
_METRICS = {
    "overlap": ("overlap", 100.0, "percentage points", 1),
    "information_loss": ("information loss", -1.0, "nats", 2),
    "diversity": ("diversity", 1.0, "nats", 2),
    "max_delta_entropy": ("the largest δH", -1.0, "nats", 1),
}


def comparison_sentence(
    method: str, metrics: Mapping[str, float], other: str, other_metrics: Mapping[str, float]
) -> str:
    """Return in which metrics one subset leads another of the same size, and in which it trails.

    Parameters
    ----------
    method, other : str
        Names of the methods.
    metrics, other_metrics : mapping of str to float
        Rows of `compression_curve`. Differences that would be shown as 0 count as ties.

    Examples
    --------
    >>> ours = {"overlap": 0.9, "information_loss": 0.1, "diversity": 5.0, "max_delta_entropy": 7.5}
    >>> theirs = {"overlap": 0.8, "information_loss": 0.3, "diversity": 5.0, "max_delta_entropy": 5.0}
    >>> comparison_sentence("balanced", ours, "msc", theirs).partition(", and ")[2]
    'trails it by 2.5 nats in the largest δH.'
    """
    ahead: list[str] = []
    behind: list[str] = []
    for key, (name, factor, unit, decimals) in _METRICS.items():
        difference = factor * (metrics[key] - other_metrics[key])
        shown = f"{abs(difference):.{decimals}f}"
        if float(shown):
            (ahead if difference > 0 else behind).append(f"{shown} {unit} in {name}")
    if not ahead and not behind:
        equal = "equal in overlap, information loss, diversity and largest δH"
        return f"At this size {method} and {other} are {equal}."
    if not ahead:
        return f"At this size {other} leads {method} by {', '.join(behind)}."
    trails = f", and trails it by {', '.join(behind)}" if behind else ""
    return f"At this size {method} leads {other} by {', '.join(ahead)}{trails}."
