"""Open a data set: an upload, a path on the server, a published data set by name, or the demo."""

import panel as pn
import panel_material_ui as pmui

from ...server.uploads import limits
from ...session.controller import Controller
from ...session.state import State
from ...text.help import tip
from ...widgets.card import DROP_SEVERAL, html
from ...widgets.fields import entered
from ...widgets.file_drop import FileDrop
from ..base import View


class DatasetView(View):
    """The sidebar section that opens a data set."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._controller = controller
        self._drop = FileDrop(
            controller.upload_all, multiple=True, sizing_mode="stretch_width", margin=0, height=76,
            stylesheets=[DROP_SEVERAL],
        )  # fmt: skip
        self._path = pmui.TextInput(
            label="File path or data-set name",
            size="small",
            placeholder=f"{controller.allowed_paths.hint or '/data'}/train.xyz",
            sizing_mode="stretch_width",
            margin=0,
            # The whole label fits into the field.
            sx={"& .MuiInputLabel-root:not(.MuiInputLabel-shrink)": {"fontSize": "13px", "left": "-4px"}},
        )
        self._open = pmui.Button(
            label="Open", size="small", variant="outlined", margin=(0, 0, 0, 6), width=62
        )
        self._demo = pmui.Button(label="Open the demo", size="small", variant="text", margin=0)
        self._open.on_click(lambda _: self._open_path())
        self._path.param.watch(lambda _: self._entered(), "enter_pressed")
        self._demo.on_click(lambda _: controller.open_demo())
        self.follow(self._update, "opened")

    def _entered(self) -> None:
        """Open the entered path after a delay, as the browser sends the key before the last letters."""
        if pn.state.curdoc is not None:
            pn.state.curdoc.add_timeout_callback(self._open_path, 200)

    def _open_path(self) -> None:
        if path := entered(self._path):
            self._controller.open(path)

    def _update(self) -> None:
        self._demo.visible = self._state.opened is not None and not self._controller.shows_demo

    def __panel__(self):
        """Return the section."""
        return pn.Column(
            html('<div class="section">Data</div>'),
            self._drop,
            html(f'<div class="small">{limits()}</div>'),
            pn.Row(
                self._path, self._open, sizing_mode="stretch_width", margin=(12, 0, 0, 0), align="center",
                visible=not self._controller.allowed_paths.is_empty,
            ),
            html(
                f'<div class="small">Published data sets, such as tm23:Ag {tip("names", "side")}</div>',
                visible=not self._controller.allowed_paths.is_empty,
            ),
            self._demo,
            sizing_mode="stretch_width", margin=(10, 16, 4, 16),
        )  # fmt: skip
