"""Views above the tabs."""
