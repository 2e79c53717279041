"""Run the commands of the dashboard."""

from typer.testing import CliRunner

import quests_app.cli  # noqa: F401 (adds its commands)
from quests_core.cli import app

# The methods of the sessions of the tests, and no UMAP, which takes long.
QUICK = ("-m", "msc", "--methods", "msc,random", "--no-umap")


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])
