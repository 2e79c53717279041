"""Work around three faults of Bokeh 3.9 and 3.10.

- Every default of a property is validated and copied at each access: a third of the time to build a page and
  two thirds of the time to send it went into this.
- After a callback that fails, its document stays the current one: a page that is built later takes it for the
  document of the process and keeps it in memory (3.9 only).
- A message from a page marks all models as known to the page, also those in changes that wait to be sent.
  These are then sent without their definitions, and the page drops the changes.

Where a private name is missing, Bokeh is left as it is.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps

from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.core.serialization import Deserializer
from bokeh.document import Document
from bokeh.document import document as bokeh_document
from bokeh.io import doc as bokeh_doc
from bokeh.model import Model

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
    # Bokeh 3.10 has a context variable in place of this list, and restores it.
    if not isinstance(getattr(bokeh_doc, "_PATCHED_CURDOCS", None), list) or patch.__module__ == __name__:
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

    # The modules of Bokeh and Panel that have imported the function hold it by the same name.
    for module in tuple(sys.modules.values()):
        if getattr(module, "__dict__", {}).get("patch_curdoc") is patch:
            setattr(module, "patch_curdoc", patch_and_restore)  # noqa: B010


class _MessageDeserializer(Deserializer):
    """A deserializer that refers to the models that a message contains, not to all models of the document."""

    def __init__(self, references=None, **options):
        super().__init__(references, **options)
        self._of_document = {model.id for model in references or ()}

    def has_ref(self, obj: Model) -> bool:
        return obj.id not in self._of_document and super().has_ref(obj)


def patch_unsent_models() -> None:
    """Keep models that have not been sent when a message from the page arrives as unknown to the page.

    For notebooks: a server sends changes at once.
    """
    if getattr(bokeh_document, "Deserializer", None) is Deserializer:
        bokeh_document.Deserializer = _MessageDeserializer  # type: ignore[misc]
