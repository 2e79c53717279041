"""Run work off the event loop, and keep its results."""
