"""Widgets shared by the views: cards, tables, the structure viewer, and browser helpers."""
