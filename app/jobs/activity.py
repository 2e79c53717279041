"""The status of a job queue, for the views."""

import param

# The step of a job that has not started.
WAITING = "Waiting for its turn"


class Activity(param.Parameterized):
    """Status of one job queue."""

    running = param.Boolean(default=False)
    title = param.String(default="", doc="Title of the running job.")
    step = param.String(default="", doc="Current step of the job.")
    fraction = param.Number(default=0.0, doc="Completed share of the step, in [0, 1].")
    remaining = param.Number(
        default=None, allow_None=True, doc="Estimated time until the step ends, seconds."
    )
