"""Elements as Bokeh models: rendered once by HoloViews, and copied for each page.

HoloViews takes a quarter of a second to render a figure with one method, longer than a page takes to build
all of its figures. So an element of neutral data is rendered once per process, and each page gets a copy of
its models; what is drawn of one method is copied for each, with the colour, dash and name of the other.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import holoviews as hv
import holoviews.plotting.bokeh
from bokeh.core.has_props import HasProps
from bokeh.core.property.vectorization import Field, Value
from bokeh.document import Document
from bokeh.model import Model
from bokeh.models import ColumnDataSource, HoverTool
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from ..analysis.methods import METHOD_INFO, METHODS, SEEDED_METHODS
from .base import clear

# The method that templates are drawn of; it has a seed, a colour and a dash.
EXAMPLE = "random"
BAND, LEGEND = "Band", "Legend"

# Group and label of an element of an overlay.
Key = tuple[str, str]


@dataclass
class Listing:
    """What a model lists in one of its properties, in order."""

    owner: Model
    name: str
    keys: list[Key]


class Template:
    """A rendered overlay, from which figures are copied.

    Hooks change it before the first copy.

    Parameters
    ----------
    overlay : hv.Overlay
        Its elements have distinct groups and labels; of all methods, only `EXAMPLE` is drawn.

    Attributes
    ----------
    figure : bokeh.plotting.figure
        The figure; its lists of parts are empty.
    parts : dict of tuple to Model
        Renderer or annotation by group and label of the element, entries of the legend, and what hooks add.
    lists : list of Listing
        What the figure, its legend and its hover tool list.
    """

    def __init__(self, overlay: hv.Overlay):
        plot = hv.renderer("bokeh").get_plot(overlay, doc=Document())
        self.figure: figure = plot.state
        self.parts: dict[Key, Any] = {}
        self.lists: list[Listing] = []
        self._attributes: dict[str, dict[str, Any]] = {}
        for subplot in plot.subplots.values():
            element, handles = subplot.current_frame, subplot.handles
            part = handles["glyph_renderer"] if "glyph_renderer" in handles else handles["glyph"]
            self._name((element.group, element.label), part)
        for legend in self.figure.legend:
            for item in legend.items:
                self._name((LEGEND, item.label.value), item)
        self._take_apart()

    def _name(self, key: Key, part: Model) -> None:
        if key in self.parts:
            raise ValueError(f"overlay: expected distinct groups and labels, got {key} twice")
        self.parts[key] = part

    def _take_apart(self) -> None:
        drawn, keys = self.figure, {part.id: key for key, part in self.parts.items()}
        # HoloViews lists annotations among the renderers, which confuses what expects glyphs there.
        annotations = [one for one in drawn.renderers if not isinstance(one, GlyphRenderer)]
        for grid in drawn.center:
            self.parts["Grid", grid.id] = grid
            keys[grid.id] = "Grid", grid.id
        owned: list[tuple[Model, str, list[Any]]] = [
            (drawn, "renderers", [one for one in drawn.renderers if one not in annotations]),
            (drawn, "center", [*drawn.center, *annotations]),
            *((legend, "items", legend.items) for legend in drawn.legend),
            *(
                (tool, "renderers", list(tool.renderers))
                for tool in drawn.tools
                if isinstance(tool, HoverTool)
            ),
        ]
        self.lists = [Listing(owner, name, [keys[one.id] for one in models]) for owner, name, models in owned]
        for listing in self.lists:
            setattr(listing.owner, listing.name, [])

    def annotate(self, key: Key, annotation: Model) -> None:
        """Add an annotation, instead of the renderer of that name if there is one."""
        self.parts[key] = annotation
        renderers, center = self.lists[:2]
        renderers.keys = [one for one in renderers.keys if one != key]
        center.keys.append(key)

    def add_renderer(self, key: Key, renderer: GlyphRenderer) -> None:
        """Add a renderer above all others."""
        self._name(key, renderer)
        self.lists[0].keys.append(key)

    def drop(self, key: Key) -> None:
        """Remove what the page has no use for."""
        del self.parts[key]
        for listing in self.lists:
            listing.keys = [one for one in listing.keys if one != key]

    def emptied(self) -> "Template":
        """Return this template without the neutral data."""
        for part in self.parts.values():
            if isinstance(part, GlyphRenderer) and isinstance(part.data_source, ColumnDataSource):
                clear(part.data_source)
        return self

    def attributes(self, model: Model) -> dict[str, Any]:
        """Return the properties of a model that are not the default."""
        if model.id not in self._attributes:
            found: dict[str, Any] = model.properties_with_values(include_defaults=False)
            kept = [name for name, value in found.items() if self._differs(model, name, value)]
            self._attributes[model.id] = {name: found[name] for name in kept}
        return self._attributes[model.id]

    def _differs(self, model: Model, name: str, value: Any) -> bool:
        """Return whether a value is not what a new model has; HoloViews also sets properties to defaults."""
        descriptor = model.lookup(name)
        if descriptor.readonly:
            return False
        if isinstance(value, Model):
            default = descriptor.class_default(type(model))
            return type(value) is not type(default) or bool(self.attributes(value))
        return not isinstance(value, str | int | float | None) or value != descriptor.class_default(
            type(model)
        )


class Copies:
    """Copies of models: each is copied once, with all that it refers to.

    Parameters
    ----------
    template : Template
        Where the models belong.
    method : str, optional
        Method whose colour, dash and name replace those of `EXAMPLE`.
    """

    def __init__(self, template: Template, method: str = EXAMPLE):
        self._template = template
        self._copies: dict[str, Model] = {}
        self._dash = METHOD_INFO[method].dash
        self._strings = {EXAMPLE: method, METHOD_INFO[EXAMPLE].color: METHOD_INFO[method].color}
        self._changes = method != EXAMPLE

    def of(self, value: Any) -> Any:
        """Return the copy of a model, or of a container with the models in it."""
        if isinstance(value, str):
            return self._strings.get(value, value)
        if isinstance(value, Model):
            return self._copies[value.id] if value.id in self._copies else self._copy(value)
        if isinstance(value, Value):
            return replace(value, value=self.of(value.value))
        if isinstance(value, Field):
            return replace(value, transform=self.of(value.transform))
        if isinstance(value, Mapping):
            return {key: self.of(one) for key, one in value.items()}
        for kind in (list, tuple, set):
            if isinstance(value, kind):
                return kind(self.of(one) for one in value)
        return value

    def _copy(self, model: Model) -> Model:
        # Without the axes and tools that the constructor of a figure makes.
        copy = self._copies[model.id] = type(model).__new__(type(model))
        attributes = {name: self.of(value) for name, value in self._template.attributes(model).items()}
        if self._changes and "line_dash" in attributes:
            attributes["line_dash"] = self._dash
        HasProps.__init__(copy, **attributes)
        return copy


class PlotFigure:
    """A figure of the page: a copy of a template, which draws each method that is shown as `EXAMPLE`.

    Parameters
    ----------
    template : Template
        What is drawn.

    Attributes
    ----------
    figure : bokeh.plotting.figure
        The figure of this page.
    sources : dict of tuple to ColumnDataSource
        Columns by group and label of the element; replacing them moves the figure.
    """

    def __init__(self, template: Template):
        self._template, self._copies = template, Copies(template)
        self._methods: dict[str, Copies] = {}
        self.figure: figure = self._copies.of(template.figure)
        self.sources: dict[Key, ColumnDataSource] = {}
        self._list_parts()

    def part(self, group: str, label: str = "") -> Any:
        """Return a renderer, annotation, entry of the legend, or source."""
        if label in self._methods:
            return self._methods[label].of(self._template.parts[group, EXAMPLE])
        return self._copies.of(self._template.parts[group, label])

    def show(self, methods: Collection[str]) -> None:
        """Show only these methods."""
        self.add(methods)
        for group, method in self._expanded(self._template.parts):
            if method in self._methods:
                self.part(group, method).visible = method in methods

    def add(self, methods: Collection[str]) -> None:
        """Add the parts of these methods that are missing; unused ones slow the page down."""
        missing, document = set(methods) - self._methods.keys(), self.figure.document
        if missing:
            self._methods |= {method: Copies(self._template, method) for method in missing}
            # Freeze once: the document recounts its models at every change.
            with document.models.freeze() if document is not None else nullcontext():
                self._list_parts()

    def _list_parts(self) -> None:
        """List all parts in the order of the template, and name their sources."""
        for listing in self._template.lists:
            parts = [self.part(*key) for key in self._expanded(listing.keys)]
            setattr(self._copies.of(listing.owner), listing.name, parts)
        for key in self._expanded(self._template.parts):
            part = self.part(*key)
            if isinstance(part, GlyphRenderer) and isinstance(part.data_source, ColumnDataSource):
                self.sources[key] = part.data_source

    def _expanded(self, keys: Collection[Key]) -> Iterator[Key]:
        """Yield keys, those of `EXAMPLE` for each method instead; only methods with a seed have a band."""
        for group, label in keys:
            if label != EXAMPLE:
                yield group, label
                continue
            for method in METHODS:
                if method in self._methods and (group != BAND or method in SEEDED_METHODS):
                    yield group, method
