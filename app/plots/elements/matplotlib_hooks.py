"""What HoloViews cannot set in matplotlib: called with each plot it has drawn."""

import math

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def finish(plot, element) -> None:
    """Set the shape of the axes, put the colour bar beside them, and draw all texts as they are."""
    axes = plot.handles["axis"]
    # HoloViews' own ratio is wrong where an axis is logarithmic.
    axes.set_aspect("auto")
    axes.set_box_aspect(1 / plot.aspect)
    axes.apply_aspect()
    box = axes.get_position()
    for part in plot.subplots.values():
        if "cax" in part.handles:
            part.handles["cax"].set_position(
                [box.x1 + 0.03 * box.width, box.y0, 0.03 * box.width, box.height]
            )
    legend = axes.get_legend()
    if legend is not None and plot.legend_position == "top" and axes.get_title():
        n_rows = -(-len(legend.get_texts()) // plot.legend_cols)
        axes.set_title(axes.get_title(), pad=10 + 14 * n_rows)
    _plain_text(plot.handles["fig"], axes)


def _plain_text(figure, axes) -> None:
    """Let no text be a formula: names from a file may hold dollars. Powers of ten are Unicode instead."""
    from matplotlib.text import Text

    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_formatter(powers_of_ten)
            axis.set_minor_formatter("")
    for text in figure.findobj(Text):
        text.set_parse_math(False)


def powers_of_ten(value: float, position: int | None = None) -> str:
    """Return a tick label of a logarithmic axis.

    Examples
    --------
    >>> powers_of_ten(0.001), powers_of_ten(1), powers_of_ten(10)
    ('10⁻³', '1', '10')
    """
    exponent = round(math.log10(value))
    return f"{value:g}" if exponent in (0, 1) else f"10{str(exponent).translate(_SUPERSCRIPT)}"
