"""A drop area for files."""

from collections.abc import Callable

import panel as pn

from ..server.uploads import file_limit, session_limit

# After the last part of a file, milliseconds within which the next file of the same drop begins.
_PAUSE = 500


class FileDrop(pn.widgets.FileDropper):
    """A drop area that discards uploads exceeding the size limits as they arrive.

    Parameters
    ----------
    dropped : callable
        Called with a dictionary of name and content of what was dropped: one file, or with `multiple` all
        files that were dropped together.
    """

    def __init__(self, dropped: Callable[[dict[str, bytes | str]], None], multiple: bool = False, **params):
        self._dropped, self._n_parts = dropped, 0
        super().__init__(
            multiple=multiple, layout="compact", previews=[], max_file_size=f"{file_limit() / 1e6:g}MB",
            max_total_file_size=f"{session_limit() / 1e6:g}MB", **params,
        )  # fmt: skip
        self.param.watch(lambda _: self._wait(), "value")

    def _process_event(self, event) -> None:
        # The browser enforces the limits; a client without one may not.
        data = event.data
        if event.event_name == "upload_event":
            self._n_parts += 1
            held = sum(map(len, self._file_buffer.get(data["name"], ())))
            if data["chunk"] == 1:
                if not self.multiple:
                    # One file at a time: drop unfinished uploads under other names.
                    self._file_buffer.clear()
                held = 0
            elif data["name"] not in self._file_buffer:
                return
            n_bytes = len(data["data"])
            if held + n_bytes > file_limit() or self._n_held + n_bytes > session_limit():
                self._file_buffer.clear()
                return
        super()._process_event(event)

    @property
    def _n_held(self) -> int:
        """Number of bytes of all files that have arrived, in part or whole."""
        return sum(sum(map(len, parts)) for parts in [*self._file_buffer.values(), self.value.values()])

    def _wait(self) -> None:
        """Deliver what was dropped, once no other file of the same drop arrives."""
        document, n_parts = pn.state.curdoc, self._n_parts
        if not self.multiple or document is None or document.session_context is None:
            self._deliver()
        else:
            document.add_timeout_callback(lambda: self._deliver_if(n_parts), _PAUSE)

    def _deliver_if(self, n_parts: int) -> None:
        if n_parts == self._n_parts and not self._file_buffer:
            self._deliver()

    def _deliver(self) -> None:
        if files := dict(self.value):
            # Otherwise the widget keeps the content in memory, in addition to the copy on disk.
            self.value = {}
            self._dropped(files)
