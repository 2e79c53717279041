"""Names of axes."""

import holoviews as hv

from quests_app.plots.elements import dimensions


def test_quantities_have_units():
    labels = {name: one.label for name, one in vars(dimensions).items() if isinstance(one, hv.Dimension)}
    for name in ("DIVERSITY", "ENTROPY", "DELTA", "DELTA_PLACE", "NOVELTY_PLACE", "BANDWIDTH_ENTROPY"):
        assert labels[name].endswith("/ nats")
    for name in ("PERCENT", "OVERLAP", "SHARE", "COVERED"):
        assert labels[name].endswith("/ %")
    assert labels["FORCE"].endswith("/ eV Å⁻¹")
    assert labels["BANDWIDTH"].endswith("/ Å⁻¹")
