"""Build the views of a page one by one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import panel as pn
from panel.layout import ListPanel


class ViewQueue:
    """Build views one by one, each in a callback of its own: other sessions are served in between.

    A container gets its views together. In the browser, a second change of its children while the first is
    still being built would leave views behind that were never rendered.

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
        self._waiting: deque[tuple[ListPanel, Iterator, list, Callable[[], object] | None]] = deque()
        self._is_open = self._is_scheduled = False

    def add(self, container: ListPanel, views: Iterable, then: Callable[[], object] | None = None) -> None:
        """Build `views` before all that are still waiting, append them to `container`, and call `then`.

        Pass a generator that creates each view when it is asked for.
        """
        if self._schedule is None:
            container.extend(views)
            if then is not None:
                then()
            return
        self._waiting.appendleft((container, iter(views), [], then))
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
                self._build_one()
        finally:
            # A view that fails must not keep the others away.
            self._continue()
        if not self._waiting and self._done is not None:
            self._done()

    def _build_one(self) -> None:
        if not self._waiting:
            return
        container, views, built, then = first = self._waiting[0]
        for view in views:
            built.append(view)
            return
        self._waiting.remove(first)
        container.extend(built)
        if then is not None:
            then()
