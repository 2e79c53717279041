"""The option ``--scheduler``: connect to a Dask cluster whose workers compute."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client

# Seconds to wait for an answer.
_TIMEOUT = 30


@contextmanager
def connected(address: str | None, store: str | None) -> "Iterator[Client | None]":
    """Yield a client of the scheduler at an address; None if no address is given.

    Raises
    ------
    ImportError
        If Dask is not installed.
    ValueError
        If no store is given, which workers read, or the address is invalid.
    ConnectionError
        If no scheduler answers.
    """
    if address is None:
        yield None
        return
    if store is None:
        raise ValueError("scheduler: expected together with --store, got it alone")
    try:
        from distributed import Client
    except ImportError:
        raise ImportError(
            'scheduler: install the extra "distributed": quests-explorer[distributed]'
        ) from None
    try:
        client = Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise ConnectionError(f"scheduler: no scheduler answers at {address}") from error
    except ValueError as error:
        raise ValueError(
            f"scheduler: expected an address such as tcp://host:8786, got {address!r}"
        ) from error
    with client:
        yield client
