"""Compile all kernels before they are needed, as for an image, or in the background of a server."""

from collections.abc import Callable
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
from .utils import kernel_cache

STEP = "step"

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
        "descriptors of species": lambda: species_descriptors(frames),
    }


def warm_up(progress: ProgressCallback | None = None) -> None:
    """Compile all kernels that are not stored yet; this takes about half a minute.

    Parameters
    ----------
    progress : callable, optional
        See `quests_core.progress`.
    """
    all_steps = steps()
    for number, (name, step) in enumerate(all_steps.items()):
        if progress is not None:
            progress(f"compiling: {name}", number, len(all_steps))
        step()
    kernel_cache.mark_complete()


def compile_in_child(folder: Path) -> None:
    """Run the step that is named in the file `STEP` of a folder; see `quests_core.utils.child`."""
    steps()[(folder / STEP).read_text(encoding="utf-8")]()
