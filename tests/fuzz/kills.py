"""Kills the process while it analyses and exports, and looks at what is left behind.

A child opens a file as a session does, with a cache on disk, and writes subsets of it, one after the other;
it is killed at a random moment.
``python -m tests.fuzz.kills FILE EXPORTS`` is the child.
"""

import contextlib
import hashlib
import os
import queue
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from quests_app.explorer import Controller
from quests_app.exports import export
from quests_app.state import State
from quests_core import io as core_io

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Losses:
    """What was found after many kills."""

    n_killed: int = 0
    n_finished: int = 0
    n_entries: int = 0
    n_exports: int = 0
    faults: list[str] = field(default_factory=list)


def analyse(path: Path) -> State:
    """Open a file and compute two methods, as a session does."""
    calls: queue.Queue = queue.Queue()
    state = State(methods=["msc", "random"])
    explorer = Controller(state, calls.put, with_umap=False)
    explorer.open(path)
    while state.work.running:
        calls.get(timeout=300)()
    explorer.close()
    if state.error:
        raise ValueError(state.error)
    return state


def digest(state: State) -> str:
    """Return a hash of every number that was computed."""
    parts = [state.opened.envs.X, state.embedding]
    parts += [
        a for path in state.paths.values() for a in (path.order, path.curve.to_numpy(), path.delta_entropy)
    ]
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


def work(path: Path, exports: Path) -> str:
    """Analyse, then save ever larger subsets and their records; return the digest."""
    state = analyse(path)
    for number, n_frames in enumerate(state.sizes):
        target = exports / f"{os.getpid()}-{number}.xyz"
        export.save(target, state.opened, state.paths["msc"], int(n_frames))
    return digest(state)


def _start(path: Path, cache: Path, exports: Path) -> subprocess.Popen:
    """Start a process that works, and wait until it is about to begin."""
    command = [sys.executable, "-m", "tests.fuzz.kills", str(path), str(exports)]
    environment = {**os.environ, "QUESTS_CACHE_DIR": str(cache)}
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    child.stdout.readline()
    return child


def _undisturbed(path: Path, cache: Path, exports: Path) -> tuple[str, float]:
    """Return the digest of a run to the end, and its seconds."""
    with _start(path, cache, exports) as child:
        begun = time.monotonic()
        told = child.stdout.read().strip()
    return told, time.monotonic() - begun


def run(path: Path, folder: Path, n_kills: int, seed: int) -> Losses:
    """Kill that many processes at random moments and check what each leaves; at last compare the numbers."""
    losses, rng = Losses(), np.random.default_rng(seed)
    cache, exports = folder / "cache", folder / "exports"
    exports.mkdir()
    (folder / "undisturbed").mkdir()
    expected, seconds = _undisturbed(path, folder / "unused", folder / "undisturbed")
    frames = core_io.read_bytes(path)
    bounds = core_io.frame_bounds(frames)
    blocks = {frames[bounds[i] : bounds[i + 1]] for i in range(len(bounds) - 1)}
    for _ in range(n_kills):
        with _start(path, cache, exports) as child:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(float(rng.uniform(0, 1.1 * seconds)))
            child.kill()
        killed = child.returncode != 0
        losses.n_killed += killed
        losses.n_finished += not killed
        if rng.random() < 0.3:
            # Now and then the analysis begins anew.
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
            bounds = core_io.frame_bounds(data)
            whole = all(data[bounds[i] : bounds[i + 1]] in blocks for i in range(len(bounds) - 1))
        if not whole:
            losses.faults.append(f"{path.name} is not whole")
        path.unlink()
    for part in exports.glob(".*"):
        part.unlink()


if __name__ == "__main__":
    print("ready", flush=True)  # noqa: T201
    print(work(Path(sys.argv[1]), Path(sys.argv[2])), flush=True)  # noqa: T201
