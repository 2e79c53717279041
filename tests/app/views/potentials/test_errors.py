"""The figures of force errors on the Potentials tab."""

import pytest

from quests_app.views.potentials.errors import _MODES, ErrorsView
from tests.app.conftest import visible_text_of
from tests.app.views.potentials.conftest import Noisy, train


@pytest.fixture
def errors(copper, training):
    return ErrorsView(copper.state, training, "potentials")


def test_each_mode_draws_all_methods_in_one_figure(copper, errors, form):
    assert not any(pane.visible for pane in errors._figures.values())
    train(copper, form)
    for mode in _MODES.values():
        errors._mode.value = mode
        (plot,) = [plot for plot, pane in errors._figures.items() if pane.visible]
        sources = plot.sources.items()
        drawn = {method for (_, method), source in sources if len(next(iter(source.data.values())))}
        assert drawn == {"msc", "random"}, mode
        assert plot.figure.y_range.end > plot.figure.y_range.start
    assert errors._against.figure.xaxis[0].axis_label == "information loss / nats"
    assert errors._size.options == {"4 frames": 4, "8 frames": 8}


def test_a_potential_appears_when_it_is_finished(copper, errors, training, form):
    seen = []
    training.param.watch(
        lambda _: seen.append({
            method for (group, method), source in errors._above.sources.items() if group == "Error"
        }), "comparison",
    )  # fmt: skip
    train(copper, form, "4")
    assert {"msc"} in seen
    assert seen[-1] == {"msc", "random"}


def test_without_errors_the_table_is_named(copper, errors, form, monkeypatch):
    def failing(*_):
        raise RuntimeError("no memory")

    monkeypatch.setattr(Noisy, "train", failing)
    train(copper, form, "4")
    assert "No potential could be evaluated" in visible_text_of(errors)
    assert "4 potentials, of which 4 failed" in visible_text_of(form)
