"""Work around Bokeh 3.9 and 3.10: every default of a property is validated and copied at each access.

A third of the time to build a page and two thirds of the time to send it went into this. All names used here
are private to Bokeh. Where one is missing, Bokeh is left as it is.
"""

from functools import wraps

from bokeh.core.property.descriptors import PropertyDescriptor

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
