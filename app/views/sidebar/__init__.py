"""Views of the sidebar."""
