"""Content that joins the page when it is first shown."""

import panel as pn
import panel_material_ui as pmui

from quests_app.widgets.deferred import fill_when_visible, open_dialog


def test_a_hidden_container_is_filled_once_when_it_is_first_visible():
    button = pmui.Button(label="Discard")
    row = fill_when_visible(pn.Row(visible=False), button)
    assert not row.objects
    row.visible = True
    assert row.objects == [button]
    row.visible = False
    assert row.objects == [button], "it is shown again without being built again"


def test_a_visible_container_is_filled_at_once():
    assert len(fill_when_visible(pn.Row(), pmui.Button(label="Save"))) == 1


def test_a_dialog_joins_the_page_when_it_is_first_opened():
    dialog, section = pmui.Dialog(pn.pane.HTML("options")), pn.Column()
    for _ in range(2):
        open_dialog(dialog, section)
        assert section.objects == [dialog]
        assert dialog.open
        dialog.open = False
