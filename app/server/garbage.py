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
        self._n_left, self._is_due = 0, False

    def request(self) -> None:
        """Schedule a collection, one for all sessions that end until then."""
        self._n_left += 1
        if not self._is_due:
            self._schedule()

    def _schedule(self) -> None:
        self._is_due = True
        timer = threading.Timer(RELEASE_SECONDS, self.collect, [self._n_left])
        timer.daemon = True
        timer.start()

    def collect(self, n_left: int) -> None:
        """Run a full collection; schedule another if sessions ended after the `n_left` first ones."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        memory.trim_heap()
        self._is_due = False
        if self._n_left != n_left:
            self._schedule()


deferred_collection = DeferredCollection()
