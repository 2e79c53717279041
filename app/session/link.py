"""Read and write links to the page: file, parameters, methods, size, marks and tab.

A link names a file on the server; uploaded files have no link. Values that cannot be read are ignored and
reported.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from quests_core.io.pool import paths_of
from quests_core.utils.frame_ranges import format_ranges, parse_ranges

from ..analysis.methods import METHODS, MSC_WITH_REFERENCE, NESTED_METHODS
from ..analysis.parameters import BANDWIDTH, CUTOFF, KEYS, K, Marks, Parameters
from .state import TABS, State

DEMO = "demo"
# Some programs truncate links with longer lists of frames.
_LONGEST = 1500
_LONGEST_KEY = 200
_LONGEST_FILE = 4096
LONGEST_SEARCH, MOST_FIELDS = 20_000, 100
LEFT_OUT = "left-out"
# Links outlive the names of methods.
_METHOD_KEYS = {MSC_WITH_REFERENCE: "msc given"}
_METHODS_BY_KEY = {key: method for method, key in _METHOD_KEYS.items()}


def query(state: State, is_demo: bool) -> str:
    """Return the query string of the current state, or "" if no link can open it."""
    opened = state.opened
    if opened is None or opened.dataset.uploaded or len(source_text(opened.source)) > _LONGEST_FILE:
        return ""
    parameters = opened.parameters
    # Other users cannot open an upload.
    reference = state.reference if state.reference and not state.reference.uploaded else None
    linked = METHODS if reference else NESTED_METHODS
    items = {
        "file": DEMO if is_demo else source_text(opened.source),
        "k": str(parameters.k),
        "cutoff": repr(parameters.cutoff),
        # In the unit of descriptors that no link names.
        "bandwidth": "" if parameters.precomputed else repr(parameters.bandwidth),
        "species": "1" if parameters.species else "",
        **{name: key or "" for name, key in parameters.keys.items()},
        "methods": ",".join(_method_key(method) for method in state.methods if method in linked),
        "active": _method_key(state.active) if state.active in linked else "",
        "reference": str(reference.path) if reference and MSC_WITH_REFERENCE in state.methods else "",
        "size": str(state.n_frames),
        "tab": state.tab if state.tab != "overview" else "",
    }
    if state.marks != Marks(locked=opened.dataset.locked):
        for name, frames in (("locked", state.marks.locked), ("excluded", state.marks.excluded)):
            text = format_ranges(frames)
            items[name] = text if len(text) <= _LONGEST else LEFT_OUT
    kept = {name: text for name, text in items.items() if text or name == "locked"}
    return "?" + urlencode(kept, safe="/,:")


def source_text(source: Path | Sequence[Path]) -> str:
    """Return a file as it is entered, or several, separated by semicolons."""
    return "; ".join(map(str, paths_of(source)))


class LinkRequest:
    """The values of a link.

    Parameters
    ----------
    search : str
        The query string of a URL, with or without its question mark.

    Attributes
    ----------
    file : str
        A path on the server, `DEMO`, or "" for none.
    reference : str
        A path on the server, "" for none.
    faults : list of str
        Values that could not be read, for the error message.
    """

    def __init__(self, search: str):
        self.faults: list[str] = []
        self._given = self._parsed(search.lstrip("?"))
        self.file, self.reference = self._given.get("file", ""), self._given.get("reference", "")

    def _parsed(self, search: str) -> dict[str, str]:
        if len(search) > LONGEST_SEARCH:
            self.faults.append(f"all of it, as it has {len(search):,} characters")
            return {}
        try:
            given = parse_qs(search, keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            self.faults.append(f"all of it, as it names more than {MOST_FIELDS} values")
            return {}
        return {name: values[-1] for name, values in given.items()}

    def _take(self, name: str, read: Callable, default):
        """Return a value of the link, or `default` if it is absent or invalid."""
        text = self._given.get(name)
        if text is None:
            return default
        try:
            return read(text)
        except (ValueError, OverflowError):
            self.faults.append(f"{name}={text[:40]}")
            return default

    def before(self) -> dict[str, object]:
        """Return the values of the state to set before the file is opened."""
        usual = Parameters()
        methods = self._take("methods", _methods, None)
        active = self._take("active", _method, None)
        found: dict[str, object] = {
            "parameters": Parameters(
                k=self._take("k", lambda text: within(int(text), *K), usual.k),
                cutoff=self._take("cutoff", lambda text: within(float(text), *CUTOFF), usual.cutoff),
                bandwidth=self._take(
                    "bandwidth", lambda text: within(float(text), *BANDWIDTH), usual.bandwidth
                ),
                species=self._take("species", lambda text: one_of(text, ("0", "1")) == "1", usual.species),
                **{name: self._take(name, key_name, "") for name in KEYS},
            )
        }
        if tab := self._take("tab", lambda text: one_of(text, TABS), ""):
            found["tab"] = tab
        if methods or active:
            # The order given a reference needs that file first; start with another method.
            active = active if active in NESTED_METHODS else None
            own = [m for m in NESTED_METHODS if m in (*(methods or ()), active)] or ["msc"]
            found["active"], found["methods"] = active or own[0], own
        return found

    @property
    def activates_reference(self) -> bool:
        """Whether the active method is the one given the reference."""
        return self._given.get("active") == _method_key(MSC_WITH_REFERENCE)

    def after(self, state: State) -> dict[str, object]:
        """Return the values of the state to set after the file is opened."""
        n_frames = len(state.data.envs)
        found: dict[str, object] = {}
        marks = {
            name: self._take(name, lambda text: parse_ranges(text, n_frames), ())
            for name in ("locked", "excluded")
        }
        if set(marks["locked"]) & set(marks["excluded"]) or len(marks["excluded"]) >= n_frames:
            self.faults.append("excluded")
            marks["excluded"] = ()
        if {"locked", "excluded"} & self._given.keys() and not self._unreadable_marks():
            found["marks"] = Marks(**marks)
        size = self._take("size", lambda text: within(int(text), 1, n_frames), None)
        if size is not None and state.path is not None:
            # The path of other marks has other sizes and will adjust this one.
            here = state.path.possible_size(size)
            found["n_frames"] = size if "marks" in found else here
        return found

    def _unreadable_marks(self) -> bool:
        return any(fault.startswith(("locked", "excluded")) for fault in self.faults)


def _methods(text: str) -> list[str]:
    return [_method(name) for name in text.split(",")]


def _method(key: str) -> str:
    return one_of(_METHODS_BY_KEY.get(key, key), METHODS)


def _method_key(method: str) -> str:
    return _METHOD_KEYS.get(method, method)


def one_of(text: str, choices) -> str:
    """Return `text` if it is one of the choices, otherwise raise a ValueError."""
    if text not in choices:
        raise ValueError(text)
    return text


def key_name(text: str) -> str:
    """Return `text` if it can be a key in a file, otherwise raise a ValueError."""
    if not isinstance(text, str) or len(text) > _LONGEST_KEY:
        raise ValueError(text)
    return text


def within(value, low, high):
    """Return `value` if it is in [low, high], otherwise raise a ValueError."""
    if not low <= value <= high:
        raise ValueError(value)
    return value
