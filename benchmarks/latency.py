"""Time the server's response to a slider move, view by view, and the opening of files.

``python benchmarks/latency.py`` measures on the sets of ``../shared/data``; ``--write`` writes the section of
docs/benchmarks.md. All callbacks of views pass through `View._call`, which is timed here, excluding the time
of other views that it triggers. "page" is the whole move, "message" the patch sent to the browser.
"""

import argparse
import logging
import os
import platform
import queue
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from report import write_section

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
SLIDER_FILES = ("3bpa", "gap20_partial")
OPENED_FILES = ("3bpa", "co2_ni100_reann_val", "gap20_partial")
MOVES = 24
log = logging.getLogger("latency")


class Stopwatch:
    """Seconds spent in each view, excluding other views that it triggers."""

    def __init__(self):
        self.seconds: dict[str, float] = defaultdict(float)
        self._inside: list[float] = []

    def wrap(self, view_class) -> None:
        """Time all callbacks of views of `view_class`."""
        call = view_class._call

        def timed(view, function):
            self._inside.append(0.0)
            start = time.perf_counter()
            try:
                call(view, function)
            finally:
                elapsed = time.perf_counter() - start
                self.seconds[type(view).__name__] += elapsed - self._inside.pop()
                if self._inside:
                    self._inside[-1] += elapsed

        view_class._call = timed


class Session:
    """A session without a browser, with a queue as event loop."""

    def __init__(self):
        from quests_app.session.controller import Controller
        from quests_app.session.state import State

        self.calls, self.state = queue.Queue(), State()
        self.controller = Controller(self.state, self.calls.put, with_umap=False)

    def open(self, path: Path) -> tuple[float, float]:
        """Open a file; return the seconds to its first plots and until all jobs are done."""
        start, first = time.perf_counter(), None
        self.controller.open(path)
        while self.state.main_activity.running:
            self.calls.get()()
            if first is None and self.state.paths:
                first = time.perf_counter() - start
        if self.state.error:
            raise SystemExit(self.state.error)
        return first, time.perf_counter() - start

    def settle(self) -> None:
        """Wait until all jobs of the session are done."""
        while self.state.main_activity.running:
            self.calls.get()()


def slider(path: Path) -> dict[str, tuple[float, float]]:
    """Return the median and 95th percentile of the milliseconds per move of each view, over all tabs."""
    import panel as pn
    from bokeh.document import Document
    from bokeh.protocol import Protocol

    from quests_app.page import page
    from quests_app.session.state import TABS
    from quests_app.views.base import View

    pn.extension("filedropper", respect_explicit_sizing=True)
    watch = Stopwatch()
    watch.wrap(View)
    session, document, events = Session(), Document(), []
    document.add_root(page(session.state, session.controller).get_root(document))
    document.on_change(events.append)
    session.open(path)
    taken, size, state = defaultdict(list), defaultdict(int), session.state
    for tab in TABS:
        state.tab = tab
        session.settle()
        stops = state.sizes[:: max(1, len(state.sizes) // MOVES)]
        for n_frames in (*stops[::-1], *stops):
            watch.seconds.clear()
            events.clear()
            start = time.perf_counter()
            state.n_frames = int(n_frames)
            moved = time.perf_counter()
            if events:
                patch = Protocol().create("PATCH-DOC", events)
                size[f"message ({tab})"] = max(size[f"message ({tab})"], len(patch.content_json))
            for name, seconds in watch.seconds.items():
                # A view that becomes visible catches up in a single move.
                if seconds > 1e-5:
                    taken[name].append(seconds)
            taken[f"page ({tab})"].append(moved - start)
            taken[f"message ({tab})"].append(time.perf_counter() - moved)
    session.controller.close()
    log.info("largest messages without arrays: %s", dict(size))
    return {name: tuple(1e3 * np.percentile(times, (50, 95))) for name, times in taken.items()}


def in_a_process(*arguments: str, cache: str) -> str:
    """Run this file in a new process with its own disk cache; return its last line of output."""
    done = subprocess.run(
        [sys.executable, __file__, *arguments], env={**os.environ, "QUESTS_CACHE_DIR": cache},
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip().splitlines()[-1]


def table() -> str:
    """Measure everything; return the section of docs/benchmarks.md."""
    lines, found = [], {}
    with tempfile.TemporaryDirectory() as cache:
        # Exclude imports and compilation from the time to open a file.
        in_a_process("--open", str(ROOT / "app" / "assets" / "demo.xyz.gz"), cache=cache)
        for name in OPENED_FILES:
            file = str(DATA / f"{name}.xyz.gz")
            times = [in_a_process("--open", file, cache=cache).split() for _ in range(2)]
            (n_envs, first, everything), (_, again, _) = times
            lines.append(
                f"| {name}, {int(n_envs):,} environments | {float(first):.1f} s | {float(everything):.1f} s "
                f"| {float(again):.1f} s |"
            )
            log.info(lines[-1])
        for name in SLIDER_FILES:
            path, report = DATA / f"{name}.xyz.gz", Path(cache, f"{name}.txt")
            in_a_process("--slider", str(path), str(report), cache=cache)
            for line in report.read_text().splitlines():
                view, median, high = line.split("\t")
                found.setdefault(view, {})[name] = f"{float(median):.1f} ({float(high):.1f})"
    rows = [
        f"| {view} | {' | '.join(times.get(name, '–') for name in SLIDER_FILES)} |"
        for view, times in sorted(found.items())
    ]
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join(
        [
            "## Latency", "",
            f"On {machine} (`benchmarks/latency.py`). Time from opening a file to its first plots, to all",
            "methods, and to the first plots when a new process opens it again:", "",
            "| file | first plots | everything | again |", "|---|---|---|---|", *lines, "",
            "Server time per slider move, median (95th percentile) in ms; hidden views are not updated.",
            "*page* is the sum over the views of a tab, *message* the serialisation of the patch:", "",
            f"| view | {' | '.join(SLIDER_FILES)} |", f"|---|{'---|' * len(SLIDER_FILES)}", *rows,
        ]
    )  # fmt: skip


def main() -> None:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the section of docs/benchmarks.md")
    parser.add_argument("--open", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--slider", nargs=2, metavar=("FILE", "REPORT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if options.open:
        session = Session()
        times = session.open(Path(options.open))
        sys.stdout.write(f"{session.state.opened.envs.n_envs} {times[0]} {times[1]}\n")
        session.controller.close()
    elif options.slider:
        found = slider(Path(options.slider[0]))
        lines = [f"{name}\t{median}\t{high}" for name, (median, high) in found.items()]
        Path(options.slider[1]).write_text("\n".join(lines))
        sys.stdout.write("done\n")
    else:
        text = table()
        sys.stdout.write(f"{text}\n")
        if options.write:
            write_section("latency", [text])


if __name__ == "__main__":
    main()
