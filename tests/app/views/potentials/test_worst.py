"""The frames that a potential predicts worst."""

from quests_app.session.predictions import PotentialPredictions
from quests_app.views.potentials import worst
from quests_app.views.potentials.worst import WorstFrames


def test_a_click_shows_the_worst_atom_of_a_frame(predicted):
    state = predicted.state
    predictions = PotentialPredictions(state, predicted.controller)
    state.tab = "potentials"
    view = WorstFrames(state, predictions, "potentials")
    predictions.refresh()
    predicted.run()
    rows, last = view._table.value, len(state.data.envs) - 1
    assert rows.frame.tolist()[:2] == [last, last - 1]
    assert (rows.force_rmse.diff().dropna() <= 0).all()
    view._show(1)
    assert (state.tab, state.selected, state.current_frame) == ("map", (last - 1,), last - 1)
    atom = state.current_env - state.data.envs.offsets[last - 1]
    assert atom == (last - 1) % 4


def test_titles_fit_their_columns_in_half_of_a_narrow_page():
    for name, title in worst._COLUMNS.items():
        # Seven and a half pixels a character, and the padding with the arrow of the sorter.
        assert 7.5 * len(title) + 26 <= worst._WIDTHS[name], title
    assert sum(worst._WIDTHS.values()) <= 490
