"""Content of hidden parts of the page, which joins the page when it is first shown.

A Material component takes the server 5 ms to build and the browser 20 ms to mount, hidden or not.
"""

import panel as pn
import panel_material_ui as pmui
from panel.layout import ListPanel


def fill_when_visible(container: ListPanel, *content) -> ListPanel:
    """Give an empty container its content when it is first visible, and return it."""

    def fill(*_) -> None:
        if container.visible and not container.objects:
            container.objects = list(content)

    container.param.watch(fill, "visible")
    fill()
    return container


def open_dialog(dialog: pmui.Dialog, container: ListPanel) -> None:
    """Open a dialog, which joins a container when it is first opened."""
    with pn.io.hold():
        dialog.open = True
        if dialog not in container.objects:
            container.append(dialog)
