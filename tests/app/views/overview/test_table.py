"""The metrics at the current size."""

from quests_app.views.overview.table import TableView
from tests.app.conftest import text_of


def test_numbers_follow_the_size(opened):
    state, table = opened.state, TableView(opened.state)
    for size in (12, 5):
        state.n_frames = size
        for row in (*map(state.row_of, state.shown), state.full_set_metrics):
            assert f"<td>{row['n_frames']:.0f}</td>" in text_of(table)
            assert f"<td>{row['entropy']:.3f}</td>" in text_of(table)


def test_the_active_method_is_highlighted(opened):
    state, table = opened.state, TableView(opened.state)
    assert text_of(table).count("class=active") == 1
    assert text_of(table).index("class=active") < text_of(table).index("</span>msc</td>")
    state.active = "random"
    assert text_of(table).count("class=active") == 1
    assert text_of(table).index("</span>msc</td>") < text_of(table).index("class=active")
