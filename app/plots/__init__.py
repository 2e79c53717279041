"""Plots as HoloViews elements from plain data: one definition for page, notebook and paper.

Elements carry the options of Bokeh and of matplotlib: show them after ``hv.extension("bokeh")`` or
``hv.extension("matplotlib")``, compose them with ``*`` and ``+``, change them with ``.opts``, and write them
with ``hv.save``.
"""

from importlib import import_module

_MODULES = {
    "addition": "sets",
    "bandwidth": "bandwidth",
    "comparison_figure": "paper",
    "compression_figure": "paper",
    "delta_entropy": "delta",
    "entropy_diversity": "curves",
    "environment_map": "maps",
    "errors_against": "potentials",
    "errors_by_novelty": "potentials",
    "force_errors": "potentials",
    "force_tail": "forces",
    "histogram": "columns",
    "lost_figure": "paper",
    "novelty": "delta",
    "overlap": "curves",
    "overlap_matrix": "sets",
    "parity": "parity",
    "redundancy": "sets",
    "scatter": "columns",
    "set_map": "sets",
    "subset_maps": "maps",
}
__all__ = sorted(_MODULES)


def __getattr__(name: str):
    """Import a function, and both backends, at its first use: the page needs neither all nor matplotlib."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_module(".elements.options", __name__).load_matplotlib()
    found = getattr(import_module(f".elements.{_MODULES[name]}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the functions, which are imported at their first use."""
    return [*globals(), *__all__]
