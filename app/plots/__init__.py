"""Figures of the dashboard: arrays in, figures out; they know no state."""
