"""The focus after a dialog is closed; tests/browser/test_export.py shows it in a browser."""

import panel as pn
import pytest

from quests_app.page import inline, page
from quests_app.widgets.dialog_focus import DialogFocus


@pytest.mark.parametrize("make", [page, inline])
def test_pages_with_dialogs_have_it_once(session, make):
    found = [one for one in make(session.state, session.controller).select() if isinstance(one, DialogFocus)]
    assert len(found) == 1


def test_it_takes_no_room():
    made = DialogFocus()
    assert isinstance(made, pn.custom.JSComponent)
    assert (made.width, made.height, made.margin) == (0, 0, 0)
