"""Views of the Health tab."""
