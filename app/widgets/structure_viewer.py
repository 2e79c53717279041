"""The 3-D picture: a scene and its colours, sent to our own renderer in ``assets/structure.js``.

It draws on a 2-D canvas. So it needs no WebGL, which is missing on many remote desktops, and no library,
which would have to be fetched; a thousand atoms turn smoothly all the same.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import panel as pn
import param
from ase.data import chemical_symbols
from ase.data.colors import jmol_colors

from ..analysis.scene import Scene
from .card import CSS

NO_VALUE = "#c3c9d1"
_N_STEPS = 64


@dataclass(frozen=True, eq=False)
class AtomColors:
    """A colour for each atom of a frame, and what it means.

    Attributes
    ----------
    index : ndarray of shape (n_atoms,)
        Into `palette`.
    palette : list of str
        Colours as ``#rrggbb``.
    legend : dict
        ``{"names": [[name, colour], ...]}``, or ``{"title", "low", "high", "colors"}`` of a bar.
    """

    index: np.ndarray
    palette: list[str]
    legend: dict


def by_element(numbers: np.ndarray) -> AtomColors:
    """Return Jmol's colours of the elements."""
    found, index = np.unique(numbers, return_inverse=True)
    palette = [_hex(jmol_colors[z if z < len(jmol_colors) else 0]) for z in found]
    names = [chemical_symbols[z] if z < len(chemical_symbols) else str(z) for z in found]
    return AtomColors(index, palette, {"names": [list(pair) for pair in zip(names, palette, strict=True)]})


def by_value(values: np.ndarray, colors, low: float, high: float, title: str, below: str = "") -> AtomColors:
    """Return colours of numbers from `low` to `high`; grey where one is below `low` or not a number.

    `below` says in the legend what grey means.
    """
    high = high if high > low else low + 1.0
    palette = [colors[i] for i in np.linspace(0, len(colors) - 1, _N_STEPS).astype(int)]
    grey = ~(values >= low)
    shares = np.clip((np.where(grey, low, values) - low) / (high - low), 0, 1)
    index = np.where(grey, _N_STEPS, np.minimum((shares * _N_STEPS).astype(int), _N_STEPS - 1))
    ends = {"low": f"{low:.3g}" if abs(low) > 1e-4 else "0", "high": f"{high:.3g}"}
    names = [[below, NO_VALUE]] if below and grey.any() else []
    return AtomColors(
        index, [*palette, NO_VALUE], {"title": title, "colors": palette[::9], "names": names, **ends}
    )


def _hex(rgb: np.ndarray) -> str:
    return "#" + "".join(f"{round(255 * float(c)):02x}" for c in rgb)


class StructureViewer(pn.custom.JSComponent):
    """Draws a scene; turn by dragging, zoom with the wheel, pick an atom by a click."""

    scene = param.Dict(default={}, doc="What `draw` made of a scene.")
    clicked = param.List(default=[-1, 0], doc="Atom of the frame last clicked, and the number of clicks.")

    _esm = Path(__file__).parents[1] / "assets" / "structure.js"

    def __init__(self, **params):
        super().__init__(**{"sizing_mode": "stretch_both", "margin": 0, "stylesheets": [CSS], **params})

    def draw(self, scene: Scene, coloring: AtomColors, hints: list[str], label: str, key: str) -> None:
        """Draw a scene.

        Parameters
        ----------
        scene : Scene
            Where everything is.
        coloring : Coloring
            Colours of the frame's atoms.
        hints : list of str
            What is said of each atom of the frame when it is pointed at.
        label : str
            What screen readers say.
        key : str
            The view is kept between scenes of one key and of similar size.
        """
        self.scene = {
            "positions": _flat(scene.positions),
            "radius": _flat(scene.radius),
            "atom": scene.atom.astype(np.int32),
            "style": scene.style.astype(np.int32),
            "color": coloring.index[scene.atom].astype(np.int32),
            "bonds": scene.bonds.astype(np.int32).ravel(),
            "edges": _flat(scene.edges),
            "arrows": _flat(scene.arrows),
            "palette": coloring.palette,
            "legend": coloring.legend,
            "arrow_scale": scene.arrow_scale,
            "sphere": scene.sphere,
            "picked": scene.picked,
            "extent": scene.extent,
            "around": scene.around,
            "hints": hints,
            "label": label,
            "key": key,
        }


def _flat(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.float32).ravel()
