"""The structure viewer and the map as anywidgets, for notebooks without Panel's comms.

They need the extra ``anywidget``, and work in VS Code, Colab, marimo and JupyterLab.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from bokeh.util.serialization import make_id

from quests_core import atoms_forces

from ..analysis.scene import SceneOptions, make_scene
from ..plots import map_colors
from ..plots.map_colors import MapColors
from ..widgets.structure_viewer import by_element, scene_message

try:
    import anywidget
    import traitlets
except ImportError:
    raise ImportError('these widgets need anywidget: pip install "quests-explorer[anywidget]"') from None

_ASSETS = Path(__file__).parents[1] / "assets"
_STEPS = 9


def _structure_script() -> str:
    """Return the viewer of the page as a module of anywidget, which has a default export only."""
    viewer = (_ASSETS / "structure.js").read_text(encoding="utf-8")
    adapter = (_ASSETS / "structure_widget.js").read_text(encoding="utf-8")
    return viewer.replace("export function render(", "function render(") + adapter


class StructureWidget(anywidget.AnyWidget):
    """Structures that are rotated, zoomed, measured and played with the mouse or keys.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        The frames.
    frame : int
        The one to show first.
    cutoff : float
        Radius of the sphere around a clicked atom, Å.
    height : int
        Pixels.

    Attributes
    ----------
    frame : int
        The frame that is shown; may be set.
    atom : int
        The atom that was clicked last, whose environment is shown; −1 for none.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from quests_app.notebook.anywidgets import StructureWidget
    >>> viewer = StructureWidget([bulk("Cu"), bulk("NaCl", "rocksalt", a=5.6)])
    >>> viewer.frame = 1
    >>> viewer.scene["symbols"]
    ['Na', 'Cl']
    """

    _esm = _structure_script()
    scene = traitlets.Dict().tag(sync=True)
    clicked = traitlets.List([-1, 0]).tag(sync=True)
    steps = traitlets.Bool(True).tag(sync=True)
    stepped = traitlets.List([0, 0]).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    height = traitlets.Int(420).tag(sync=True)
    frame = traitlets.Int(0)
    atom = traitlets.Int(-1)

    def __init__(self, frames: Sequence[Atoms], frame: int = 0, cutoff: float = 5.0, height: int = 420):
        self._frames, self._cutoff, self._key = list(frames), cutoff, make_id()
        if not self._frames:
            raise ValueError("frames: expected at least one frame, got none")
        super().__init__(frame=frame, height=height)
        self._draw()

    @traitlets.validate("frame")
    def _check_frame(self, proposal) -> int:
        frame = int(proposal["value"])
        if not 0 <= frame < len(self._frames):
            raise ValueError(f"frame: expected a number from 0 to {len(self._frames) - 1}, got {frame}")
        return frame

    @traitlets.observe("clicked")
    def _click(self, change) -> None:
        self.atom = int(change["new"][0])

    @traitlets.observe("stepped")
    def _step(self, change) -> None:
        self.frame = (self.frame + int(change["new"][0])) % len(self._frames)

    @traitlets.observe("frame")
    def _show_frame(self, _) -> None:
        # The same atom of another frame is none of its own.
        if not 0 <= self.atom < len(self._frames[self.frame]):
            self.atom = -1
        self._draw()

    @traitlets.observe("atom")
    def _show_atom(self, _) -> None:
        self._draw()

    def _draw(self) -> None:
        atoms = self._frames[self.frame]
        picked = self.atom if 0 <= self.atom < len(atoms) else None
        forces = atoms_forces(atoms)
        scene = make_scene(atoms, SceneOptions(forces=forces is not None), picked, self._cutoff, forces)
        symbols = atoms.get_chemical_symbols()
        hints = [f"atom {i} ({symbol})" for i, symbol in enumerate(symbols)]
        label = f"Frame {self.frame}, {atoms.get_chemical_formula()}"
        message = scene_message(scene, by_element(atoms.numbers), symbols, hints, label, self._key)
        self.scene = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in message.items()
        }


class MapWidget(anywidget.AnyWidget):
    """A map of environments on which every point is drawn; a lasso selects frames, a click a point.

    Shift and drag adds to the selection, Alt and drag moves the map, the wheel zooms, and a double click
    shows all of it.

    Parameters
    ----------
    xy : array of shape (n, 2)
        Places of the environments, such as from a UMAP.
    frame_index : array of int, shape (n,), optional
        Frame of each; by default each is a frame of its own.
    color : array of shape (n,), optional
        Numbers or names by which the environments are coloured; by default the density on the map.
    title : str
        Title of the colour bar: the quantity and its unit.
    height : int
        Pixels.

    Attributes
    ----------
    selected : list of int
        The selected frames, ascending; may be set.
    clicked : int
        The environment that was clicked last, −1 for none; may be set.

    Examples
    --------
    >>> import numpy as np
    >>> from quests_app.notebook.anywidgets import MapWidget
    >>> chart = MapWidget(np.random.default_rng(0).normal(size=(100, 2)), np.arange(100) // 4)
    >>> chart.selected = [3, 7]
    >>> chart.selected
    [3, 7]
    """

    _esm = (_ASSETS / "map_widget.js").read_text(encoding="utf-8")
    points = traitlets.Bytes().tag(sync=True)
    frames = traitlets.Bytes().tag(sync=True)
    colors = traitlets.Bytes().tag(sync=True)
    palette = traitlets.List(traitlets.Unicode()).tag(sync=True)
    legend = traitlets.Dict().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(420).tag(sync=True)
    selected = traitlets.List(traitlets.Int()).tag(sync=True)
    clicked = traitlets.Int(-1).tag(sync=True)

    def __init__(
        self, xy: np.ndarray, frame_index: np.ndarray | None = None, color: np.ndarray | None = None,
        title: str = "", height: int = 420,
    ):  # fmt: skip
        xy = np.asarray(xy, dtype=np.float32)
        if xy.ndim != 2 or xy.shape[1] != 2 or not len(xy) or not np.isfinite(xy).all():
            raise ValueError(f"xy: expected finite numbers of shape (n, 2), got shape {xy.shape}")
        self.frame_index = np.arange(len(xy)) if frame_index is None else np.asarray(frame_index)
        if self.frame_index.shape != (len(xy),):
            raise ValueError(f"frame_index: expected shape {(len(xy),)}, got {self.frame_index.shape}")
        found = _colors(xy, color, title)
        super().__init__(
            points=xy.tobytes(), frames=self.frame_index.astype(np.int32).tobytes(),
            colors=found.colors.astype(np.uint8).tobytes(), palette=list(found.palette),
            legend=_legend(found), height=height,
            label=f"Map of {len(xy):,} environments of {len(np.unique(self.frame_index)):,} frames",
        )  # fmt: skip

    def show_in(self, viewer: StructureWidget) -> None:
        """Show the structure of each environment that is clicked from now on."""

        def follow(change) -> None:
            row = int(change["new"])
            if 0 <= row < len(self.frame_index):
                frame = int(self.frame_index[row])
                viewer.frame = frame
                viewer.atom = row - int(np.argmax(self.frame_index == frame))

        self.observe(follow, "clicked")


def _colors(xy: np.ndarray, color: np.ndarray | None, title: str) -> MapColors:
    if color is None:
        return map_colors.by_crowding(xy.astype(float), np.arange(len(xy)))
    values = np.asarray(color)
    if values.shape != (len(xy),):
        raise ValueError(f"color: expected shape {(len(xy),)}, got {values.shape}")
    if values.dtype.kind in "UOS":
        return map_colors.by_category(values.astype(str))
    return map_colors.by_value(values.astype(float), title)


def _legend(colors: MapColors) -> Mapping[str, Any]:
    """Return the colour bar, or the names of categories."""
    if not colors.bar:
        return {"names": [[f"{name} {n:,}", color] for name, color, n in colors.legend]}
    low, high, title = colors.bar
    scale = colors.palette[1:]
    shown = [scale[i] for i in np.linspace(0, len(scale) - 1, _STEPS).astype(int)]
    return {"title": title or "value", "low": f"{low:.3g}", "high": f"{high:.3g}", "colors": shown}
