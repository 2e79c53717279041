"""Sentences about subsets; text from a file is escaped here."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from quests_core.information.entropy import OVERLAP_THRESHOLD as THRESHOLD

from ..analysis.lost import OutlierWarning
from ..analysis.target import ENVS, KNEE, LOSS, OVERLAP, SIZE, Target
from .numbers import count, nats, percent, plural


def size_line(row: dict[str, float], full_set: dict[str, float]) -> str:
    """Return what the slider has chosen, given the metrics of the subset and of the full set."""
    return (
        f"<b>{percent(row['fraction'])}</b><br>{count(row['n_frames'])} of "
        f"{plural(int(full_set['n_frames']), 'frame')} · {plural(int(row['n_envs']), 'environment')}"
    )


def verdict(method: str, row: dict[str, float], reference: str = "") -> str:
    """Return what a method says at the current size, in one sentence; `reference` is a file's name."""
    covers = f"<b>{escape(method)}</b> covers"
    if reference:
        covers = f"<b>{escape(reference)}</b> and this subset together cover"
    return (
        f"{covers} <b>{percent(row['overlap'])}</b> of the environments "
        f"with <b>{percent(row['fraction'])}</b> of the frames."
    )


def caution(method: str, far: OutlierWarning) -> str:
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


def with_end(text: str) -> str:
    """Return a text, escaped, of which an ellipsis cuts the middle where it does not fit, as HTML.

    The tooltip has all of it.
    """
    start = len(text) - 8 if len(text) > 16 else len(text)
    parts = f"<span>{escape(text[:start])}</span><span>{escape(text[start:])}</span>"
    return f'<div class="ends" title="{escape(text)}">{parts}</div>'


def frame_list(frames: Sequence[int], shown: int = 5) -> str:
    """Return the first few frame numbers."""
    text = ", ".join(str(i) for i in frames[:shown])
    return f"{text}, …" if len(frames) > shown else text


def frame_noun(frames: Sequence[int]) -> str:
    """Return "frame" before the number of one frame, "frames" before several."""
    return "frame" if len(frames) == 1 else "frames"


def named_frames(frames: Sequence[int], shown: int = 5) -> str:
    """Return "frame 3", or "frames 3, 4, …" with the first few numbers."""
    return f"{frame_noun(frames)} {frame_list(frames, shown)}"


def files_name(names: Sequence[str]) -> str:
    """Return the name of a data set made of the files `names`, not escaped."""
    if len(names) == 1:
        return names[0]
    shown = ", ".join(names[:2])
    return f"{count(len(names))} files: {shown}{', …' if len(names) > 2 else ''}"


def map_sentence(kind: str, n_envs: int, n_fitted: int) -> str:
    """Return how a map was computed: ``"PCA"``, or ``"UMAP"`` fitted on some environments."""
    if kind == "PCA":
        return f"All {plural(n_envs, 'environment')} along their first two principal components."
    if n_fitted == n_envs:
        return f"UMAP of all {plural(n_envs, 'environment')}."
    return (
        f"UMAP fitted on {count(n_fitted)} of {plural(n_envs, 'environment')} (two thirds at random, and the "
        "third that is farthest from these, to include outliers); the others are placed at their nearest "
        "fitted neighbours."
    )


def target_text(target: Target) -> str:
    """Return the target in words, as in "smallest subset with …"; "" without one."""
    return {
        SIZE: "",
        OVERLAP: f"overlap ≥ {100 * target.value:g} %",
        ENVS: f"at most {target.value:,.0f} environments",
        LOSS: f"an information loss of at most {nats(target.value, 3).rstrip('0').rstrip('.')} nats",
        KNEE: "the knee of overlap against size",
    }[target.mode]
