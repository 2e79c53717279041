"""The Dask cluster of the server: the workers that order the frames of stores, and what they do.

``$QUESTS_SCHEDULER`` is the address of its scheduler. While that does not answer, or has no workers,
everything is computed in this process.
"""

import contextlib
import dataclasses
import math
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import panel as pn

from quests_core.utils import tasks

if TYPE_CHECKING:
    from distributed import Client

SCHEDULER = "QUESTS_SCHEDULER"
# Seconds to wait for an answer of the scheduler, and between two questions while a page is open.
_TIMEOUT, _INTERVAL = 3.0, 1.0
# Between two rounds of a selection, workers are idle: what runs is what one of so many answers names.
_N_ANSWERS = 3
# Seconds after which a scheduler that did not answer is asked again.
_PAUSE = 5.0


@dataclass(frozen=True)
class ClusterStatus:
    """What a cluster has and does.

    Attributes
    ----------
    address : str
        Address of the scheduler.
    problem : str
        Why there is no connection; "" if there is one.
    n_workers, n_threads : int
        Workers, and threads of all of them.
    memory, memory_limit : int
        Memory that the workers use, and may use; bytes, 0 where they have no limit.
    running : tuple of (str, int)
        Names of the functions that workers run or have in their queues, and how often; sorted.
    """

    address: str
    problem: str = ""
    n_workers: int = 0
    n_threads: int = 0
    memory: int = 0
    memory_limit: int = 0
    running: tuple[tuple[str, int], ...] = ()


class Cluster:
    """The connection of the process to a scheduler, which is opened again after it was lost.

    Parameters
    ----------
    address : str
        Address of the scheduler.
    """

    def __init__(self, address: str):
        self.address = address
        self._client: Client | None = None
        self._failed, self._problem = -math.inf, ""
        self._connecting, self._watching = threading.Lock(), threading.Lock()
        self._watchers: list[Callable[[ClusterStatus], None]] = []
        self._status: ClusterStatus | None = None
        self._is_following = self._is_closed = False

    def client(self) -> "Client | None":
        """Return a connected client whose scheduler has workers, or None; not for the event loop."""
        try:
            client = self._connected()
            return client if client is not None and tasks.n_threads(client) else None
        except OSError:
            return None

    def status(self) -> ClusterStatus:
        """Ask the scheduler; do not call it on the event loop."""
        try:
            client = self._connected()
            if client is None:
                return ClusterStatus(self.address, self._problem)
            workers = client.scheduler_info()["workers"].values()
            keys = [str(key) for of_worker in client.processing().values() for key in of_worker]
        except (OSError, TypeError):
            # A client that is just closing has no scheduler.
            return ClusterStatus(self.address, "the connection was lost")
        return ClusterStatus(
            self.address,
            "",
            len(workers),
            sum(worker["nthreads"] for worker in workers),
            sum(worker["metrics"].get("memory", 0) for worker in workers),
            sum(worker["memory_limit"] or 0 for worker in workers),
            # Keys of `quests_core.utils.tasks.submit`, and of others.
            tuple(sorted(Counter(key.partition("-")[0] for key in keys).items())),
        )

    def _connected(self) -> "Client | None":
        with self._connecting:
            if self._client is not None and self._client.status == "running":
                return self._client
            if self._is_closed or time.monotonic() < self._failed + _PAUSE:
                return None
            self._disconnect()
            try:
                self._client = tasks.connect(self.address, _TIMEOUT)
            except (ConnectionError, ImportError, ValueError) as error:
                self._failed, self._problem = time.monotonic(), str(error).removeprefix("scheduler: ")
            return self._client

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            # Of one that is reconnecting, the time runs out.
            with contextlib.suppress(OSError, TimeoutError):
                client.close(_TIMEOUT)

    def watch(self, watcher: Callable[[ClusterStatus], None]) -> None:
        """Call `watcher`, in another thread, with the status now and whenever it changes, until `unwatch`."""
        with self._watching:
            self._watchers.append(watcher)
            if self._status is not None:
                watcher(self._status)
            if not self._is_following:
                self._is_following = True
                threading.Thread(target=self._follow, name="quests-cluster", daemon=True).start()

    def unwatch(self, watcher: Callable[[ClusterStatus], None]) -> None:
        """Stop calling `watcher`."""
        with self._watching, contextlib.suppress(ValueError):
            self._watchers.remove(watcher)

    def _follow(self) -> None:
        answers: deque[ClusterStatus] = deque(maxlen=_N_ANSWERS)
        while True:
            answers.append(self.status())
            status = dataclasses.replace(answers[-1], running=_most_of(answers))
            with self._watching:
                if not self._watchers or self._is_closed:
                    self._status, self._is_following = None, False
                    return
                if status != self._status:
                    self._status = status
                    for watcher in self._watchers:
                        watcher(status)
            time.sleep(_INTERVAL)

    def close(self) -> None:
        """Close the connection for ever."""
        self._is_closed = True
        with self._connecting:
            self._disconnect()


def _most_of(answers: Iterable[ClusterStatus]) -> tuple[tuple[str, int], ...]:
    """Return the largest number of each function that runs."""
    most: Counter[str] = Counter()
    for answer in answers:
        most |= Counter(dict(answer.running))
    return tuple(sorted(most.items()))


def cluster() -> Cluster | None:
    """Return the cluster of the process, None if no address is given."""
    address = os.environ.get(SCHEDULER, "")
    return pn.state.as_cached(f"quests-cluster {address}", lambda: Cluster(address)) if address else None
