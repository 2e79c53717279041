"""Serialize the decisions about a file, for undo and redo after a reload.

The browser stores them in its session storage, so that the server keeps nothing and a restart loses nothing.
Stored text is untrusted input.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass

from quests_core.utils.frame_ranges import format_ranges, parse_ranges

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.parameters import BANDWIDTH, CUTOFF, KEYS, K, Marks, Parameters
from ..analysis.target import Target
from .link import key_name, one_of, within

# Older decisions are dropped: browsers store 5 MB, and the memory of a session is smaller.
_LONGEST = 200_000
_MOST_FRAMES = 5_000_000
# Descriptors from elsewhere, with which nothing is written.
_NOT_KEPT = ("precomputed", "descriptor")


@dataclass(frozen=True)
class Saved:
    """Decisions about a file, parsed but not validated.

    Attributes
    ----------
    file : str
        SHA-256 of its content.
    parameters : Parameters or None
        Parameters of the analysis, None if they do not matter any more.
    steps : list of dict
        Values changed by each decision, the first one all values; see `History.steps`.
    at : int
        Index of the displayed step.
    """

    file: str
    parameters: Parameters | None
    steps: list[dict]
    at: int

    def values(self, n_frames: int, methods: Collection[str], parameters: Parameters) -> list[dict]:
        """Return the state's values at each step, for a file with `n_frames` frames.

        `parameters` are those of its results, which the steps do not repeat.

        Raises
        ------
        ValueError
            If a value is not possible for that file and these methods.
        """
        values: dict[str, object] = {"parameters": parameters}
        found: list[dict[str, object]] = []
        n_named = 0
        for step in self.steps:
            try:
                changed = {name: _READERS[name](value, n_frames, methods) for name, value in step.items()}
            except (TypeError, LookupError, AttributeError) as error:
                raise ValueError(f"expected a decision, got {str(step)[:80]}") from error
            values = {**values, **changed}
            found.append(values)
            n_named += sum(_n_named(value) for value in changed.values())
            if len(values) != len(_READERS) or n_named > _MOST_FRAMES:
                raise ValueError("expected decisions about fewer frames, the first of them whole")
        return found


def write(opened: AnalysedDataset, steps: list[dict], at: int) -> str:
    """Return decisions about a file as JSON, or "" if there are none or they are too long."""
    used = [opened.parameters, *(step["parameters"] for step in steps)]
    if len(steps) < 2 or any(parameters.precomputed for parameters in used):
        # Descriptors from elsewhere are not kept.
        return ""
    return _write(opened, steps, at) or _write(opened, [_without_reasons(step) for step in steps], at)


def _without_reasons(step: dict) -> dict:
    return {**step, "marks": Marks(step["marks"].locked, step["marks"].excluded)}


def _write(opened: AnalysedDataset, steps: list[dict], at: int) -> str:
    for first in range(at + 1):
        kept = [_written(steps[first], {"parameters": opened.parameters})]
        kept += [
            _written(step, before) for before, step in zip(steps[first:], steps[first + 1 :], strict=False)
        ]
        about = {"file": opened.dataset.sha256, "parameters": _written_parameters(opened.parameters)}
        record = {**about, "steps": kept, "at": at - first}
        if len(text := json.dumps(record, separators=(",", ":"))) <= _LONGEST:
            return text
    return ""


def read(text: str) -> Saved | None:
    """Parse the output of `write`; return None for any other text."""
    try:
        record = json.loads(text) if len(text) <= _LONGEST else {}
        parameters = _parameters(record["parameters"])
        steps = list(record["steps"])
        return Saved(str(record["file"]), parameters, steps, within(int(record["at"]), 0, len(steps) - 1))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _parameters(given, *_) -> Parameters:
    return Parameters(
        k=within(int(given["k"]), *K), cutoff=within(float(given["cutoff"]), *CUTOFF),
        bandwidth=within(float(given["bandwidth"]), *BANDWIDTH), species=bool(given["species"]),
        **{name: key_name(given.get(name, "")) for name in KEYS},
    )  # fmt: skip


def _written(step: dict, before: dict) -> dict:
    return {
        name: _WRITERS.get(name, lambda value: value)(value)
        for name, value in step.items()
        if name not in before or (before[name] is not value and before[name] != value)
    }


def _n_named(value) -> int:
    if isinstance(value, Marks):
        return len(value.locked) + len(value.excluded)
    return len(value) if isinstance(value, tuple) else 0


def _marks(value, n_frames: int, _) -> Marks:
    locked, excluded = (parse_ranges(text, n_frames) for text in value[:2])
    if set(locked) & set(excluded) or len(excluded) >= n_frames:
        raise ValueError("expected no frame to be both locked and excluded, and one to be left")
    reasons: dict[int, tuple[str, ...]] = {}
    n_named = 0
    for reason, text in dict(*value[2:]).items():
        frames = parse_ranges(text, n_frames)
        n_named += len(frames)
        if not isinstance(reason, str) or n_named > _MOST_FRAMES:
            raise ValueError(f"expected reasons for fewer frames, as text, got {str(reason)[:80]!r}")
        for frame in frames:
            reasons[frame] = (*reasons.get(frame, ()), reason)
    return Marks(locked, excluded).with_reasons_of(Marks(reasons=reasons))


def _written_marks(marks: Marks) -> list:
    frames: dict[str, list[int]] = {}
    for frame, reasons in marks.reasons.items():
        for reason in reasons:
            frames.setdefault(reason, []).append(frame)
    found = {reason: format_ranges(sorted(named)) for reason, named in frames.items()}
    return [format_ranges(marks.locked), format_ranges(marks.excluded), *([found] if found else [])]


def _written_parameters(parameters: Parameters) -> dict:
    return {name: value for name, value in asdict(parameters).items() if name not in _NOT_KEPT}


_WRITERS: dict[str, Callable] = {
    "marks": _written_marks,
    "selected": format_ranges,
    "target": lambda target: [target.mode, target.value],
    "parameters": _written_parameters,
}
_READERS: dict[str, Callable] = {
    "marks": _marks,
    "n_frames": lambda value, n_frames, _: within(int(value), 1, n_frames),
    "active": lambda value, _, methods: one_of(value, methods),
    "methods": lambda value, _, methods: [one_of(method, methods) for method in value],
    "selected": lambda value, n_frames, _: parse_ranges(value, n_frames),
    "target": lambda value, *_: Target(str(value[0]), float(value[1])),
    "parameters": _parameters,
}
