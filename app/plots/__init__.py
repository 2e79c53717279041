"""Figures of the dashboard, built from arrays and independent of the session state."""
