"""Choose the structure of the 3-D viewer: its frame, its atom, and the next frame."""

import numpy as np

from .state import State

ALL, KEPT, DROPPED, PICKED = "all", "kept", "dropped", "picked"


def shown_frame(state: State) -> int:
    """Return the frame of the current environment, else the first selected frame, else of the largest δH."""
    if (frame := state.current_frame) is not None:
        return frame
    if state.selected:
        return state.selected[0]
    delta = state.delta_entropy
    if delta is None or np.isnan(delta).all():
        return 0
    return frame_of(state, int(np.nanargmax(delta)))


def shown_env(state: State) -> int:
    """Return the current environment, else the most novel one of the shown frame."""
    return row_in(state, shown_frame(state)) if state.current_env is None else state.current_env


def frame_of(state: State, row: int) -> int:
    """Return the frame of an environment."""
    return int(np.searchsorted(state.data.envs.offsets, row, side="right")) - 1


def atom_of(state: State, row: int) -> int:
    """Return the index of an environment's atom in its frame."""
    return row - int(state.data.envs.offsets[frame_of(state, row)])


def rows_of(state: State, frame: int) -> slice:
    """Return the environments of a frame."""
    return slice(*state.data.envs.offsets[frame : frame + 2].tolist())


def frames_through(state: State, which: str) -> np.ndarray:
    """Return the frames to step through, ascending: all, kept, dropped or selected ones."""
    if which == PICKED:
        return np.array(state.selected, dtype=int)
    if which == ALL or state.path is None:
        return np.arange(len(state.data.envs))
    return np.flatnonzero(state.mask if which == KEPT else ~state.mask)


def neighbor(frames: np.ndarray, frame: int, by: int) -> int | None:
    """Return the nearest of ascending `frames` before (`by` < 0) or after `frame`, or None."""
    beyond = frames[frames > frame] if by > 0 else frames[frames < frame][::-1]
    return int(beyond[0]) if len(beyond) else None


def row_in(state: State, frame: int) -> int:
    """Return the environment to show in another frame.

    The same atom if both frames have the same atoms, as in a trajectory; otherwise the most novel one.
    """
    rows, frames = rows_of(state, frame), state.data.dataset.frames
    if state.current_env is not None and np.array_equal(
        frames[frame].numbers, frames[frame_of(state, state.current_env)].numbers
    ):
        return rows.start + atom_of(state, state.current_env)
    delta = state.delta_entropy
    if delta is None or np.isnan(delta[rows]).all():
        return rows.start
    return rows.start + int(np.nanargmax(delta[rows]))
