"""Hold many pages open at once, each with a file whose labels and name contain its mark."""

import asyncio
import contextlib
import itertools
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from quests_core.io.compressed import read_bytes
from quests_core.io.xyz_checks import frame_bounds

from .server import Server
from .visitor import PATIENCE, Visitor

_LABEL = re.compile(rb"config_type=\S+")


@dataclass
class Held:
    """The results of a run.

    Attributes
    ----------
    arriving, answers : list of float
        Seconds that each change of a page took, while others were still arriving, and later.
    loop_cpu : float
        Processor time of the server's event loop per change while jobs run, s.
    freed : list of float
        Seconds from Cancel until the worker was free.
    megabytes, growth : list of float
        Memory of the server with no page open, after each step and after each round of coming and going.
    losses : list of str
        Violations.
    """

    n_sessions: int = 0
    n_opened_and_closed: int = 0
    arriving: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    loop_cpu: float = 0.0
    with_place: int = 0
    freed: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    growth: list[float] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


def marked_file(folder: Path, number: int, source: Path, n_environments: int) -> Path:
    """Write the first frames of a file up to a number of environments, with a mark as their label."""
    data, mark = read_bytes(source), f"mark{number:04d}mark"
    bounds = frame_bounds(data)
    # Each frame has a line for each atom, after its count and its comment.
    n_lines = np.array([data.count(b"\n", a, b) - 2 for a, b in itertools.pairwise(bounds)])
    n_frames = max(2, int(np.searchsorted(np.cumsum(n_lines), n_environments, side="right")))
    path = folder / f"{mark}.xyz"
    path.write_bytes(_LABEL.sub(f"config_type={mark}".encode(), data[: bounds[n_frames]]))
    return path


async def visit(visitor: Visitor, path: Path, crowd: "Crowd", held: Held, pause: float) -> None:
    """Open a page and move its slider from time to time until everything is computed."""
    rng = np.random.default_rng(int(path.stem[4:8]))
    await visitor.open(path)
    crowd.n_inside += 1
    while True:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(crowd.done.wait(), pause * rng.uniform(0.5, 1.5))
        if crowd.done.is_set():
            return
        all_inside = crowd.n_inside == crowd.n_expected
        seconds = await visitor.move(int(rng.integers(0, 10)))
        (held.answers if all_inside else held.arriving).append(seconds)


@dataclass
class Crowd:
    """Count the pages that are open, and signal when all may leave."""

    n_expected: int
    n_inside: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)


async def together(server: Server, paths: list[Path], held: Held, pause: float) -> None:
    """Open all files at once, wait until everything is computed, and compare what each page saw."""
    crowd, visitors = Crowd(len(paths)), [Visitor(server.address) for _ in paths]
    visits = [
        asyncio.create_task(visit(visitor, path, crowd, held, pause))
        for visitor, path in zip(visitors, paths, strict=True)
    ]
    cpu, end = 0.0, time.monotonic() + PATIENCE
    # A mark is there when its file is shown.
    while not (all(visitor.marks for visitor in visitors) and await asyncio.to_thread(server.is_quiet)):
        await asyncio.sleep(0.5)
        if not cpu and crowd.n_inside == crowd.n_expected:
            cpu, n_answers = _loop_seconds(server), len(held.answers)
        if any(visit.done() for visit in visits) or time.monotonic() > end:
            break
    held.loop_cpu = (_loop_seconds(server) - cpu) / max(1, len(held.answers) - n_answers) if cpu else 0.0
    held.n_sessions = max(held.n_sessions, int(server.metrics()["quests_sessions"]))
    crowd.done.set()
    await asyncio.gather(*visits)
    for visitor, path in zip(visitors, paths, strict=True):
        # Whole pages are asked for when nobody waits for an answer any more.
        await visitor.pull()
        if visitor.marks != {path.stem}:
            held.losses.append(f"the page of {path.stem} shows {sorted(visitor.marks)}")
        held.with_place += visitor.n_places > 0
        await visitor.close()


async def cancelled(server: Server, path: Path, delay: float) -> float | None:
    """Click Cancel during a computation; return the seconds until the worker was free, None if idle."""
    visitor = await Visitor(server.address).open(path)
    await asyncio.to_thread(server.wait, server.is_busy, PATIENCE)
    await asyncio.sleep(delay)
    if not server.is_busy():
        return None
    click = asyncio.create_task(visitor.click("Cancel"))
    seconds = await asyncio.to_thread(server.wait, lambda: not server.is_busy(), PATIENCE)
    await click
    await visitor.close()
    return seconds


async def opened_and_closed(server: Server, paths: list[Path], held: Held) -> None:
    """Open some pages at once, change each twice, and leave."""

    async def stay(path: Path) -> None:
        visitor = await Visitor(server.address).open(path)
        for position in (3, 1):
            held.arriving.append(await visitor.move(position))
        await visitor.close()
        held.n_opened_and_closed += 1
        if visitor.marks - {path.stem}:
            held.losses.append(f"the page of {path.stem} shows {sorted(visitor.marks)}")

    await asyncio.gather(*map(stay, paths))


def grow(server: Server, files: Callable[[int], list[Path]], n_rounds: int, held: Held) -> None:
    """Open and close pages repeatedly, and record the memory of the server after each round."""
    for number in range(n_rounds):
        asyncio.run(opened_and_closed(server, files(number), held))
        server.wait_until_released()
        held.growth.append(server.megabytes)


def _loop_seconds(server: Server) -> float:
    """Return the processor time of the server's event loop, its first thread."""
    pid = server.process.pid
    numbers = Path(f"/proc/{pid}/task/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")
