"""The current frame in three dimensions."""

from collections.abc import Callable
from functools import partial

import numpy as np
import panel as pn
import panel_material_ui as pmui

from quests_core import atoms_forces
from quests_core.information.entropy import OVERLAP_THRESHOLD

from ...analysis.scene import Scene, SceneOptions, make_scene
from ...analysis.scene_geometry import ATOM_LIMIT
from ...plots.palettes import DENSITY, NOVELTY, NOVELTY_LIMIT
from ...session import current_structure
from ...session.controller import Controller
from ...session.state import State
from ...widgets.buttons import button
from ...widgets.card import card, heading, html
from ...widgets.structure_viewer import AtomColors, StructureViewer, by_element, by_value
from ..base import View
from ..frame_text import atom_tooltips, environment_line, frame_line

ELEMENT, NOVEL, FORCE = "Element", "δH", "|F|"
BONDS, CELL, FORCES, WRAP = "Bonds", "Cell", "Forces", "Wrap"
STEPS = {
    "All": current_structure.ALL,
    "Kept": current_structure.KEPT,
    "Dropped": current_structure.DROPPED,
    "Selected": current_structure.PICKED,
}
_SMALL = {"size": "small", "margin": 0, "align": "center"}
_TIGHT = {"& .MuiToggleButton-root": {"textTransform": "none", "padding": "2px 7px"}}
_NUMBER = {"& input": {"padding": "6px 8px"}, "& .MuiInputLabel-root": {"fontSize": "13px"}}


class StructureView(View):
    """The frame of the current environment, or the most novel one; a click on an atom makes it current."""

    def __init__(self, state: State, controller: Controller, tab: str = ""):
        super().__init__(state, tab)
        self._head, self._facts, self._environment = html(), html(), html()
        self._empty = html('<div class="empty">Nothing is open.</div>')
        self._viewer = StructureViewer(min_height=120, steps=True)
        self._shown: tuple = ()
        self._scene: Scene | None = None
        self._force_limit: tuple = (None, 0.0)
        self._make_steps()
        self._make_marks()
        self._make_options()
        self._viewer.param.watch(lambda event: self._select_atom(event.new[0]), "clicked")
        self._viewer.param.watch(lambda event: self._step(event.new[0] if event.new else 0), "stepped")
        self._viewer.param.watch(lambda _: self._show_playing(), "playing")
        subset = ("paths", "active", "n_frames", "exact_deltas", "marks")
        self.follow(self._update, "opened", "current_env", "selected", *subset)

    def _make_steps(self) -> None:
        self._back, self._next = (
            pmui.IconButton(icon=icon, description=text, on_click=partial(self._step, by), **_SMALL)
            for icon, text, by in (
                ("chevron_left", "Previous frame", -1),
                ("chevron_right", "Next frame", 1),
            )
        )
        self._play = pmui.IconButton(icon="play_arrow", description="Play", on_click=self._toggle, **_SMALL)
        self._frame = pmui.TextInput(label="Frame", value="", width=58, sx=_NUMBER, **_SMALL)
        self._atom = pmui.TextInput(label="Atom", value="", width=58, sx=_NUMBER, **_SMALL)
        self._through = pmui.Select(
            label="Step through", options=STEPS, value=current_structure.ALL, width=96, **_SMALL
        )
        self._frame.param.watch(lambda event: self._enter(event.new, self._go), "value")
        self._atom.param.watch(lambda event: self._enter(event.new, self._select_atom), "value")
        self._through.param.watch(lambda _: self._update(), "value")

    def _make_marks(self) -> None:
        # Narrow, so that they fit beside the fields at 1280 pixels.
        style = {"margin": 0, "align": "center", "sx": {"minWidth": 0, "padding": "4px 5px"}}
        self._lock = button("Lock", "Keep this frame in every subset", lambda: self._mark("lock"), **style)
        self._exclude = button(
            "Exclude", "Exclude this frame from all subsets and metrics", lambda: self._mark("exclude"),
            **style,
        )  # fmt: skip
        self._unmark = button(
            "Unmark", "Remove the lock or exclusion of this frame", lambda: self._mark("clear"), **style
        )

    def _make_options(self) -> None:
        options = {"sx": _TIGHT, **_SMALL}
        self._color = pmui.RadioButtonGroup(options=[ELEMENT, NOVEL, FORCE], value=ELEMENT, **options)
        self._copies = pmui.RadioButtonGroup(options={"1×": 1, "2×": 2, "3×": 3}, value=1, **options)
        self._parts = pmui.CheckButtonGroup(
            options=[BONDS, CELL, FORCES, WRAP], value=[BONDS, CELL], **options
        )
        for widget in (self._color, self._copies, self._parts):
            widget.param.watch(lambda _: self._update(), "value")

    def _enter(self, text: str, action: Callable[[int], None]) -> None:
        """Call `action` with the entered number; an invalid entry is reset."""
        if self._state.opened is None:
            return
        if text.strip().isdecimal():
            action(int(text))
        self._update_widgets(current_structure.shown_frame(self._state))

    def _select_atom(self, atom: int) -> None:
        """Make the environment of an atom of the displayed frame current."""
        if self._state.opened is not None:
            rows = current_structure.rows_of(self._state, current_structure.shown_frame(self._state))
            if 0 <= atom < rows.stop - rows.start:
                self._set_current(rows.start + atom)

    def _go(self, frame: int | None) -> None:
        """Show another frame."""
        opened = self._state.opened
        if opened is None or frame is None or not 0 <= frame < len(opened.envs):
            return
        if frame != current_structure.shown_frame(self._state):
            self._set_current(current_structure.row_in(self._state, frame))

    def _step(self, by: int, *_) -> None:
        if self._state.opened is not None and by in (-1, 1):
            frame = self._neighbor(by)
            self._viewer.playing = self._viewer.playing and frame is not None
            self._go(frame)

    def _neighbor(self, by: int) -> int | None:
        return current_structure.neighbor(self._frames, current_structure.shown_frame(self._state), by)

    @property
    def _frames(self) -> np.ndarray:
        """The frames to step through."""
        return current_structure.frames_through(self._state, self._through.value)

    def _toggle(self, _) -> None:
        self._viewer.playing = not self._viewer.playing

    def _show_playing(self) -> None:
        """Show whether frames are played; from the last one they are played from the first."""
        playing = self._viewer.playing and self._state.opened is not None and len(self._frames) > 1
        self._viewer.playing = playing
        icon, description = ("pause", "Pause") if playing else ("play_arrow", "Play from here")
        with pn.io.hold():
            self._play.param.update(icon=icon, description=description)
            if playing and self._neighbor(1) is None:
                self._go(int(self._frames[0]))

    def _set_current(self, row: int) -> None:
        with pn.io.hold():
            self._state.current_env = int(row)

    def _mark(self, verb: str) -> None:
        if self._state.opened is not None:
            frame = current_structure.shown_frame(self._state)
            with pn.io.hold():
                self._state.marks = getattr(self._state.marks, verb)([frame])

    def _update(self) -> None:
        state = self._state
        self._empty.visible = state.opened is None
        self._viewer.visible = state.opened is not None
        if state.opened is None:
            self._head.object = heading("Structure", ("structure",))
            return
        if self._shown and self._shown[0] is not state.opened:
            self._viewer.playing = False
        frame = current_structure.shown_frame(state)
        self._facts.object = frame_line(state, frame)
        line = "" if state.current_env is None else environment_line(state, state.current_env)
        self._environment.object = f'<div class="atoms">{line}</div>'
        self._environment.visible = bool(line)
        self._update_widgets(frame)
        self._draw(frame)
        self._update_head(frame)

    def _update_widgets(self, frame: int) -> None:
        state = self._state
        rows = current_structure.rows_of(state, frame)
        atom = "" if state.current_env is None else str(state.current_env - rows.start)
        self._frame.value = str(frame)
        self._atom.value = atom
        self._back.disabled = current_structure.neighbor(self._frames, frame, -1) is None
        self._next.disabled = current_structure.neighbor(self._frames, frame, 1) is None
        self._play.disabled = len(self._frames) < 2
        colors = [ELEMENT, NOVEL, FORCE] if state.data.dataset.has_forces else [ELEMENT, NOVEL]
        if self._color.options != colors:
            self._color.param.update(
                options=colors, value=self._color.value if self._color.value in colors else ELEMENT
            )
        locked, excluded = frame in state.marks.locked, frame in state.marks.excluded
        self._lock.visible, self._exclude.visible = not locked, not excluded
        self._unmark.visible = locked or excluded

    def _draw(self, frame: int) -> None:
        """Draw the frame unless it is already displayed."""
        state, parts, mode = self._state, self._parts.value or [], self._color.value
        options = SceneOptions(
            self._copies.value, BONDS in parts, CELL in parts, FORCES in parts, WRAP in parts
        )
        subset = (state.path, state.n_frames) if mode == NOVEL else ()
        shown = (state.opened, frame, state.current_env, options, mode, *subset)
        if shown == self._shown:
            return
        self._shown = shown
        opened, rows = state.data, current_structure.rows_of(state, frame)
        atoms = opened.dataset.frames[frame]
        picked = None if state.current_env is None else state.current_env - rows.start
        scene = make_scene(atoms, options, picked, opened.parameters.cutoff, atoms_forces(atoms))
        values, unit = self._values()
        description = f"Frame {frame}, {atoms.get_chemical_formula()}; {_neighbors(scene)}"
        self._viewer.draw(
            scene, self._coloring(atoms, values, rows), atoms.get_chemical_symbols(),
            atom_tooltips(state, frame, rows.start, values, unit), description, opened.dataset.sha256,
        )  # fmt: skip
        self._scene = scene

    def _update_head(self, frame: int) -> None:
        state, scene = self._state, self._scene
        if scene is None:
            return
        note = "most novel frame at this size; click an atom"
        if state.current_env is not None:
            note = _neighbors(scene)
        elif state.selected:
            note = "first selected frame; click an atom"
        periodic = state.data.dataset.frames[frame].pbc
        if any(n < self._copies.value for n, along in zip(scene.copies, periodic, strict=True) if along):
            note = f"fewer copies: {self._copies.value}× would exceed {ATOM_LIMIT:,} atoms"
        self._head.object = heading(f"Frame {frame}", ("structure",), note)

    def _values(self) -> tuple[np.ndarray | None, str]:
        """Return the values that colour the environments, and the format of one."""
        if self._color.value == NOVEL:
            return self._state.delta_entropy, "δH = {} nats"
        if self._color.value == FORCE:
            return self._state.data.dataset.forces, "|F| = {} eV Å⁻¹"
        return None, ""

    def _coloring(self, atoms, values: np.ndarray | None, rows: slice) -> AtomColors:
        if values is None:
            return by_element(atoms.numbers)
        if self._color.value == NOVEL:
            return by_value(values[rows], NOVELTY, OVERLAP_THRESHOLD, NOVELTY_LIMIT, "δH / nats", "covered")
        # One scale for all frames, so that they can be compared, without the largest 1 % of forces.
        if self._force_limit[0] is not self._state.opened:
            self._force_limit = self._state.opened, float(np.nanpercentile(values, 99))
        return by_value(values[rows], DENSITY, 0.0, self._force_limit[1], "|F| / eV Å⁻¹", "no force")

    def __panel__(self):
        """Return the card."""
        row = {"align_items": "center", "gap": "4px 6px"}
        marks = pn.Row(self._lock, self._exclude, self._unmark, margin=0)
        steps = pn.FlexBox(
            self._back,
            self._frame,
            self._next,
            self._play,
            self._through,
            self._atom,
            marks,
            margin=(10, 0, 6, 0),
            **row,
        )
        options = pn.FlexBox(self._color, self._copies, self._parts, margin=(0, 0, 4, 0), **row)
        return card(
            self._head,
            self._facts,
            self._environment,
            steps,
            options,
            self._viewer,
            self._empty,
            area="structure",
        )


def _neighbors(scene: Scene) -> str:
    if scene.picked < 0:
        return "no atom selected"
    n = len(scene.neighbors)
    nearest = f", the nearest at {scene.neighbors[0]:.2f} Å" if n else ""
    return f"{n} neighbour{'' if n == 1 else 's'} within {scene.sphere:g} Å{nearest}"
