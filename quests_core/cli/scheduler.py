"""The option ``--scheduler``: connect to a Dask cluster whose workers compute."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..utils.tasks import connect

if TYPE_CHECKING:
    from distributed import Client

# Seconds to wait for an answer.
_TIMEOUT = 30


@contextmanager
def connected(address: str | None, store: str | None) -> "Iterator[Client | None]":
    """Yield a client of the scheduler at an address; None if no address is given.

    Raises
    ------
    ValueError
        If no store is given, which workers read.
    ImportError, ValueError, ConnectionError
        See `quests_core.utils.tasks.connect`.
    """
    if address is None:
        yield None
        return
    if store is None:
        raise ValueError("scheduler: expected together with --store, got it alone")
    with connect(address, _TIMEOUT) as client:
        yield client


def check_scheduler(address: str) -> None:
    """Check that a scheduler answers at an address; see `quests_core.utils.tasks.connect`."""
    with connect(address, _TIMEOUT):
        pass
