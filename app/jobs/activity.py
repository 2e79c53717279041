"""What a job queue is doing, for the views to show."""

import param

# The step of what has not begun.
WAITING = "Waiting for its turn"


class Activity(param.Parameterized):
    """What one queue of work is doing."""

    running = param.Boolean(default=False)
    title = param.String(default="", doc="What was asked for.")
    step = param.String(default="", doc="What is done for it right now.")
    fraction = param.Number(default=0.0, doc="Share of the step that is done.")
    remaining = param.Number(default=None, allow_None=True, doc="Estimated seconds to the step's end.")
