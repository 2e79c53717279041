"""Text fields."""

import panel_material_ui as pmui
import pytest

from quests_app.widgets.fields import entered


@pytest.mark.parametrize(("shown", "expected"), [(" a b.xyz\n", "a b.xyz"), ("", ""), (None, "")])
def test_text_counts_before_enter_is_pressed(shown, expected):
    field = pmui.TextInput(value="before")
    field.value_input = shown
    assert entered(field) == expected
