"""Build the views of a page one by one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import panel as pn
from panel.layout import ListPanel


class ViewQueue:
    """Add views to containers, each in a callback of its own: other sessions are served in between.

    Parameters
    ----------
    schedule : callable, optional
        Runs a function later on the session's event loop. Nothing is scheduled before `open`, since views
        that are built after the page has loaded delay it least. By default, `add` builds at once.
    done : callable, optional
        Called whenever the queue becomes empty.
    """

    def __init__(
        self,
        schedule: Callable[[Callable[[], None]], object] | None = None,
        done: Callable[[], object] | None = None,
    ):
        self._schedule, self._done = schedule, done
        self._waiting: deque[tuple[ListPanel, Iterator]] = deque()
        self._is_open = self._is_scheduled = False

    def add(self, container: ListPanel, views: Iterable) -> None:
        """Append `views` to `container`, before all views that are still waiting.

        Pass a generator that creates each view when it is asked for.
        """
        if self._schedule is None:
            container.extend(views)
            return
        self._waiting.appendleft((container, iter(views)))
        self._continue()

    def open(self) -> None:
        """Begin to build: the page has loaded."""
        self._is_open = True
        self._continue()

    def close(self) -> None:
        """Drop the waiting views."""
        self._waiting.clear()

    def _continue(self) -> None:
        if self._schedule is not None and self._is_open and self._waiting and not self._is_scheduled:
            self._is_scheduled = True
            self._schedule(self._build_next)

    def _build_next(self) -> None:
        self._is_scheduled = False
        try:
            # Sent as one message, and the models of the page are counted once.
            with pn.io.hold():
                self._append_next()
        finally:
            # A view that fails must not keep the others away.
            self._continue()
        if not self._waiting and self._done is not None:
            self._done()

    def _append_next(self) -> None:
        while self._waiting:
            container, views = self._waiting[0]
            for view in views:
                container.append(view)
                return
            self._waiting.remove((container, views))
