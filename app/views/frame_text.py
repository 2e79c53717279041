"""Descriptions of frames, environments, the map and the subset as HTML; text from files is escaped."""

import re
from html import escape

import numpy as np
from ase import Atoms

from quests_core import atoms_energy
from quests_core.information.entropy import OVERLAP_THRESHOLD

from ..session.current_structure import atom_of, frame_of
from ..session.state import State
from ..text.numbers import count, nats, plural
from ..text.sentences import map_sentence

_COUNT, _UNSAFE = re.compile(r"(\d+)"), re.compile(r"[^\w.-]+")


def frame_line(state: State, frame: int) -> str:
    """Return two lines about a frame: status and label; formula, energy per atom and periodic axes."""
    atoms, label = state.data.dataset.frames[frame], state.data.dataset.labels[frame]
    energy = atoms_energy(atoms)
    lines = (
        [_status(state, frame), escape(label[:80])],
        [
            _formula(atoms),
            plural(len(atoms), "atom"),
            "" if energy is None or not np.isfinite(energy) else f"{nats(energy / len(atoms))} eV atom⁻¹",
            _periodicity(atoms),
        ],
    )
    return "".join(f'<div class="atoms">{" · ".join(filter(None, parts))}</div>' for parts in lines)


def environment_line(state: State, row: int) -> str:
    """Return atom, δH and force of an environment."""
    dataset, delta, frame = state.data.dataset, state.delta_entropy, frame_of(state, row)
    atom, force = atom_of(state, row), dataset.forces[row]
    parts = [
        f"<b>Atom {atom} ({escape(dataset.frames[frame].symbols[atom])})</b>",
        "" if delta is None else _novelty(delta[row]),
        "" if np.isnan(force) else f"|F| = {force:.3g} eV Å⁻¹",
    ]
    return " · ".join(part for part in parts if part)


def environment_text(state: State, row: int) -> str:
    """Return frame, atom, label, δH and force of an environment as lines of plain text."""
    dataset, delta, frame = state.data.dataset, state.delta_entropy, frame_of(state, row)
    atom, force = atom_of(state, row), dataset.forces[row]
    lines = [
        f"frame {count(frame)}, atom {count(atom)} ({dataset.frames[frame].symbols[atom]})",
        dataset.labels[frame][:60],
        "" if delta is None else _novelty(delta[row]),
        "" if np.isnan(force) else f"|F| = {force:.3g} eV Å⁻¹",
    ]
    return "\n".join(filter(None, lines))


def _novelty(delta: float) -> str:
    if np.isnan(delta):
        return "excluded (no δH)"
    return f"δH = {nats(delta, 2)} nats, {'lost' if delta >= OVERLAP_THRESHOLD else 'covered'}"


def _formula(atoms: Atoms) -> str:
    return _COUNT.sub(r"<sub>\1</sub>", escape(atoms.get_chemical_formula("metal", empirical=False)))


def _periodicity(atoms: Atoms) -> str:
    if not atoms.pbc.any():
        return "not periodic"
    return "periodic" if atoms.pbc.all() else f"periodic along {', '.join(np.array(list('abc'))[atoms.pbc])}"


def _status(state: State, frame: int) -> str:
    path = state.path
    if path is None:
        return ""
    ranks = np.flatnonzero(path.order == frame)
    rank = f", rank {ranks[0] + 1:,} of {len(path.order):,}" if len(ranks) and state.is_current(path) else ""
    return f"<b>{state.status[frame]}</b>{rank} in {escape(state.displayed_method)}"


def embedding_note(state: State) -> str:
    """Return a sentence on how the map was computed."""
    return map_sentence(state.embedding_kind, state.data.envs.n_envs, state.n_fitted)


def source_stem(name: str) -> str:
    """Return the beginning of the names of all files that are made of a data set."""
    return _UNSAFE.sub("_", name.split(".xyz")[0]).strip("_") or "subset"


def file_stem(name: str, method: str, n_frames: int) -> str:
    """Return the stem of the file names of a subset: source, method and size."""
    return f"{source_stem(name)}-{method.replace(' ', '-')}-{n_frames}"


def atom_tooltips(state: State, frame: int, first: int, values: np.ndarray | None, unit: str) -> list[str]:
    """Return a plain-text tooltip for each atom of a frame.

    `values` holds one number per environment, and `first` is the first environment of the frame.
    """
    symbols = state.data.dataset.frames[frame].get_chemical_symbols()
    if values is None:
        return [f"{symbol}, atom {i}" for i, symbol in enumerate(symbols)]
    own = values[first : first + len(symbols)].tolist()
    return [
        f"{symbol}, atom {i}: {unit.format(f'{value:.3g}')}" if value == value else f"{symbol}, atom {i}"
        for i, (symbol, value) in enumerate(zip(symbols, own, strict=True))
    ]
