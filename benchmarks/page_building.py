"""Time how long building a page holds up the event loop: the first part, and each view after it.

``python benchmarks/page_building.py``; ``--write`` writes the section of docs/benchmarks.md. The first page
of a process imports modules; it is printed, and not counted. Garbage is collected between the pages: the
server collects it apart (`quests_app.server.garbage`).
"""

import argparse
import gc
import os
import platform
import sys
import time
from collections import deque
from pathlib import Path

import numpy as np
from latency import DATA, Session
from report import ROOT, write_section

N_PAGES = 10
FILES = (ROOT / "app" / "assets" / "demo.xyz.gz", DATA / "co2_ni100_reann_val.xyz.gz")


def build(session: Session) -> tuple[float, dict[str, list[float]]]:
    """Build a page with an open data set, and then all its tabs; return the processor seconds of each part.

    Returns
    -------
    first : float
        What a request waits for: the page with its sidebar and its header, and its serialisation.
    later : dict of str to list of float
        Of the callbacks after that, by the tab that is opened; those of the sidebar come with the first tab.
    """
    import panel as pn
    from bokeh.document import Document

    from quests_app.page import page
    from quests_app.session.state import TABS
    from quests_app.views.view_queue import ViewQueue

    gc.collect()
    waiting, document, later = deque(), Document(), {}
    queue = ViewQueue(waiting.append)
    session.state.tab = next(iter(TABS))
    start = time.thread_time()
    document.add_root(page(session.state, session.controller, queue=queue).get_root(document))
    document.to_json()
    first = time.thread_time() - start
    queue.open()
    for tab in TABS:
        start = time.thread_time()
        with pn.io.hold():
            session.state.tab = tab
        later[tab] = [time.thread_time() - start]
        while waiting:
            start = time.thread_time()
            waiting.popleft()()
            later[tab].append(time.thread_time() - start)
        session.settle()
    document.clear()
    return first, later


def section(path: Path) -> list[str]:
    """Return the rows of one data set."""
    session = Session()
    session.open(path)
    gc.disable()
    (imported, _), *others = [build(session) for _ in range(N_PAGES + 1)]
    gc.enable()
    name = f"{path.name.partition('.')[0]}, {session.state.opened.envs.n_envs:,} environments"
    parts = {"first part": [[first] for first, _ in others]}
    parts |= {f"*{tab}*": [later[tab] for _, later in others] for tab in others[0][1]}
    rows = []
    for part, pages in parts.items():
        together, longest = np.array([sum(one) for one in pages]), np.array([max(one) for one in pages])
        rows.append(
            f"| {name}: {part} | {max(map(len, pages))} | {np.median(together):.2f} s "
            f"| {np.median(longest):.2f} s | {longest.max():.2f} s |"
        )
    session.controller.close()
    sys.stdout.write("\n".join([f"{name}: first page of the process {imported:.2f} s", *rows, ""]))
    return rows


def main() -> None:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the section of docs/benchmarks.md")
    options = parser.parse_args()
    import panel as pn

    pn.extension("filedropper", "tabulator", respect_explicit_sizing=True)
    rows = [row for path in FILES if path.exists() for row in section(path)]
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    text = [
        "## Building a page", "",
        f"On {machine} (`benchmarks/page_building.py`): processor time of the event loop,",
        f"{N_PAGES} pages one after the other. The first part is what a request waits for. The views of",
        "a tab are built when it is opened, each in a callback of its own; other sessions, served in",
        "between, wait for the longest. Garbage collections are not counted.", "",
        "| part | callbacks | together, median | longest callback, median | longest of all pages |",
        "|---|---|---|---|---|", *rows,
    ]  # fmt: skip
    if options.write:
        write_section("building", text)


if __name__ == "__main__":
    main()
