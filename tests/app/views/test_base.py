"""Views follow the state while they are visible."""

from quests_app.session.state import State
from quests_app.views.base import View


class Counting(View):
    def __init__(self, state, tab=""):
        super().__init__(state, tab)
        self.seen = []
        self.follow(lambda: self.seen.append(state.n_frames), "n_frames")


def test_a_hidden_view_is_updated_once_when_shown():
    state = State(n_frames=2)
    always, hidden = Counting(state), Counting(state, "frames")
    for n in (3, 4, 5):
        state.n_frames = n
    assert always.seen == [2, 3, 4, 5]
    assert hidden.seen == []
    state.tab = "frames"
    assert hidden.seen == [5]
    state.n_frames = 6
    assert hidden.seen == [5, 6]
