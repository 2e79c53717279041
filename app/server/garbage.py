"""Collect the garbage of closed sessions."""

import gc
import threading
import time

from quests_core.utils import memory

# The server releases a session some seconds after it ends.
RELEASE_SECONDS = 12.0
# Largest share of the time that collections take.
SHARE = 0.03


class DeferredCollection:
    """Keep the garbage collector from rescanning live sessions.

    With twenty sessions, a scan blocked the event loop for up to 1.7 s. Objects are frozen once a page has
    been built; a full collection runs some time after sessions end, and their memory is returned.
    """

    def __init__(self):
        self._n_ended, self._is_scheduled, self._seconds = 0, False, 0.0

    def request(self) -> None:
        """Schedule one collection for all sessions that end until then."""
        self._n_ended += 1
        if not self._is_scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._is_scheduled = True
        # Collections block the event loop: the longer the last one took, the later the next one.
        delay = max(RELEASE_SECONDS, self._seconds / SHARE)
        timer = threading.Timer(delay, self.collect, [self._n_ended])
        timer.daemon = True
        timer.start()

    def collect(self, n_ended: int) -> None:
        """Run a full collection; schedule another if more than `n_ended` sessions have ended meanwhile."""
        begun = time.monotonic()
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._seconds = time.monotonic() - begun
        memory.trim_heap()
        self._is_scheduled = False
        if self._n_ended != n_ended:
            self._schedule()


deferred_collection = DeferredCollection()
