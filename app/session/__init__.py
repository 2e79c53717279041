"""The state of one session, and what changes it."""
