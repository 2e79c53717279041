"""The estimated entropy of the full set, displayed until it is known exactly."""

import math

from quests_app.views.header.summary import SummaryView

from ..conftest import text_of
from .test_parts import _large, begun, hold, session  # noqa: F401


def test_the_header_shows_an_estimate_until_the_entropy_is_known(begun, hold):  # noqa: F811
    state, summary = begun.state, SummaryView(begun.state)
    assert math.isnan(state.full_set_metrics["entropy"])
    begun.run(lambda: state.entropy_estimate is not None)
    estimate = state.entropy_estimate
    half = 0.5 * (estimate.high - estimate.low)
    assert f"{estimate.entropy:.2f} " in text_of(summary)
    assert f"± {half:.2f} (estimate)" in text_of(summary)
    hold.set()
    begun.run()
    assert state.entropy_estimate is None
    exact = state.full_set_metrics["entropy"]
    assert estimate.low - 1e-5 <= exact <= estimate.high + 1e-5
    assert f"{exact:.2f} " in text_of(summary)
    assert "estimate" not in text_of(summary)


def test_excluded_frames_are_not_counted(begun, hold):  # noqa: F811
    state = begun.state
    begun.run(lambda: state.entropy_estimate is not None)
    first = state.entropy_estimate
    state.marks = state.marks.exclude(range(3))
    begun.run(lambda: state.entropy_estimate not in (None, first))
    assert state.entropy_estimate.n_envs == state.data.envs.sizes[3:].sum()
