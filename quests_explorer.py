"""The command ``quests-explorer``."""

import signal


def main() -> None:
    """Run the command line; until it is loaded, Ctrl-C ends the process at once and without a traceback."""
    interactive = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if interactive:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Loading numba and ASE takes seconds; extension modules may swallow a KeyboardInterrupt, or print it.
    # The first adds the commands that need the dashboard.
    import quests_app.cli  # noqa: F401
    from quests_core.cli import main as run

    if interactive:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()
