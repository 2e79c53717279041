"""What is set on matplotlib's axes."""

from tests.app.plots.test_elements import MADE, drawn


def test_ticks_of_logarithmic_axes_need_no_formula():
    figure = drawn(MADE["force_tail"](), "matplotlib")
    figure.canvas.draw()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert {"10⁻²", "10⁻¹", "1"} <= set(labels)
