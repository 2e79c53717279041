"""Work around two faults of Bokeh 3.9 and 3.10.

Every default of a property is validated and copied at each access: a third of the time to build a page and
two thirds of the time to send it went into this. And a callback that fails stays the current document's
until the process ends: a page that is built later takes the document of another session for the process's
own and keeps it in memory.

Where a private name is missing, Bokeh is left as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps

from bokeh.application.handlers import code as bokeh_code
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.document import Document
from bokeh.io import doc as bokeh_doc
from panel.io import handlers as panel_handlers

# The modules that hold the function, under the same name.
_PATCHERS = (bokeh_doc, bokeh_code, panel_handlers)

# Types whose values need no copies.
_IMMUTABLE = frozenset({type(None), bool, int, float, str})


def patch_defaults() -> None:
    """Keep the immutable defaults of each class; values of themes and other defaults stay as they are."""
    look_up = getattr(PropertyDescriptor, "_get_default", None)
    has_unstable = getattr(PropertyDescriptor, "has_unstable_default", None)
    if look_up is None or has_unstable is None or hasattr(look_up, "__wrapped__"):
        return
    known: dict[tuple[type, str], object] = {}

    @wraps(look_up)
    def look_up_once(self, obj):
        themed, key = obj.themed_values(), (type(obj), self.name)
        if themed is not None and self.name in themed:
            return look_up(self, obj)
        try:
            return known[key]
        except KeyError:
            value = look_up(self, obj)
        if type(value) in _IMMUTABLE and not has_unstable(self, obj):
            known[key] = value
        return value

    PropertyDescriptor._get_default = look_up_once  # type: ignore[method-assign]


def patch_current_document() -> None:
    """Restore the current document also after a callback or a page that fails."""
    patch = bokeh_doc.patch_curdoc
    if patch.__module__ == __name__:
        return

    @contextmanager
    def patch_and_restore(document: Document) -> Iterator[None]:
        patched = patch(document)
        patched.__enter__()
        try:
            yield
        finally:
            # Bokeh's own context restores nothing if it is told of an error.
            patched.__exit__(None, None, None)

    for module in _PATCHERS:
        if getattr(module, "patch_curdoc", None) is patch:
            module.patch_curdoc = patch_and_restore  # type: ignore[attr-defined]
