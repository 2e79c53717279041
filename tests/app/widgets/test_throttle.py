"""Frequent calls are merged into one per interval."""

from types import SimpleNamespace

from quests_app.widgets.throttle import Throttle


class Timers:
    """A served document whose timeout callbacks the test runs."""

    session_context = object()

    def __init__(self):
        self.pending = []

    def add_timeout_callback(self, function, milliseconds):
        self.pending.append((function, milliseconds))

    def end_interval(self):
        pending, self.pending = self.pending, []
        for function, _ in pending:
            function()


def test_calls_within_an_interval_become_one_at_its_end():
    calls, document = [], Timers()
    throttle = Throttle(lambda: calls.append("called"), 40)
    for n in (1, 2):
        for _ in range(5):
            throttle(document)
        assert [milliseconds for _, milliseconds in document.pending] == [40]
        document.end_interval()
        assert len(calls) == n


def test_without_a_server_every_call_is_made_at_once():
    calls = []
    throttle = Throttle(lambda: calls.append("called"))
    for document in (None, SimpleNamespace(session_context=None)):
        throttle(document)
    assert len(calls) == 2
