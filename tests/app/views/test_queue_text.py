"""The queue status of a job in words."""

from quests_app.jobs.activity import Activity
from quests_app.views.queue_text import queue_status


def test_queue_position_among_sessions_is_shown():
    activity = Activity(running=True, title="Checks", step="Waiting for its turn: 2 ahead")
    assert queue_status(activity, "Checks") == "waiting for its turn: 2 ahead"
    activity.param.update(step="checks", fraction=0.4)
    assert queue_status(activity, "Checks") == "running, 40 %"
    activity.running = False
    assert queue_status(activity, "Checks") == "waiting for its turn"


def test_a_job_waits_behind_another_of_its_session():
    activity = Activity(running=True, title="Opening <b>.xyz", step="reading")
    assert queue_status(activity, "Checks") == "waiting for its turn behind “Opening &lt;b&gt;.xyz”"
