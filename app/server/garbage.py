"""Collect the garbage of closed sessions."""

import gc
import threading

from quests_core.utils import memory

# The server releases a session some seconds after it ends.
RELEASE_SECONDS = 12.0


class DeferredCollection:
    """Keep the garbage collector from rescanning live sessions.

    With twenty sessions, a scan blocked the event loop for up to 1.7 s. Objects are frozen once a page has
    been built; a full collection runs some time after sessions end, and their memory is returned.
    """

    def __init__(self):
        self._n_ended, self._is_scheduled = 0, False

    def request(self) -> None:
        """Schedule one collection for all sessions that end until then."""
        self._n_ended += 1
        if not self._is_scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._is_scheduled = True
        timer = threading.Timer(RELEASE_SECONDS, self.collect, [self._n_ended])
        timer.daemon = True
        timer.start()

    def collect(self, n_ended: int) -> None:
        """Run a full collection; schedule another if more than `n_ended` sessions have ended meanwhile."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        memory.trim_heap()
        self._is_scheduled = False
        if self._n_ended != n_ended:
            self._schedule()


deferred_collection = DeferredCollection()
