"""Text fields."""

import panel_material_ui as pmui


def entered(field: pmui.TextInput) -> str:
    """Return the text that a field shows, without blanks around it, also before Enter was pressed."""
    return (field.value_input or "").strip()
