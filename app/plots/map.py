"""The map of environments: glyphs for few points, an image for many."""

from functools import cache

import holoviews as hv
import numpy as np
from bokeh.core.property.descriptors import UnsetValueError
from bokeh.core.property.vectorization import Field
from bokeh.models import NumeralTickFormatter, Scatter
from bokeh.models.annotations import ColorBar, Title

from quests_core.utils.escape import bokeh

from . import bokeh_hooks as hooks
from .base import clear, limits, padded, set_data, set_ranges
from .elements.columns import scatter
from .elements.maps import environment_map
from .elements.parity import parity
from .map_colors import LAST, MapColors
from .raster import Raster, shuffled, spread
from .template import PlotFigure, Template

# Above this the server rasterizes faster than the browser draws glyphs.
MOST_GLYPHS = 20_000
_INK, _HALO = "#000000", "#ffffff"
_CLEAR = "#00000000"
# Palette entries for the rings around selected points.
_INK_INDEX, _HALO_INDEX = LAST + 1, LAST + 2
# Lengths of the frame by which the line of a parity exceeds it.
_BEYOND = 50
# Assumed until the browser reports the size of the figure.
_SIZE = (500, 400)

# Limits along x and y, and the size of the figure.
_View = tuple[tuple[float, float], tuple[float, float], tuple[int, int]]


class MapFigure:
    """A figure that draws points of a map.

    Parameters
    ----------
    like : MapFigure, optional
        Figure to share the ranges with, so that both show the same part of the map.
    size : tuple of int
        Width and height in pixels until the browser reports them.
    always_image : bool
        Draw an image even of few points.

    Attributes
    ----------
    figure : bokeh.plotting.figure
        The figure; the caller subscribes to its events.
    rows : ndarray
        Indices of the points drawn.
    """

    def __init__(
        self, like: "MapFigure | None" = None, size: tuple[int, int] = _SIZE, always_image: bool = False
    ):
        self._unseen_size, self._always_image = size, always_image
        self._plot = plot = PlotFigure(self._template())
        self.figure = fig = plot.figure
        if like is not None:
            fig.x_range, fig.y_range = like.figure.x_range, like.figure.y_range
        self._xy, self.rows = np.empty((0, 2)), np.empty(0, dtype=np.int64)
        self._frames = np.empty(0, dtype=np.int64)
        self._coloring = MapColors(np.empty(0, dtype=np.uint8), ())
        self._picked = np.empty(0, dtype=bool)
        self._raster: tuple[_View, Raster] | None = None
        self.image, self.points = plot.sources["Map", ""], plot.sources["Points", ""]
        self.rings, self.cross = plot.sources["Ring", ""], plot.sources["Cross", ""]
        self._glyphs = [plot.part(group).glyph for group in ("RingOutline", "Ring", "Points")]
        self.pointer, self.hover = plot.part("Pointer"), plot.part("Hover")
        self.mapper = plot.part("Map").glyph.color_mapper
        self.color_bar = plot.part("ColorBar")
        self.bar_mapper, self.bar_title = self.color_bar.color_mapper, plot.part("BarTitle")

    @staticmethod
    def _template() -> Template:
        return _map()

    @property
    def is_image(self) -> bool:
        """Whether the points are drawn as an image."""
        return self._always_image or len(self._xy) > MOST_GLYPHS

    @property
    def pixel(self) -> tuple[float, float]:
        """Size of a pixel along x and y."""
        (left, right), (bottom, top), (width, height) = self._view()
        return (right - left) / width, (top - bottom) / height

    def set_points(self, xy: np.ndarray, frames: np.ndarray, keep_view: bool = False) -> None:
        """Replace the points and draw all of them; `frames` is the frame of each."""
        self._xy, self._frames, self.rows = xy, frames, np.arange(len(xy))
        self._picked, self._raster = np.zeros(len(xy), dtype=bool), None
        self._coloring = MapColors(np.ones(len(xy), dtype=np.uint8), ("#c3c9d1",))
        self.set_current(None)
        self.set_hover(None)
        if not keep_view:
            self._fit_view()

    def _fit_view(self) -> None:
        set_ranges(self.figure, padded(self._xy[:, 0], 0.03), padded(self._xy[:, 1], 0.03))

    def set_title(self, title: str) -> None:
        """Set the title above the figure; an empty one takes no space."""
        if isinstance(self.figure.title, Title):
            self.figure.title.text = title

    def set_rows(self, rows: np.ndarray) -> None:
        """Restrict drawing to these points."""
        self.rows, self._raster = rows, None

    def set_colors(self, coloring: MapColors) -> None:
        """Set the colours of all points."""
        self._coloring = coloring
        palette = [_CLEAR, *coloring.palette]
        palette += [_CLEAR] * (_INK_INDEX - len(palette)) + [_INK, _HALO]
        if palette != list(self.mapper.palette):
            self.mapper.palette = palette
        if coloring.bar:
            low, high, title = coloring.bar
            self.bar_mapper.update(palette=list(coloring.palette[1:]), low=low, high=high)
            self.color_bar.visible, self.bar_title.text = True, bokeh(title)
        elif self.color_bar.visible:
            self.color_bar.visible, self.bar_title.text = False, ""

    def set_picked(self, picked: np.ndarray) -> None:
        """Set the mask of points drawn with a ring."""
        self._picked = picked

    def set_current(self, row: int | None) -> None:
        """Mark one point with a cross, or none."""
        points = self._xy[[] if row is None else [row]]
        self.cross.data = {"x": points[:, 0].tolist(), "y": points[:, 1].tolist()}

    def set_hover(self, row: int | None, text: str = "") -> None:
        """Show a text beside one point, or none; a Bokeh hover tool knows no points of an image."""
        if row is None:
            if self.hover.visible:
                self.hover.visible = False
            return
        (x, y), ((left, right), (bottom, top), _) = self._xy[row].tolist(), self._view()
        # Towards the middle of the figure.
        is_right, is_high = 2 * x > left + right, 2 * y > bottom + top
        self.hover.update(
            x=x, y=y, text=bokeh(text), visible=True, x_offset=-12 if is_right else 12,
            y_offset=-8 if is_high else 8, text_align="right" if is_right else "left",
            text_baseline="top" if is_high else "bottom",
        )  # fmt: skip

    def draw(self) -> None:
        """Update the figure after changes of points, rows, colours or selection."""
        if self.is_image:
            self._draw_image()
        else:
            self._draw_glyphs()

    def _draw_glyphs(self) -> None:
        rows, coloring = self.rows, self._coloring
        if coloring.layers is not None:
            rows = rows[shuffled(rows)]
        layers = coloring.colors if coloring.layers is None else coloring.layers
        rows = rows[np.argsort(layers[rows], kind="stable")]
        x, y = self._xy[rows].T
        self.points.data = {
            "x": x, "y": y, "color": self._coloring.colors[rows], "frame": self._frames[rows], "row": rows
        }  # fmt: skip
        ringed = rows[self._picked[rows]]
        self.rings.data = {"x": self._xy[ringed, 0], "y": self._xy[ringed, 1]}
        size = float(np.clip(320 / np.sqrt(max(1, len(self._xy))), 2.5, 8))
        for glyph, more in zip(self._glyphs, (5.0, 3.0, 0.0), strict=True):
            glyph.size = size + more
        if self.image.data["image"]:
            clear(self.image)

    def _draw_image(self) -> None:
        for source in (self.points, self.rings):
            if len(source.data["x"]):
                clear(source)
        (left, right), (bottom, top), _ = self._view()
        self.image.data = {
            "image": [self.pixels()], "x": [left], "y": [bottom], "dw": [right - left], "dh": [top - bottom]
        }  # fmt: skip

    def pixels(self) -> np.ndarray:
        """Return the image of the visible range as indices into the palette of `mapper`."""
        raster = self._current_raster()
        image = self._coloring.image(raster, self.rows)
        picked = self._picked[self.rows]
        if picked.any():
            points = raster.mask(picked)
            ink = spread(points, 1)
            image[spread(ink, 1) > ink] = _HALO_INDEX
            image[ink > points] = _INK_INDEX
        return image

    def _current_raster(self) -> Raster:
        """Return the raster of the visible range, cached while only colours change."""
        view = self._view()
        if self._raster is None or self._raster[0] != view:
            self._raster = (view, Raster.of(self._xy[self.rows], *view))
        return self._raster[1]

    def _view(self) -> _View:
        return limits(self.figure.x_range), limits(self.figure.y_range), self._size()

    def _size(self) -> tuple[int, int]:
        try:
            width, height = self.figure.inner_width, self.figure.inner_height
        except UnsetValueError:
            return self._unseen_size
        return width or self._unseen_size[0], height or self._unseen_size[1]


class ParityFigure(MapFigure):
    """A figure that draws predicted against reference values, with the line where both are equal."""

    @staticmethod
    def _template() -> Template:
        return _parity()

    def _fit_view(self) -> None:
        limits = padded(self._xy, 0.03)
        set_ranges(self.figure, limits, limits)
        # Beyond what any zoom shows.
        ends = [limits[0] - _BEYOND * (limits[1] - limits[0]), limits[1] + _BEYOND * (limits[1] - limits[0])]
        set_data(self._plot.sources["Equal", ""], {"x": ends, "y": ends})

    def set_quantity(self, quantity: str) -> None:
        """Name both axes."""
        self.figure.xaxis[0].axis_label = f"reference {quantity}"
        self.figure.yaxis[0].axis_label = f"predicted {quantity}"


class ScatterFigure(MapFigure):
    """A figure that draws a column against another."""

    @staticmethod
    def _template() -> Template:
        return _scatter()

    def set_quantities(self, x: str, y: str) -> None:
        """Name the axes."""
        self.figure.xaxis[0].axis_label, self.figure.yaxis[0].axis_label = bokeh(x), bokeh(y)


@cache
def _map() -> Template:
    """Return the element of the map, with layers for few points, a mark, and tools that pick."""
    xy, values = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([0.0, 1.0])
    return _picking(environment_map(xy, values, size=(9, 9)))


@cache
def _parity() -> Template:
    """Return the element of the parity, with layers for few values and a mark."""
    values = np.array([0.0, 1.0])
    return _picking(parity(values, values, color=values, size=(9, 9)))


@cache
def _scatter() -> Template:
    """Return the element of a column against another, with layers for few values and a mark."""
    values = np.array([0.0, 1.0])
    return _picking(scatter(values, values, color=values, size=(9, 9)))


def _picking(element: hv.Overlay) -> Template:
    """Return the emptied template of a map with layers, and with tools that pick."""
    template = _with_layers(element)
    hooks.add_selection(template)
    hooks.add_pointer(template)
    return template.emptied()


def _with_layers(element: hv.Overlay) -> Template:
    """Return the template of a map with layers for few points and a mark."""
    template = Template(element)
    hooks.frame(template)
    fig, mapper = template.figure, template.parts["Map", ""].glyph.color_mapper
    # Below widgets, not right below the heading.
    fig.update(min_height=120, styles={})
    mapper.update(palette=[_CLEAR] * 256, low=0, high=256)
    bar = next(one for one in fig.right if isinstance(one, ColorBar))
    bar.update(visible=False, formatter=NumeralTickFormatter(format="0.[000]a"))
    bar.color_mapper.update(palette=[_INK], low=0, high=1)
    template.parts["ColorBar", ""] = bar
    template.parts["BarTitle", ""].text = ""
    # The invisible point that carries the bar.
    template.drop(("Bar", ""))
    # Discs below the points form one common outline around touching selected points.
    hooks.add_glyph(template, "RingOutline", Scatter(fill_color=_HALO, line_color=None))
    hooks.add_glyph(template, "Ring", Scatter(fill_color=_INK, line_color=None))
    points = Scatter(fill_color=Field("color", transform=mapper), fill_alpha=0.9, line_color=None)
    hooks.add_glyph(template, "Points", points, ("x", "y", "color", "frame", "row"))
    for group, color, width in (("CrossOutline", _HALO, 6), ("Cross", _INK, 2.2)):
        cross = Scatter(marker="circle_cross", size=22, fill_color=None, line_color=color, line_width=width)
        hooks.add_glyph(template, group, cross)
    return template
