"""The state of one session and its controllers."""
