"""Compile all kernels before they are needed, as for an image, or in the background of a server."""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from ase.build import bulk

from .descriptors.describe import descriptors
from .descriptors.per_element import species_descriptors
from .environments import Environments
from .information.curve import compression_path
from .information.entropy import delta_entropy, entropy
from .progress import ProgressCallback
from .selection import METHODS, exchange, select
from .utils import kernel_cache, scratch
from .utils.child import Child, ChildError

STEP = "step"
# More would compile what the steps have in common several times.
MAX_PROCESSES = 2
# The function of a process that compiles steps.
CHILD = f"{__name__}:compile_in_child"

# What opening a file needs comes first, in the order in which it needs it.
_FIRST_METHODS = ("msc", "balanced")


def steps() -> dict[str, Callable[[], object]]:
    """Return calls that compile every kernel together, by name, those that are wanted most first.

    Examples
    --------
    >>> list(steps())[:3]
    ['descriptors', 'select msc', 'compression curve']
    """
    X = Environments(np.random.default_rng(0).normal(0.0, 0.1, (40, 5)), np.arange(41))
    reference = X.take(range(9))
    frames = [bulk("Cu", cubic=True), bulk("NaCl", "rocksalt", 5.6)]
    energies = np.arange(40.0)

    def select_by(method: str) -> Callable[[], object]:
        return lambda: select(X, method, y=energies if method == "pcov_fps" else None)

    methods = {f"select {method}": select_by(method) for method in METHODS}
    first = {f"select {method}": methods.pop(f"select {method}") for method in _FIRST_METHODS}
    return {
        "descriptors": lambda: descriptors(frames),
        "select msc": first["select msc"],
        "compression curve": lambda: compression_path(X, range(40)),
        "select balanced": first["select balanced"],
        "entropy": lambda: entropy(X),
        "δH": lambda: delta_entropy(X, reference),
        **methods,
        "select msc, reference": lambda: select(X, "msc", reference=reference),
        "exchange": lambda: exchange(X, range(5)),
        "entropy, merged": lambda: entropy(X, merge=1e-6),
        "descriptors of species": lambda: species_descriptors(frames),
    }


def warm_up(progress: ProgressCallback | None = None, n_processes: int = 1) -> None:
    """Compile all kernels that are not stored yet; this takes about half a minute.

    Parameters
    ----------
    progress : callable, optional
        See `quests_core.progress`.
    n_processes : int
        Number of processes, including this one, that compile one step after the other.
    """
    all_steps = steps()
    waiting = deque(all_steps)

    def compile_here() -> None:
        for name in _each(waiting):
            if progress is not None:
                progress(f"compiling: {name}", len(all_steps) - len(waiting) - 1, len(all_steps))
            all_steps[name]()

    children = [Child(CHILD) for _ in range(n_processes - 1)]
    with ThreadPoolExecutor(n_processes) as threads:
        helpers = [threads.submit(_compile_in, child, waiting) for child in children]
        try:
            compile_here()
            for helper in helpers:
                helper.result()
            # What could not be compiled there.
            compile_here()
        finally:
            waiting.clear()
            for child in children:
                child.close()
    kernel_cache.mark_complete()


def compile_step(child: Child, name: str, progress: ProgressCallback | None = None) -> None:
    """Compile a step in a process that runs `CHILD`."""
    with scratch.temporary("kernels-") as folder:
        Path(folder, STEP).write_text(name, encoding="utf-8")
        child.run(Path(folder), progress)


def _compile_in(child: Child, waiting: deque[str]) -> None:
    for name in _each(waiting):
        try:
            compile_step(child, name)
        except ChildError:
            waiting.append(name)
            return


def _each(waiting: deque[str]) -> Iterator[str]:
    """Take one after the other; several threads may do so."""
    with contextlib.suppress(IndexError):
        while True:
            yield waiting.popleft()


def compile_in_child(folder: Path) -> None:
    """Run the step that is named in the file `STEP` of a folder; see `quests_core.utils.child`."""
    steps()[(folder / STEP).read_text(encoding="utf-8")]()
