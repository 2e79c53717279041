"""The map: what it draws and selects, and how it follows the state."""

from types import SimpleNamespace

import numpy as np
import panel as pn
import pytest

from quests_app.plots import map as maps
from quests_app.plots import map_colors
from quests_app.plots.map import MapFigure
from quests_app.views.map.map import CROWDED, DENSE, KEPT, NOVEL, OTHER, MapView
from quests_core.information import entropy

from ..test_views import text_of

pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning")


@pytest.fixture
def chart(opened):
    return MapView(opened.state, opened.controller, with_subset=True)


@pytest.fixture
def as_image(monkeypatch):
    monkeypatch.setattr(maps, "MOST_GLYPHS", 10)


def drawn(plot):
    """Return the colour of each row drawn as a glyph."""
    data = plot.points.data
    return dict(zip(data["row"].tolist(), data["color"].tolist(), strict=True))


def select(chart, plot, geometry):
    """Draw a lasso or a box."""
    chart._lasso.select(geometry, *chart._points(plot))


def box_around(state, rows):
    x, y = state.embedding[rows].T
    return {"type": "rect", "x0": x.min(), "x1": x.max(), "y0": y.min(), "y1": y.max()}


def inside(state, box):
    x, y = state.embedding.T
    return (x >= box["x0"]) & (x <= box["x1"]) & (y >= box["y0"]) & (y <= box["y1"])


def test_every_environment_is_drawn_and_kept_ones_follow_the_slider(opened, chart):
    state = opened.state
    for n_frames in (3, 20):
        state.n_frames = n_frames
        colors = drawn(chart._plot)
        assert sorted(colors) == list(range(state.opened.envs.n_envs))
        expected = map_colors.by_status(state.status, state.opened.envs.frame_index, "msc").colors
        assert [colors[row] for row in sorted(colors)] == expected.tolist()
    state.active = "random"
    assert (
        f"kept <small>{state.mask[state.opened.envs.frame_index].sum() - 1}</small>" in chart._legend.object
    )


def test_colours_follow_the_chosen_field(opened, chart):
    state = opened.state
    chart._color.value = NOVEL
    assert chart._mode.value == NOVEL
    delta = state.path.delta_entropy[state.path.position(state.n_frames)]
    colors = np.array([color for _, color in sorted(drawn(chart._plot).items())])
    np.testing.assert_array_equal(colors == map_colors.GREY, delta < entropy.OVERLAP_THRESHOLD)
    assert chart._plot.bar_title.text == "δH / nats"
    assert "given the msc subset" in text_of(chart)
    chart._mode.value = DENSE
    assert chart._color.value == DENSE
    assert chart._plot.bar_mapper.high == pytest.approx(-state.path.delta_entropy[-1].min())
    chart._color.value = "force"
    assert chart._mode.value == OTHER
    assert chart._plot.bar_title.text == "|F| / eV Å⁻¹"
    chart._color.value = "label"
    assert not chart._plot.color_bar.visible
    assert "distorted <small>76</small>" in chart._legend.object
    assert chart._plot.mapper.palette[2] == map_colors.CATEGORIES[0]


def test_names_in_the_legend_are_escaped(opened, chart):
    attack = "<img src=x onerror=alert(1)>"
    object.__setattr__(opened.state.opened.dataset, "labels", (attack,) * 24)
    chart._color.value = "label"
    assert "&lt;img" in chart._legend.object
    assert "<img" not in chart._legend.object


def test_an_embedding_replaces_the_points_and_the_view(opened, chart):
    state = opened.state
    assert "(PCA)" in text_of(chart)
    state.param.update(embedding=100 + state.embedding, embedding_kind="UMAP")
    assert "(UMAP)" in text_of(chart)
    assert chart._plot.figure.x_range.start > 50
    np.testing.assert_array_equal(np.sort(chart._plot.points.data["x"]), np.sort(state.embedding[:, 0]))


@pytest.mark.parametrize("image", [False, True])
def test_a_box_selects_frames_and_shift_adds(opened, chart, image, monkeypatch):
    if image:
        monkeypatch.setattr(maps, "MOST_GLYPHS", 10)
    state, frame = opened.state, opened.state.opened.envs.frame_index
    first, second = box_around(state, [5, 6]), box_around(state, [60, 61])
    select(chart, chart._plot, first)
    expected = set(frame[inside(state, first)].tolist())
    assert state.selected == tuple(sorted(expected))
    assert 0 < len(expected) < 24
    chart._lasso.start(SimpleNamespace(modifiers={"shift": True}))
    select(chart, chart._plot, second)
    expected |= set(frame[inside(state, second)].tolist())
    assert state.selected == tuple(sorted(expected))
    chart._lasso.start(SimpleNamespace(modifiers={"shift": False}))
    select(chart, chart._plot, {"type": "rect", "x0": 1e6, "x1": 2e6, "y0": 0, "y1": 1})
    assert state.selected == ()
    opened.controller.history.undo()
    assert state.selected == tuple(sorted(expected))


def test_a_lasso_selects_the_environments_inside(opened, chart):
    state = opened.state
    x, y = state.embedding[40]
    select(
        chart,
        chart._plot,
        {"type": "poly", "x": [x - 1e-9, x, x + 1e-9], "y": [y - 1e-9, y + 1e-9, y - 1e-9]},
    )
    assert int(state.opened.envs.frame_index[40]) in state.selected


def test_selected_environments_are_ringed(opened, chart):
    state = opened.state
    state.selected = (2, 7)
    rows = np.flatnonzero(np.isin(state.opened.envs.frame_index, [2, 7]))
    assert len(chart._plot.rings.data["x"]) == len(rows)
    assert set(chart._plot.rings.data["x"]) == set(state.embedding[rows, 0])
    state.selected = ()
    assert len(chart._plot.rings.data["x"]) == 0


def test_a_click_makes_the_nearest_environment_current(opened, chart):
    state = opened.state
    chart._tap(chart._plot, *state.embedding[30])
    np.testing.assert_array_equal(state.embedding[state.current_env], state.embedding[30])
    assert chart._plot.cross.data == {"x": [state.embedding[30, 0]], "y": [state.embedding[30, 1]]}
    chart._tap(chart._plot, 1e6, 1e6)
    assert state.current_env is not None, "a click far from every point changes nothing"
    state.current_env = 8
    assert chart._plot.cross.data["x"] == [state.embedding[8, 0]]
    state.current_env = None
    assert chart._plot.cross.data["x"] == []


def test_the_subset_map_shares_the_ranges_of_the_full_set(opened, chart):
    state = opened.state
    assert len(chart._maps) == 1
    chart._separate.value = True
    assert len(chart._maps) == 2
    assert chart._color.value == CROWDED
    full, subset = chart._figures
    assert subset.figure.x_range is full.figure.x_range
    assert subset.figure.y_range is full.figure.y_range
    for n_frames in (4, 15):
        state.n_frames = n_frames
        kept = np.flatnonzero(state.mask[state.opened.envs.frame_index])
        assert sorted(drawn(subset)) == kept.tolist()
        assert len(drawn(full)) == state.opened.envs.n_envs
        assert f"{len(kept)} environments" in subset.figure.title.text
    select(chart, subset, {"type": "rect", "x0": -1e3, "x1": 1e3, "y0": -1e3, "y1": 1e3})
    assert state.selected == tuple(np.flatnonzero(state.mask).tolist()), (
        "only points drawn in this map are selected"
    )
    chart._separate.value = False
    assert len(chart._maps) == 1
    assert chart._color.value == KEPT
    assert full.figure.title.text == ""


def test_many_points_are_a_raster_with_selected_ones_outlined(opened, as_image):
    state, chart = opened.state, MapView(opened.state, opened.controller)
    plot = chart._plot
    assert len(plot.points.data["x"]) == 0
    image = plot.image.data["image"][0]
    assert image.dtype == np.uint8
    palette = plot.mapper.palette
    assert {palette[i] for i in np.unique(image)} == {
        "#00000000", *(color for _, color, n in plot._coloring.legend if n)
    }  # fmt: skip
    state.n_frames = len(state.opened.envs)
    assert not np.array_equal(plot.image.data["image"][0], image)
    state.selected = (3,)
    ringed = plot.image.data["image"][0]
    assert {palette[i] for i in np.unique(ringed)} >= {"#000000", "#ffffff"}
    before = ringed.copy()
    plot.figure.x_range.start += 0.3 * (plot.figure.x_range.end - plot.figure.x_range.start)
    assert not np.array_equal(plot.image.data["image"][0], before), "another range is drawn again"
    assert plot.image.data["x"] == [plot.figure.x_range.start]


def test_a_hidden_map_is_drawn_when_shown(opened):
    hidden = MapView(opened.state, opened.controller, tab="map")
    assert len(hidden._plot.points.data["x"]) == 0
    opened.state.tab = "map"
    assert len(hidden._plot.points.data["x"]) == opened.state.opened.envs.n_envs
    assert pn.Column(hidden).get_root() is not None


def test_another_file_has_its_own_colours(opened, chart, frames, tmp_path):
    chart._color.value = "label"
    path = tmp_path / "bare.xyz"
    path.write_text("2\nProperties=species:S:1:pos:R:3\nCu 0 0 0\nCu 0 0 2\n")
    opened.open(path)
    assert opened.state.error == ""
    assert chart._color.value == KEPT
    assert list(chart._color.options.values())[-1] == "element"
    assert len(chart._plot.points.data["x"]) == 2


def test_a_figure_of_equal_points_has_a_range():
    plot = MapFigure()
    plot.set_points(np.ones((3, 2)), np.zeros(3, dtype=int))
    plot.draw()
    assert plot.figure.x_range.end > plot.figure.x_range.start
    assert plot.pixel[0] > 0


@pytest.mark.usefixtures("as_image")
def test_the_point_under_the_pointer_is_described_also_on_an_image(opened, chart):
    state, plot = opened.state, chart._plot
    row = int(state.opened.envs.offsets[-2])
    x, y = state.embedding[row]
    plot.pointer.data = {"x": [x], "y": [y]}
    assert plot.hover.visible
    lines = plot.hover.text.split("\n")
    delta = state.path.delta_entropy[state.path.position(state.n_frames)]
    shown = next(i for i in np.flatnonzero((state.embedding == (x, y)).all(axis=1)))
    frame = state.opened.envs.frame_index[shown]
    assert lines[0].startswith(f"frame {frame}, atom ")
    assert lines[1] == state.opened.dataset.labels[frame]
    assert lines[2].startswith(f"δH = {delta[shown]:.2f}".replace("-", "−")[:8])
    assert lines[3] == f"|F| = {state.opened.dataset.forces[shown]:.3g} eV Å⁻¹"
    plot.pointer.data = {"x": [x + 1e6], "y": [y]}
    assert not plot.hover.visible
    plot.pointer.data = {"x": [x], "y": [y]}
    plot.pointer.data = {"x": [], "y": []}
    assert not plot.hover.visible


def test_the_environments_inside_a_box_are_counted(opened, chart):
    state = opened.state
    box = box_around(state, [8, 9])
    select(chart, chart._plot, box)
    n_inside = int(inside(state, box).sum())
    assert f"{n_inside} environments of {len(state.selected)} frame" in text_of(chart)
    state.selected = ()
    assert "inside" not in chart._head.object
