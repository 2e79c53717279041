"""Numbers and sentences as the page writes them; everything from a file is escaped here."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from quests_core.entropy import OVERLAP_THRESHOLD as THRESHOLD

from ..facts.outliers import LeftFar

# Okabe and Ito's palette: told apart with any colour vision.
METHOD_COLORS = {
    "balanced": "#D55E00",
    "msc": "#0072B2",
    "information_loss": "#8C6D1F",
    "coverage": "#56B4E9",
    "fps": "#009E73",
    "mean_fps": "#CC79A7",
    "random": "#E69F00",
    "msc given": "#DC267F",
}
DASHES = {
    "balanced": "solid",
    "msc": "solid",
    "information_loss": "dashed",
    "coverage": "dashed",
    "fps": "dashed",
    "mean_fps": "dotdash",
    "random": "dotted",
    "msc given": "solid",
}
FULL_COLOR = "#7a828c"
METHOD_NOTES = {
    "balanced": "takes the frame that raises diversity and entropy, and lowers the loss, most at once.",
    "msc": "takes the frame that is most novel to those taken, and richest in itself.",
    "information_loss": "takes the frame that lowers the sum of δH over all environments most.",
    "coverage": "takes the frame that covers most of what is left; outliers count no more than others.",
    "fps": "farthest-point sampling; two frames are as far apart as their environments are on average.",
    "mean_fps": "farthest-point sampling on the mean descriptor of each frame.",
    "random": "uniformly at random with seed 0, the baseline to beat.",
    "msc given": "as msc, with a reference file's environments taken already; see Compare sets.",
    "k_means": "has no nested order that a slider could cut; it is in the library only.",
}


def count(value: float) -> str:
    """Return a whole number with thousands separators."""
    return f"{int(value):,}"


def plural(value: int, noun: str) -> str:
    """Return a count and its noun."""
    return f"{count(value)} {noun}" if value == 1 else f"{count(value)} {noun}s"


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


def duration(seconds: float | None) -> str:
    """Return a time left, rounded as one would say it."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{max(1, round(seconds))} s left"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min left"
    return f"{seconds / 3600:.1f} h left"


def size_line(n_frames: int, n_total: int, n_envs: int) -> str:
    """Return what the slider has chosen."""
    return (
        f"<b>{percent(n_frames / n_total)}</b><br>{count(n_frames)} of {plural(n_total, 'frame')} · "
        f"{plural(n_envs, 'environment')}"
    )


def verdict(method: str, row: dict[str, float], reference: str = "") -> str:
    """Return what a method says at the current size, in one sentence; `reference` is a file's name."""
    given = f" and <b>{escape(reference)}</b> together cover" if reference else " covers"
    return (
        f"<b>{escape(method)}</b>{given} <b>{percent(row['overlap'])}</b> of the environments "
        f"with <b>{percent(row['fraction'])}</b> of the frames."
    )


def caution(method: str, far: LeftFar) -> str:
    """Return that a method leaves an environment far away which another does not."""
    at_most = f"at most {nats(far.other_largest, 1)}" if far.other_largest > THRESHOLD else "loses none"
    return (
        '<span class="badge warning" role="img" aria-label="warning">▲</span>'
        f"<b>{escape(method)}</b> leaves an environment <b>{nats(far.largest, 1)} nats</b> away; "
        f"<b>{escape(far.other)}</b> {at_most}."
    )


def label_counts(labels: Sequence[str], shown: int = 6) -> str:
    """Return the commonest labels and their counts, escaped."""
    counts = Counter(label for label in labels if label).most_common()
    if not counts:
        return "none"
    parts = [f"{escape(label[:40])} ({count(n)})" for label, n in counts[:shown]]
    if len(counts) > shown:
        parts.append(f"{count(len(counts) - shown)} more")
    unlabelled = sum(1 for label in labels if not label)
    if unlabelled:
        parts.append(f"no label ({count(unlabelled)})")
    return ", ".join(parts)


def frame_list(frames: Sequence[int], shown: int = 5) -> str:
    """Return the first few frame numbers."""
    text = ", ".join(str(i) for i in frames[:shown])
    return f"{text}, …" if len(frames) > shown else text
