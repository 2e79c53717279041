"""What pages leave behind, and when Python looks for it."""

import gc
import threading

from quests_core.utils import memory

# Some seconds after a page has gone the server has let go of it.
RELEASE_SECONDS = 12.0


class DeferredCollection:
    """Keeps the collector of garbage from going through every page again and again.

    With twenty pages that took up to 1.7 s a time, in which nobody was answered. What is there when a page
    has been built is left alone; all is looked at once some time after pages have gone, and their memory is
    given back.
    """

    def __init__(self):
        self._n_left, self._is_due = 0, False

    def request(self) -> None:
        """Have what a page held collected, soon and together with what others leave until then."""
        self._n_left += 1
        if not self._is_due:
            self._await()

    def _await(self) -> None:
        self._is_due = True
        timer = threading.Timer(RELEASE_SECONDS, self.collect, [self._n_left])
        timer.daemon = True
        timer.start()

    def collect(self, n_left: int) -> None:
        """Look at everything, once; pages that went after `n_left` others may not be free yet."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        memory.trim_heap()
        self._is_due = False
        if self._n_left != n_left:
            self._await()


deferred_collection = DeferredCollection()
