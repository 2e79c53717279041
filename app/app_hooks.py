"""What Bokeh's server calls at its end."""

from quests_app.jobs import shut_down


def on_server_unloaded(_) -> None:
    """Let go of what is being computed: the process would wait for it."""
    shut_down()
