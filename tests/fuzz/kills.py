"""Kill the process while it analyses, decides and exports, and check what it leaves behind.

A child opens a file as a session does, with a cache on disk, marks frames, undoes, and writes one subset
after another; it is killed at a random moment. The next child stands for the reloaded page: it gets the
address and the decisions that the browser's tab has stored, and must restore the same choices.
``python -m tests.fuzz.kills FILE EXPORTS LEFT`` is the child.
"""

import contextlib
import hashlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from quests_app.analysis.methods import METHODS
from quests_app.analysis.parameters import Parameters
from quests_app.exports import subset
from quests_app.session import saved_decisions
from quests_app.session.controller import Controller
from quests_app.session.references import ReferenceSets
from quests_app.session.state import State
from quests_app.views.sidebar.address import AddressView
from quests_core.io import compressed, xyz_checks

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = 12


@dataclass
class Losses:
    """The losses after many kills."""

    n_killed: int = 0
    n_finished: int = 0
    n_entries: int = 0
    n_exports: int = 0
    n_brought_back: int = 0
    n_decisions: int = 0
    faults: list[str] = field(default_factory=list)


class Session:
    """A session without a browser that prints what a browser would store."""

    def __init__(self, path: Path, search: str, kept: str):
        self.calls: queue.Queue = queue.Queue()
        self.state = State(methods=["msc", "random"])
        self.controller = Controller(self.state, self.calls.put, with_umap=False)
        view = AddressView(self.state, self.controller, ReferenceSets(self.state, self.controller))
        self.address = view._address
        self.address.param.watch(lambda _: self.report(), ["search", "decisions"])
        view.ask(search or f"?file={path}")
        view.open()
        self.address.stored = kept
        self.finish()
        if self.state.error or self.state.opened is None:
            raise ValueError(self.state.error)

    def finish(self) -> None:
        """Wait until everything is computed."""
        while self.state.main_activity.running or not self.calls.empty():
            self.calls.get(timeout=300)()

    def report(self, **more) -> None:
        """Print one report."""
        line = {"search": self.address.search, "decisions": self.address.decisions, **more}
        print(json.dumps(line), flush=True)  # noqa: T201

    def decide(self, rng: np.random.Generator) -> None:
        """Mark a frame or undo, move the size, and wait for the results."""
        marks, frame = self.state.marks, [int(rng.integers(len(self.state.opened.envs)))]
        if rng.random() < 0.2:
            self.controller.history.undo()
        else:
            self.state.marks = [marks.lock, marks.exclude, marks.clear][rng.integers(3)](frame)
        self.state.n_frames = int(rng.choice(self.state.sizes))
        self.finish()


def digest(state: State) -> str:
    """Return a hash of all computed numbers."""
    parts = [state.opened.envs.X, state.embedding]
    parts += [
        a for path in state.paths.values() for a in (path.order, path.curve.to_numpy(), path.delta_entropy)
    ]
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


def work(path: Path, exports: Path, left: dict) -> None:
    """Open the page, report what was restored, and save a subset and its record after each decision."""
    session = Session(path, left["search"], left["kept"])
    state, rng = session.state, np.random.default_rng(os.getpid())
    session.report(back=True, stops=state.sizes.tolist(), digest="" if left["search"] else digest(state))
    for number in range(DECISIONS):
        session.decide(rng)
        target = exports / f"{os.getpid()}-{number}.xyz"
        subset.save(target, state.opened, state.path, state.n_frames)
    session.controller.close()


class Browser:
    """The address and the stored decisions of a tab; see `quests_app.views.sidebar.address`."""

    def __init__(self):
        self.search, self._kept = "", {}

    @property
    def left(self) -> dict:
        """The link and the decisions for the next page."""
        return {"search": self.search, "kept": self._kept.get(self.search, "")}

    def read(self, lines: list[dict]) -> None:
        """Update the tab from the reports of a page."""
        for line in lines:
            self.search = line["search"]
            if line["decisions"]:
                self._kept = {line["search"]: line["decisions"]}


def _start(path: Path, cache: Path, exports: Path, left: dict) -> subprocess.Popen:
    """Start a working process, and wait until it is about to begin."""
    command = [sys.executable, "-m", "tests.fuzz.kills", str(path), str(exports), json.dumps(left)]
    environment = {**os.environ, "QUESTS_CACHE_DIR": str(cache)}
    with (exports.parent / "reports").open("w") as reports:
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=reports)
    while not (exports.parent / "reports").read_text() and child.poll() is None:
        time.sleep(0.05)
    return child


def _reports(exports: Path) -> list[dict]:
    """Return the complete reports of the last process."""
    lines = (exports.parent / "reports").read_text().split("\n")[1:-1]
    return [json.loads(line) for line in lines]


def _undisturbed(path: Path, cache: Path, exports: Path) -> tuple[str, float]:
    """Return the digest of a complete run, and its duration in seconds."""
    with _start(path, cache, exports, Browser().left) as child:
        begun = time.monotonic()
        child.wait()
    return next(line["digest"] for line in _reports(exports) if "digest" in line), time.monotonic() - begun


def run(path: Path, folder: Path, n_kills: int, seed: int) -> Losses:
    """Kill `n_kills` processes at random moments, check what each leaves, and compare the final numbers.

    Processes that end before they are killed are counted separately; `seconds` adapts to their duration,
    since with a cache most take less time than the first.
    """
    losses, rng = Losses(), np.random.default_rng(seed)
    cache, exports = folder / "cache", folder / "exports"
    exports.mkdir()
    (folder / "undisturbed").mkdir()
    expected, seconds = _undisturbed(path, folder / "unused", folder / "undisturbed")
    frames = compressed.read_bytes(path)
    bounds = xyz_checks.frame_bounds(frames)
    blocks = {frames[bounds[i] : bounds[i + 1]] for i in range(len(bounds) - 1)}
    browser = Browser()
    while losses.n_killed < n_kills:
        left = browser.left
        with _start(path, cache, exports, left) as child:
            begun = time.monotonic()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(float(rng.uniform(0, 1.1 * seconds)))
            child.kill()
        if child.returncode == -signal.SIGKILL:
            losses.n_killed += 1
        elif child.returncode == 0:
            losses.n_finished += 1
            seconds = (seconds + time.monotonic() - begun) / 2
        else:
            losses.faults.append(f"a run ended by itself, with {child.returncode}")
            break
        browser.read(_reports(exports))
        _compare(losses, left, _reports(exports), len(bounds) - 1)
        if rng.random() < 0.3:
            # Now and then the analysis starts over.
            for entry in cache.glob("*.npz"):
                entry.unlink()
        _look(losses, exports, blocks)
    losses.n_entries = len(list(cache.glob("*.npz")))
    _look(losses, exports, blocks)
    if not expected or _undisturbed(path, cache, exports)[0] != expected:
        losses.faults.append("after the kills the numbers are not those of an undisturbed run")
    return losses


def _look(losses: Losses, exports: Path, blocks: set[bytes]) -> None:
    for path in exports.glob("[!.]*"):
        losses.n_exports += 1
        data = path.read_bytes()
        if path.suffix == ".json":
            whole = data.endswith(b"}\n")
        else:
            bounds = xyz_checks.frame_bounds(data)
            whole = all(data[bounds[i] : bounds[i + 1]] in blocks for i in range(len(bounds) - 1))
        if not whole:
            losses.faults.append(f"{path.name} is not whole")
        path.unlink()
    for part in exports.glob(".*"):
        part.unlink()


def _compare(losses: Losses, left: dict, reports: list[dict], n_frames: int) -> None:
    """Compare the restored choices with those of the page before."""
    back = next((line for line in reports if line.get("back")), None)
    if back is None or not left["search"]:
        return
    losses.n_brought_back += 1
    # Killed while an order is computed, it had not yet moved its size to one of that order's stops.
    size = int(re.search(r"size=(\d+)", left["search"])[1])
    stop = max((stop for stop in back["stops"] if stop <= size), default=back["stops"][0])
    if back["search"] != left["search"].replace(f"size={size}", f"size={stop}"):
        losses.faults.append(f"{left['search']} became {back['search']}")
    if not left["kept"]:
        return
    before, now = (saved_decisions.read(text) for text in (left["kept"], back["decisions"]))
    steps = before.values(n_frames, METHODS, Parameters())
    losses.n_decisions += len(steps) - 1
    steps[before.at] = steps[before.at] | {"n_frames": stop}
    if now is None or now.values(n_frames, METHODS, Parameters()) != steps or now.at != before.at:
        losses.faults.append(f"of {left['kept'][-300:]} came back {back['decisions'][-300:]}")


if __name__ == "__main__":
    print("ready", flush=True)  # noqa: T201
    work(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
