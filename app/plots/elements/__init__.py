"""HoloViews elements from plain data."""
