"""Views of what was lost."""
