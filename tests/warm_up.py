"""Compile what most tests use, before one of them has to wait for it."""

import time
from pathlib import Path

from quests_core.utils import kernel_cache
from quests_core.warm_up import steps, warm_up

# Seconds that a worker waits for the others' steps; then it compiles itself what it needs.
PATIENCE = 600


def run() -> None:
    """Compile everything in this process."""
    warm_up()


def share(folder: Path, backwards: bool) -> None:
    """Compile each part in one of the processes that share a folder; return when all is compiled."""
    parts = [*enumerate(steps().values())]
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
    # Otherwise served processes would do it again in the background.
    kernel_cache.mark_complete()
