"""A field to drop a file on."""

import panel as pn

from ..server.uploads import file_limit


class FileDrop(pn.widgets.FileDropper):
    """A field for one file, which forgets what grows too large while it still arrives."""

    def __init__(self, **params):
        super().__init__(
            multiple=False, layout="compact", previews=[], max_file_size=f"{file_limit() / 1e6:g}MB", **params
        )

    def _process_event(self, event) -> None:
        # The browser keeps to the limit; whoever speaks to the server without one need not.
        data = event.data
        if event.event_name == "upload_event":
            held = sum(map(len, self._file_buffer.get(data["name"], ())))
            if data["chunk"] == 1:
                # One file at a time: what was begun under other names is given up.
                self._file_buffer.clear()
                held = 0
            elif data["name"] not in self._file_buffer:
                return
            if held + len(data["data"]) > file_limit():
                self._file_buffer.clear()
                return
        super()._process_event(event)
