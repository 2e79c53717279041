"""A drop area for files."""

import panel as pn

from ..server.uploads import file_limit


class FileDrop(pn.widgets.FileDropper):
    """A drop area for one file that discards uploads exceeding the size limit as they arrive."""

    def __init__(self, **params):
        super().__init__(
            multiple=False, layout="compact", previews=[], max_file_size=f"{file_limit() / 1e6:g}MB", **params
        )

    def _process_event(self, event) -> None:
        # The browser enforces the limit; a client without one may not.
        data = event.data
        if event.event_name == "upload_event":
            held = sum(map(len, self._file_buffer.get(data["name"], ())))
            if data["chunk"] == 1:
                # One file at a time: drop unfinished uploads under other names.
                self._file_buffer.clear()
                held = 0
            elif data["name"] not in self._file_buffer:
                return
            if held + len(data["data"]) > file_limit():
                self._file_buffer.clear()
                return
        super()._process_event(event)
