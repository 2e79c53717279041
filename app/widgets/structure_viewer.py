"""The 3-D structure viewer, rendered by ``assets/structure.js``.

It draws on a 2-D canvas and needs neither WebGL, which many remote desktops lack, nor an external library.
A thousand atoms rotate smoothly.
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
    """Colours of the atoms of a frame, and their legend.

    Attributes
    ----------
    index : ndarray of shape (n_atoms,)
        Index of each atom into `palette`.
    palette : list of str
        Colours as ``#rrggbb``.
    legend : dict
        ``{"names": [[name, colour], ...]}``, or ``{"title", "low", "high", "colors"}`` for a colour bar.
    """

    index: np.ndarray
    palette: list[str]
    legend: dict


def by_element(numbers: np.ndarray) -> AtomColors:
    """Colour atoms by element, as in Jmol."""
    found, index = np.unique(numbers, return_inverse=True)
    palette = [_hex(jmol_colors[z if z < len(jmol_colors) else 0]) for z in found]
    names = [chemical_symbols[z] if z < len(chemical_symbols) else str(z) for z in found]
    return AtomColors(index, palette, {"names": [list(pair) for pair in zip(names, palette, strict=True)]})


def by_value(values: np.ndarray, colors, low: float, high: float, title: str, below: str = "") -> AtomColors:
    """Colour atoms by a number from `low` to `high`; values below `low` and NaN are grey.

    `below` is the legend entry of grey.
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
    """Interactive viewer: drag to rotate, scroll to zoom, click to select an atom.

    Labels, measured distances and full screen are known to the browser only.
    """

    scene = param.Dict(default={}, doc="Scene as sent to the browser by `draw`.")
    clicked = param.List(
        default=[-1, 0], doc="Index of the last clicked atom in the frame, and the number of clicks."
    )

    steps = param.Boolean(default=False, constant=True, doc="Whether the browser can ask for other frames.")
    stepped = param.List(
        default=[0, 0], doc="1 for the next frame or -1 for the previous one, and the number of steps."
    )
    playing = param.Boolean(default=False, doc="Whether the browser asks for one frame after the other.")

    _esm = Path(__file__).parents[1] / "assets" / "structure.js"

    def __init__(self, **params):
        super().__init__(**{"sizing_mode": "stretch_both", "margin": 0, "stylesheets": [CSS], **params})

    def draw(
        self, scene: Scene, coloring: AtomColors, symbols: list[str], hints: list[str], label: str, key: str
    ) -> None:
        """Draw a scene.

        Parameters
        ----------
        scene : Scene
            Positions of atoms, bonds, cell edges and arrows.
        coloring : AtomColors
            Colours of the frame's atoms.
        symbols : list of str
            Element of each atom of the frame.
        hints : list of str
            Tooltip of each atom of the frame.
        label : str
            Accessible description, for screen readers.
        key : str
            Camera key: scenes of the same key and similar size keep the view.
        """
        self.scene = scene_message(scene, coloring, symbols, hints, label, key)


def scene_message(
    scene: Scene, coloring: AtomColors, symbols: list[str], hints: list[str], label: str, key: str
) -> dict:
    """Return a scene as ``assets/structure.js`` takes it; the arguments are those of `draw`."""
    return {
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
        "fixed": scene.n_copies,
        "cell": _flat(scene.lattice[0]),
        "inverse": _flat(scene.lattice[1]),
        "symbols": symbols,
        "hints": hints,
        "label": label,
        "key": key,
    }


def _flat(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.float32).ravel()
