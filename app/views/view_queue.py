"""Build the views of a page one by one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import panel as pn
from panel.layout import ListPanel


class _Entry(NamedTuple):
    """Views for one container, some of which are built."""

    container: ListPanel
    views: Iterator
    built: list
    then: Callable[[], object] | None


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
        self._waiting: deque[_Entry] = deque()
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
        self._waiting.appendleft(_Entry(container, iter(views), [], then))
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
        entry = self._waiting[0]
        for view in entry.views:
            entry.built.append(view)
            return
        # A view may have added another container before this one.
        self._waiting.remove(entry)
        entry.container.extend(entry.built)
        if entry.then is not None:
            entry.then()
