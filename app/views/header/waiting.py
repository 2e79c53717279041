"""The message in place of the plots while no file is open."""

from html import escape

import panel_material_ui as pmui

from quests_core.compilation import first_time

from ...session.controller import Controller
from ...session.state import State
from ...widgets.card import card, html
from ..base import View


class WaitingView(View):
    """A card in place of the plots until a file is open."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._text = html()
        self._demo = pmui.Button(
            label="Open the demo", size="small", variant="outlined", align="center", margin=(0, 0, 24, 0)
        )
        self._demo.on_click(lambda _: controller.open_demo())
        self._card = card(self._text, self._demo, area="auto", sizing_mode="stretch_width")
        self.follow(self._update, "opened")
        self.follow(self._update, "running", "title", source=state.main_activity)

    def _update(self) -> None:
        activity = self._state.main_activity
        self._card.visible = self._state.opened is None
        self._demo.visible = not activity.running
        if activity.running:
            title = escape(activity.title)
            text = f"The plots appear once the frames are ordered. {first_time()}"
        else:
            title = "Nothing is open"
            text = "Drop a structure file on the left, or enter its path or a data-set name."
        self._text.object = f'<div class="empty"><div><b>{title}</b><br>{text}</div></div>'

    def __panel__(self):
        """Return the card."""
        return self._card
