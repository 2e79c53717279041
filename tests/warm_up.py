"""Compile what most tests use, before one of them has to wait for it."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ase.build import bulk

import quests_core as q
from tests.core.with_y import select

# Seconds that a worker waits for the others' steps; then it compiles itself what it needs.
PATIENCE = 600


def steps() -> list[Callable[[], object]]:
    """Return calls of the functions that take long to compile."""
    X = np.random.default_rng(0).normal(0, 0.1, (40, 5))
    return [
        lambda: q.descriptors([bulk("Cu", cubic=True), bulk("NaCl", "rocksalt", 5.6)], k=4),
        *(lambda method=method: select(X, method) for method in q.METHODS),
        lambda: q.exchange(X, range(5)),
        lambda: q.compression_curve(X, range(40)),
        lambda: q.entropy(X),
        lambda: q.delta_entropy(X, X[:9]),
    ]


def run() -> None:
    """Compile everything in this process."""
    for step in steps():
        step()


def share(folder: Path, backwards: bool) -> None:
    """Compile each part in one of the processes that share a folder; return when all is compiled."""
    parts = [*enumerate(steps())]
    for number, step in reversed(parts) if backwards else parts:
        try:
            (folder / f"compile-{number}").mkdir()
        except FileExistsError:
            continue
        try:
            step()
        finally:
            (folder / f"compiled-{number}").touch()
    end = time.monotonic() + PATIENCE
    while len([*folder.glob("compiled-*")]) < len(parts) and time.monotonic() < end:
        time.sleep(0.1)
