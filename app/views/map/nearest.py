"""The kept environment that is nearest to the current one."""

import panel as pn
import panel_material_ui as pmui

from ...analysis.deferred_environments import DeferredEnvironments
from ...analysis.nearest_environment import Distances, Nearest
from ...analysis.scene import SceneOptions, make_scene
from ...session import current_structure
from ...session.state import State
from ...widgets.card import CSS, card, heading, html
from ...widgets.structure_viewer import StructureViewer, by_element
from ..base import View
from ..frame_text import atom_tooltips, environment_line, frame_line

_OPTIONS = SceneOptions(around=True, cell=False)


class NearestView(View):
    """Distance, description and structure of the nearest kept environment."""

    def __init__(self, state: State, tab: str = ""):
        super().__init__(state, tab)
        self._distances: tuple = (None, None)
        self._nearest: Nearest | None = None
        self._env = 0
        self._shown: tuple = ()
        self._head, self._text = html(heading("Nearest kept environment", ("nearest",))), html()
        self._text.css_classes = ["fits"]
        self._viewer = StructureViewer(min_height=100)
        self._go = pmui.Button(
            label="Make current", description="Make this the current environment", size="small",
            variant="outlined", margin=(6, 0, 0, 0),
        )  # fmt: skip
        self._go.on_click(lambda _: self._make_current())
        self._viewer.param.watch(lambda event: self._make_current(event.new[0]), "clicked")
        subset = ("paths", "active", "n_frames", "exact_deltas", "marks")
        self.follow(self._update, "opened", "current_env", "selected", *subset)

    @property
    def _is_ready(self) -> bool:
        """Whether there is a subset, and the descriptors are known, for which the page must not wait."""
        state = self._state
        if state.opened is None or state.path is None:
            return False
        envs = state.opened.envs
        return not isinstance(envs, DeferredEnvironments) or envs.is_known

    def _find(self) -> Nearest | None:
        state = self._state
        if self._distances[0] is not state.opened:
            self._distances = state.opened, Distances(state.data.envs)
        return self._distances[1].nearest(self._env, state.mask)

    def _update(self) -> None:
        state = self._state
        self._nearest = None
        if self._is_ready:
            self._env = current_structure.shown_env(state)
            self._nearest = self._find()
        nearest = self._nearest
        self._viewer.visible = nearest is not None
        self._go.visible = nearest is not None and nearest.row != self._env
        if nearest is None:
            self._text.object = f'<div class="small">{self._why_none()}</div>'
            self._shown = ()
            return
        self._text.object = self._description(nearest)
        self._draw(nearest.row)

    def _why_none(self) -> str:
        if self._state.opened is None or self._state.path is None:
            return "Nothing is open."
        if not self._is_ready:
            return "The descriptors are being computed."
        return "No frame is kept."

    def _description(self, nearest: Nearest) -> str:
        state, row = self._state, nearest.row
        if row == self._env:
            distance = "The current environment is kept: distance 0."
        else:
            bandwidths = nearest.distance / state.data.parameters.bandwidth
            distance = f"Distance <b>{nearest.distance:.4g} Å⁻¹</b> ({bandwidths:.2g} bandwidths)"
        frame = current_structure.frame_of(state, row)
        element = self._other_element(row)
        of = ""
        if state.current_env is None:
            # The structure beside it shows the same frame.
            atom, shown = current_structure.atom_of(state, self._env), current_structure.shown_frame(state)
            of = (
                f'<div class="small">To atom {atom} of frame {shown}, its most novel one; click an atom, or '
                "a point on the map, for another.</div>"
            )
        return (
            f'{of}<div class="atoms wraps">{distance}</div>'
            f'<div class="small">frame {frame}: {environment_line(state, row)}{element}</div>'
            f"{frame_line(state, frame)}"
        )

    def _other_element(self, row: int) -> str:
        """Return a warning if the elements of the two atoms differ, which the descriptor may ignore."""
        state = self._state
        if _element(state, row) == _element(state, self._env):
            return ""
        ignored = "" if state.data.parameters.species else ": the descriptor does not distinguish them"
        return f". Different element{ignored}."

    def _draw(self, row: int) -> None:
        """Draw the environment unless it is already displayed."""
        state = self._state
        if (state.opened, row) == self._shown:
            return
        self._shown = state.opened, row
        frame = current_structure.frame_of(state, row)
        atoms = state.data.dataset.frames[frame]
        scene = make_scene(
            atoms, _OPTIONS, current_structure.atom_of(state, row), state.data.parameters.cutoff
        )
        self._viewer.draw(
            scene, by_element(atoms.numbers), atoms.get_chemical_symbols(),
            atom_tooltips(state, frame, 0, None, ""),
            f"The nearest kept environment, in frame {frame}", state.data.dataset.sha256,
        )  # fmt: skip

    def _make_current(self, atom: int | None = None) -> None:
        """Make the nearest environment current, or that of another atom of its frame."""
        if self._nearest is None:
            return
        row = self._nearest.row
        if atom is not None:
            row = (
                current_structure.rows_of(self._state, current_structure.frame_of(self._state, row)).start
                + atom
            )
        with pn.io.hold():
            self._state.current_env = row

    def __panel__(self):
        """Return the card."""
        text = pn.Column(self._text, self._go, sizing_mode="stretch_width", margin=0)
        content = pn.Column(
            text, self._viewer, css_classes=["beside"], stylesheets=[CSS], sizing_mode="stretch_both",
            margin=(6, 0, 0, 0),
        )  # fmt: skip
        return card(self._head, content, area="nearest")


def _element(state: State, row: int) -> str:
    atoms = state.data.dataset.frames[current_structure.frame_of(state, row)]
    return atoms.symbols[current_structure.atom_of(state, row)]
