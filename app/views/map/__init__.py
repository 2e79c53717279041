"""Views of the map tab."""
