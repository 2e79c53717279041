"""Points found by a lasso, a box and a click, compared with slow references."""

import numpy as np
import pytest

from quests_app.analysis import map_picking
from quests_app.analysis.map_picking import inside_box, inside_polygon, nearest


def slow_inside(x, y, polygon):
    """Return whether a ray to the right of (x, y) crosses the polygon an odd number of times."""
    odd, n = False, len(polygon)
    for i in range(n):
        (xa, ya), (xb, yb) = polygon[i], polygon[(i + 1) % n]
        if (ya > y) != (yb > y) and x < xa + (y - ya) * (xb - xa) / (yb - ya):
            odd = not odd
    return odd


def star(n_corners, rng):
    """Return a lasso as drawn by hand, which may cross itself."""
    angle = np.linspace(0, 2 * np.pi, n_corners, endpoint=False)
    radius = rng.uniform(0.2, 1.0, n_corners)
    return np.column_stack([radius * np.cos(2 * angle), radius * np.sin(angle)])


@pytest.mark.parametrize("n_corners", [3, 4, 17, 200])
def test_lasso_matches_a_slow_reference(rng, n_corners):
    xy, polygon = rng.uniform(-1.2, 1.2, size=(400, 2)), star(n_corners, rng)
    expected = [slow_inside(x, y, polygon) for x, y in xy]
    assert 0 < sum(expected) < 400
    np.testing.assert_array_equal(inside_polygon(xy, polygon), expected)


def test_points_level_with_corners_are_counted_once(rng):
    polygon = np.array([[0, 0], [2, 1], [4, 0], [4, 3], [2, 2], [0, 3]])
    xy = np.array([(x + 0.5, y) for x in range(-1, 5) for y in range(-1, 5)], dtype=float)
    np.testing.assert_array_equal(inside_polygon(xy, polygon), [slow_inside(x, y, polygon) for x, y in xy])
    np.testing.assert_array_equal(inside_polygon(xy, polygon[::-1]), inside_polygon(xy, polygon))


@pytest.mark.parametrize("polygon", [np.empty((0, 2)), np.zeros((1, 2)), [[0, 0], [1, 1]], np.zeros((5, 2))])
def test_a_lasso_without_area_is_empty(rng, polygon):
    assert not inside_polygon(rng.normal(size=(20, 2)), np.asarray(polygon)).any()
    assert inside_polygon(np.empty((0, 2)), np.asarray(polygon)).shape == (0,)


def test_a_box_can_be_drawn_from_any_corner():
    xy = np.array([[0, 0], [1, 1], [2, 2], [0.5, 3]], dtype=float)
    for box in ((0.5, 2, 0.5, 3), (2, 0.5, 3, 0.5)):
        assert inside_box(xy, *box).tolist() == [False, True, True, True]


def test_a_click_finds_the_nearest_point_on_the_screen():
    xy = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 1.0]])
    # A pixel is ten times as wide as high here: (10, 0) is 1 pixel away, and (0, 1) is 10.
    assert nearest(xy[1:], 0.0, 0.0, (10.0, 0.1), 20) == 0
    assert nearest(xy[1:], 0.0, 0.0, (0.1, 10.0), 20) == 1
    assert nearest(xy, 5.0, 5.0, (0.1, 0.1), 14) is None
    assert nearest(np.empty((0, 2)), 0.0, 0.0, (1.0, 1.0), 14) is None


def test_a_zigzag_lasso_costs_no_more_than_others(rng, monkeypatch):
    xy = rng.uniform(size=(5000, 2))
    zigzag = np.column_stack([np.linspace(0, 1, 20_000), np.tile([0.0, 1.0], 10_000)])
    n_tested = []
    search = np.searchsorted

    def count(y, values, **options):
        found = search(y, values, **options)
        if options:
            n_tested.append(np.ptp(found))
        return found

    monkeypatch.setattr(map_picking.np, "searchsorted", count)
    map_picking.inside_polygon(xy, zigzag)
    assert sum(n_tested) <= map_picking._MAX_PAIRS
    assert not map_picking.inside_polygon(xy, np.full((5, 2), np.nan)).any()
