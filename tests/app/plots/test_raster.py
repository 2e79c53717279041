"""The raster of the map, compared with loops over points and pixels."""

import numpy as np
import pytest

from quests_app.plots import raster
from quests_app.plots.raster import Raster, spread

VIEW = {"x_range": (-1.0, 2.0), "y_range": (0.0, 1.0), "size": (30, 20)}


@pytest.fixture
def cloud(rng):
    """Return points, some outside the view, many on the same pixels, and their colours."""
    xy = np.vstack([rng.normal(0.5, 0.8, size=(300, 2)), np.repeat([[0.31, 0.52]], 20, axis=0)])
    return xy, rng.integers(1, 254, len(xy)).astype(np.uint8)


def groups(xy):
    """Return the points on each pixel as a dictionary."""
    (x0, x1), (y0, y1), (width, height) = VIEW.values()
    found = {}
    for i, (x, y) in enumerate(xy):
        column = int(np.floor((x - x0) / (x1 - x0) * width))
        line = int(np.floor((y - y0) / (y1 - y0) * height))
        if 0 <= column < width and 0 <= line < height:
            found.setdefault((line, column), []).append(i)
    return found


def slow_spread(image, radius):
    result = np.zeros_like(image)
    for (line, column), _ in np.ndenumerate(image):
        near = [
            value
            for (a, b), value in np.ndenumerate(image)
            if (a - line) ** 2 + (b - column) ** 2 <= (radius + 0.5) ** 2 * (radius > 0)
            or (a, b) == (line, column)
        ]
        result[line, column] = max(near)
    return result


@pytest.mark.parametrize("radius", [0, 1, 2, 3])
def test_spreading_takes_the_largest_within_a_disc(rng, radius):
    image = np.where(rng.random((9, 13)) < 0.1, rng.integers(1, 255, (9, 13)), 0).astype(np.uint8)
    np.testing.assert_array_equal(spread(image, radius), slow_spread(image, radius))


def test_larger_colours_are_drawn_over_smaller_ones(cloud):
    xy, colors = cloud
    image = np.zeros((20, 30), dtype=np.uint8)
    for pixel, points in groups(xy).items():
        image[pixel] = max(colors[points])
    drawn = Raster.of(xy, **VIEW)
    assert drawn.radius == 3, "few points are drawn large"
    np.testing.assert_array_equal(drawn.highest(colors), slow_spread(image, 3))


def test_in_one_layer_each_colour_shows_by_its_share_and_higher_layers_are_on_top(rng):
    xy = np.column_stack([np.full(4000, 0.31), 0.05 + 0.9 * rng.random(4000)])
    colors = np.where(np.arange(4000) % 4 == 0, 2, 3).astype(np.uint8)
    layers = np.ones(4000, dtype=np.uint8)
    drawn = Raster.of(xy, (-1.0, 2.0), (0.0, 1.0), (30, 2000))
    image = drawn.mixed(colors, layers)
    assert set(np.unique(image)) == {0, 2, 3}
    assert 0.15 < (image == 2).sum() / (image > 0).sum() < 0.35
    assert (drawn.highest(colors) == 2).sum() < (image == 2).sum() / 4
    layers[0], colors[0] = 2, 4
    assert (drawn.mixed(colors, layers) == 4).sum() > 1


def test_means_ignore_points_without_a_value(cloud):
    xy, colors = cloud
    colors[::3] = 1
    image = np.zeros((20, 30), dtype=np.uint8)
    for pixel, points in groups(xy).items():
        values = [int(colors[i]) for i in points if colors[i] > 1]
        image[pixel] = int(np.mean(values) + 0.5) if values else 1
    expected = np.where(image > 0, image, slow_spread(image, 3))
    np.testing.assert_array_equal(Raster.of(xy, **VIEW).mean(colors), expected)


def test_a_mask_covers_selected_points_only(cloud, rng):
    xy, _ = cloud
    chosen = rng.random(len(xy)) < 0.1
    image = np.zeros((20, 30), dtype=np.uint8)
    for pixel, points in groups(xy).items():
        image[pixel] = any(chosen[points])
    np.testing.assert_array_equal(Raster.of(xy, **VIEW).mask(chosen), slow_spread(image, 3))


def test_every_point_is_drawn_however_many_there_are(rng):
    xy = rng.uniform(0.05, 0.95, size=(100_000, 2))
    # One point far from all others.
    xy = np.vstack([xy * 0.5, [[0.97, 0.97]]])
    drawn = Raster.of(xy, (0, 1), (0, 1), (400, 400))
    assert len(drawn.rows) == len(xy)
    assert drawn.radius == 1
    corner = drawn.highest(np.ones(len(xy), dtype=np.uint8))[380:, 380:]
    assert corner.sum() == 9, "a single point is three pixels wide"


def test_an_image_larger_than_the_limit_is_drawn_coarser(monkeypatch, rng):
    monkeypatch.setattr(raster, "_MAX_PIXELS", 10_000)
    assert Raster.of(rng.random((5, 2)), (0, 1), (0, 1), (400, 100)).shape == (50, 200)


def test_nothing_to_draw():
    drawn = Raster.of(np.empty((0, 2)), (0, 1), (0, 1), (10, 5))
    empty = np.empty(0, dtype=np.uint8)
    assert drawn.highest(empty).shape == (5, 10)
    assert not drawn.highest(empty).any()
    assert not drawn.mean(empty).any()
