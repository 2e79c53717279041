"""Plots as HoloViews elements, drawn by both backends."""

import doctest
import importlib
import inspect
import io
import subprocess
import sys
from pathlib import Path

import holoviews as hv
import numpy as np
import pandas as pd
import PIL.Image
import pytest
from bokeh.models import ColorBar, LogScale

from quests_app import plots

MODULES = sorted({f"quests_app.plots.elements.{name}" for name in plots._MODULES.values()})
LAYOUTS = {"subset_maps", "compression_figure", "lost_figure", "comparison_figure"}


def curve(shift=0.0):
    sizes = np.arange(1, 101)
    return pd.DataFrame({
        "n_frames": sizes, "n_envs": 40 * sizes, "fraction": sizes / 100,
        "entropy": 4 + shift + np.log(sizes) / 2, "diversity": 5 + np.log(sizes), "overlap": sizes / 100,
    })  # fmt: skip


RNG = np.random.default_rng(0)
CURVES = {"msc": curve(), "random": curve(-0.2)}
FORCES = np.sort(RNG.exponential(size=500))
DELTAS = {"msc": RNG.normal(size=300) - 1, "random": 3 * RNG.normal(size=300)}
XY = RNG.normal(size=(400, 2))
BAND = (np.linspace(6, 9, 20), np.linspace(4.5, 5.9, 20), np.linspace(4.7, 6.1, 20))
ERRORS = pd.DataFrame({
    "method": ["msc", "msc", "random", "random"] * 2, "fraction": [0.1] * 4 + [0.5] * 4,
    "force_rmse": [0.3, 0.32, 0.4, 0.38, 0.2, 0.2, 0.2, 0.22],
})  # fmt: skip
POTENTIALS = ERRORS.assign(
    n_frames=(100 * ERRORS.fraction).astype(int), seed=[0, 1] * 4, overlap=ERRORS.fraction
)
GROUPS = pd.DataFrame([
    {"method": method, "by": "delta_entropy", "low": low, "force_rmse": error + 0.02 * seed, "n_test_envs": 9}
    for method, error in (("msc", 0.2), ("random", 0.3)) for seed in (0, 1) for low in (None, 0.0, 5.0, 20.0)
])  # fmt: skip
TABLE = pd.DataFrame([
    (name, method, fraction, 5 + fraction - (method == "random"), fraction)
    for name in ("Cu", "Si") for method in ("msc", "random", "fps") for fraction in (0.5, 0.1)
], columns=["set", "method", "fraction", "diversity", "overlap"])  # fmt: skip
MADE = {
    "addition": lambda: plots.addition(np.arange(9), np.linspace(0.3, 1, 9), np.linspace(0.3, 0.8, 9), 4),
    "bandwidth": lambda: plots.bandwidth(np.geomspace(5e-4, 0.5, 9), np.linspace(8, 0, 9), 8.5, 0.015),
    "comparison_figure": lambda: plots.comparison_figure(TABLE),
    "compression_figure": lambda: plots.compression_figure(
        CURVES, FORCES, {"msc": FORCES[::3]}, {"full set": (7.0, 4000)}, ERRORS
    ),
    "delta_entropy": lambda: plots.delta_entropy(DELTAS),
    "entropy_diversity": lambda: plots.entropy_diversity(CURVES, 30, "msc", {"random": BAND}),
    "environment_map": lambda: plots.environment_map(XY, XY[:, 0], title="x / Å"),
    "errors_against": lambda: plots.errors_against(POTENTIALS),
    "errors_by_novelty": lambda: plots.errors_by_novelty(GROUPS),
    "force_errors": lambda: plots.force_errors(ERRORS),
    "force_tail": lambda: plots.force_tail(FORCES, {"msc": FORCES[::3]}),
    "histogram": lambda: plots.histogram(FORCES, "|F| / eV Å⁻¹", FORCES > 2, "frames"),
    "lost_figure": lambda: plots.lost_figure({"25 %": DELTAS}, XY, {"msc": np.arange(100)}),
    "novelty": lambda: plots.novelty(DELTAS["msc"], DELTAS["random"]),
    "overlap": lambda: plots.overlap(CURVES, 30, target=0.9),
    "overlap_matrix": lambda: plots.overlap_matrix(np.array([[1.0, 0.25], [0.5, 1.0]]), ["solid", "liquid"]),
    "parity": lambda: plots.parity(XY, XY + 0.1 * RNG.normal(size=XY.shape)),
    "redundancy": lambda: plots.redundancy({"full set": (7.0, 4000), "liquid": (5.0, 1000)}),
    "scatter": lambda: plots.scatter(XY[:, 0], XY[:, 1], "energy / eV", "|F| / eV Å⁻¹"),
    "set_map": lambda: plots.set_map(XY[:100], DELTAS["random"][:100], XY[100:]),
    "subset_maps": lambda: plots.subset_maps(XY, {"msc": np.arange(100)}),
}  # fmt: skip
# Labels of both axes, and ranges; no axes on maps.
AXES = {
    "addition": ("frames added to the reference", "covered by both / %", (0, 1.02 * 8), (0, 104)),
    "bandwidth": ("h / Å⁻¹", "H / nats", (5e-4, 0.5), (0, 1.08 * 8.5)),
    "delta_entropy": ("δH(environment | subset) / nats", "environments", None, None),
    "entropy_diversity": ("diversity / nats", "entropy / nats", None, None),
    "environment_map": None,
    "errors_against": ("overlap / %", "force RMSE / eV Å⁻¹", None, None),
    "errors_by_novelty": (
        "δH(test environment | training set) / nats",
        "force RMSE / eV Å⁻¹",
        (-0.3, 3.3),
        (0, 1.08 * 0.32),
    ),
    "force_errors": ("frames kept / %", "force RMSE above the best / eV Å⁻¹", (0, 102), None),
    "force_tail": ("f / eV Å⁻¹", "share with |F| > f", (0, 1.03 * FORCES[-1]), (0.6 / 500, 1.6)),
    "histogram": ("|F| / eV Å⁻¹", "frames", None, None),
    "novelty": ("δH / nats", "environments / %", None, None),
    "overlap": ("frames kept / %", "overlap / %", (0, 102), (0, 104)),
    "overlap_matrix": ("covered by", "environments of", (-0.5, 1.5), (-0.5, 1.5)),
    "parity": ("reference force component / eV Å⁻¹", "predicted force component / eV Å⁻¹", None, None),
    "redundancy": ("entropy / nats", "", (0, 1.28 * np.log(4000)), (-0.6, 1.6)),
    "scatter": ("energy / eV", "|F| / eV Å⁻¹", None, None),
    "set_map": None,
}


def drawn(element, backend):
    """Return what a backend makes of an element: a matplotlib figure or a Bokeh model."""
    return hv.renderer(backend).get_plot(element).state


def pixels(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=60)
    return np.asarray(PIL.Image.open(file).convert("RGB")).astype(int)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted
    assert results.failed == 0


def test_every_function_is_listed_drawn_and_described():
    assert set(MADE) == set(plots.__all__) == set(AXES) | LAYOUTS
    for name in plots.__all__:
        function = getattr(plots, name)
        documentation = inspect.getdoc(function)
        assert ">>> " in documentation
        named = documentation[documentation.index("Parameters") : documentation.index("Returns")]
        for parameter in inspect.signature(function).parameters:
            assert parameter in named, f"{name}: {parameter} is not described"


@pytest.mark.parametrize("name", AXES)
def test_axes_and_ranges_in_both_backends(name):
    element, expected = MADE[name](), AXES[name]
    figure = drawn(element, "bokeh")
    axes = drawn(element, "matplotlib").axes[0]
    ranges = [(figure.x_range.start, figure.x_range.end), (figure.y_range.start, figure.y_range.end)]
    np.testing.assert_allclose([axes.get_xlim(), axes.get_ylim()], ranges)
    assert np.isfinite(ranges).all()
    if expected is None:
        assert not figure.xaxis.visible
        assert not axes.xaxis.get_visible()
        return
    labels, limits = expected[:2], expected[2:]
    assert (figure.xaxis.axis_label, figure.yaxis.axis_label) == labels
    assert (axes.get_xlabel(), axes.get_ylabel()) == labels
    for found, wanted in zip(ranges, limits, strict=True):
        if wanted is not None:
            np.testing.assert_allclose(found, wanted)


@pytest.mark.parametrize("name", MADE)
def test_something_is_drawn(name):
    """More than an empty frame: many pixels have a colour."""
    figure = drawn(MADE[name](), "matplotlib")
    assert (np.ptp(pixels(figure), axis=2) > 40).sum() > 150


@pytest.mark.parametrize("name", ["environment_map", "set_map", "overlap_matrix"])
def test_a_colour_bar_has_a_title_with_a_unit(name):
    element, title = MADE[name](), {"environment_map": "x / Å", "set_map": "δH / nats"}
    title = title.get(name, "overlap / %")
    (bar,) = drawn(element, "bokeh").select({"type": ColorBar})
    assert bar.title == title
    assert drawn(element, "matplotlib").axes[1].get_ylabel() == title


def test_elements_compose_and_take_options(tmp_path):
    mine = hv.Curve(([6, 9], [5, 6]), "diversity", "entropy", label="mine")
    both = MADE["entropy_diversity"]() * mine
    figure = drawn(both, "bokeh")
    assert figure.xaxis.axis_label == "diversity / nats"
    assert "mine" in [item.label.value for item in figure.legend[0].items]
    beside = both.opts(width=700, backend="bokeh") + MADE["overlap"]()
    assert len(beside) == 2
    hv.save(beside, tmp_path / "both.html", backend="bokeh", resources="inline")
    hv.save(MADE["overlap"](), tmp_path / "overlap.svg", backend="matplotlib")
    assert "overlap / %" in (tmp_path / "overlap.svg").read_text()


@pytest.mark.parametrize("name", ["bandwidth", "delta_entropy", "force_tail"])
def test_scales_and_labels_outlive_composition(name):
    element = MADE[name]()
    both, logs = element * hv.Curve([(1, 1), (2, 2)], label="mine"), {"bandwidth": "x"}.get(name, "y")
    figure, axes = drawn(both, "bokeh"), drawn(both, "matplotlib").axes[0]
    assert isinstance(getattr(figure, f"{logs}_scale"), LogScale)
    assert getattr(axes, f"get_{logs}scale")() == "log"
    assert (figure.xaxis.axis_label, figure.yaxis.axis_label) == AXES[name][:2]
    assert (axes.get_xlabel(), axes.get_ylabel()) == AXES[name][:2]


def test_the_page_starts_without_pyplot():
    code = "import sys, quests_app.page; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_gallery_and_the_reference_show_every_function():
    docs = Path(__file__).parents[3] / "docs"
    gallery, reference = (docs / "plots.md").read_text(), (docs / "reference.md").read_text()
    assert not [name for name in plots.__all__ if f"plots.{name}(" not in gallery]
    assert not [name for name in plots.__all__ if f"   {name}\n" not in reference]
