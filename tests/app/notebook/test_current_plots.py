"""Plots of the current state of an `Explorer`, as HoloViews elements."""

import numpy as np
import pytest


def test_plots_of_the_current_state_compose(open_explorer, frames, tmp_path):
    import holoviews as hv

    explorer = open_explorer(frames, methods=("msc", "random"))
    explorer.n_frames = 6
    curve = explorer.plots.curve
    assert isinstance(curve, hv.Overlay)
    expected = explorer.paths["msc"].curve
    np.testing.assert_allclose(curve.Path.Msc["entropy"], expected["entropy"])
    (ring,) = [points for points in curve.Ring if points["n_frames"][0] == 6][:1]
    assert float(ring["entropy"][0]) == expected["entropy"][expected["n_frames"] == 6].item()
    both = curve * hv.Curve([(1, 1), (2, 2)], label="mine") + explorer.plots.overlap
    assert len(both) == 2
    hv.save(both, tmp_path / "both.svg", backend="matplotlib")
    assert "mine" in (tmp_path / "both.svg").read_text()
    assert explorer.plots.outliers.Delta.keys() == explorer.plots.delta_entropy.Delta.keys()
    assert "distorted" in list(explorer.plots.redundancy.Bound.Bound_ln_N["set"]), "each label has a bar"
    assert len(explorer.plots.forces.Tail) == 3
    assert explorer.plots.map.Map.I["color"].max() > 0
    with pytest.raises(AttributeError, match="no attribute 'best'"):
        _ = explorer.plots.best
    assert {"curve", "map", "force_tail"} <= set(dir(explorer.plots))


def test_a_live_plot_follows_the_slider(open_explorer, frames):
    import holoviews as hv

    explorer = open_explorer(frames)
    live = explorer.plots(live=True).overlap
    figure = hv.renderer("bokeh").get_plot(live)
    for size in (4, 9):
        explorer.n_frames = size
        assert live[()].Ring.Msc["n_frames"].tolist() == [size]
        ring = figure.subplots["Ring", "Msc"].handles["source"].data
        assert ring["percent"].tolist() == [pytest.approx(100 * size / 24)], "the figure is updated"
    explorer.locked = [0, 5]
    assert live[()].Ring.Msc["n_frames"].tolist() == [9]
