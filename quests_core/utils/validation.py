"""Validation of the arguments of public functions.

Error messages have the form "argument: expected …, got …"; for invalid data, they name the frame.
"""

import math
import numbers
from typing import SupportsFloat

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

# Numbers below this, divided by a bandwidth within `SANE`, do not overflow in single precision.
_LARGEST = 1e15
# Squares and quotients of numbers within these bounds neither overflow nor underflow.
_BOUNDS = (1e-100, 1e100)
# Bandwidths in Å⁻¹ or volumes in Å³ of any material.
SANE = (1e-12, 1e12)
# At larger coordinates, in Å, double precision does not resolve the distances between neighbours.
_FARTHEST = 1e8


def check_matrix(X, name: str) -> np.ndarray:
    """Return `X` as a C-contiguous ``(n, d)`` float64 array."""
    given = X
    try:
        X = np.asarray(X)
        if X.dtype.kind not in "biuf":
            raise TypeError
        X = np.ascontiguousarray(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}: expected a real matrix of shape (n, d), got {_kind(given)}") from error
    if X.ndim != 2 or X.shape[1] == 0:
        raise ValueError(f"{name}: expected a matrix of shape (n, d) with d >= 1, got shape {X.shape}")
    return X


def check_environment_matrix(X, name: str, offsets: np.ndarray | None = None) -> np.ndarray:
    """Return `X` as a finite matrix with as many rows as `offsets` require."""
    X = check_matrix(X, name)
    if offsets is not None and offsets[-1] != len(X):
        raise ValueError(f"offsets: the last one must be the number of rows, {len(X)}, got {offsets[-1]}")
    # A NaN becomes both minimum and maximum, and fails the comparisons.
    if X.size and not (X.min() > -_LARGEST and X.max() < _LARGEST):
        finite = (np.abs(X) < _LARGEST).all(axis=1)
        row = int(np.argmin(finite))
        where = f"row {row}"
        if offsets is not None:
            where += f" (frame {int(np.searchsorted(offsets, row, side='right')) - 1})"
        value = X[row][~(np.abs(X[row]) < _LARGEST)][0]
        raise ValueError(f"{name}: expected finite numbers below {_LARGEST:g}, got {value} in {where}")
    return X


def check_offsets(offsets) -> np.ndarray:
    """Return `offsets` as int64; they must start at 0 and not decrease."""
    offsets = _as_integers(offsets, "offsets")
    if len(offsets) == 0 or offsets[0] != 0 or (np.diff(offsets) < 0).any():
        raise ValueError("offsets: expected integers that start at 0 and do not decrease")
    return offsets


def check_frame_indices(indices, n_frames: int, name: str, unique: bool = False) -> np.ndarray:
    """Return `indices` as int64; they must be within ``[0, n_frames)``, and distinct if `unique`."""
    indices = _as_integers(indices, name)
    outside = (indices < 0) | (indices >= n_frames)
    if outside.any():
        raise ValueError(f"{name}: expected frames from 0 to {n_frames - 1}, got {indices[outside][0]}")
    if unique and len(np.unique(indices)) < len(indices):
        values, counts = np.unique(indices, return_counts=True)
        raise ValueError(
            f"{name}: expected each frame once, got frame {values[counts > 1][0]} more than once"
        )
    return indices


def check_positive(value, name: str, bounds: tuple[float, float] = _BOUNDS) -> float:
    """Return a positive number within `bounds` as float."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: expected a positive number, got {_kind(value)}")
    number = _as_float(value)
    if not (math.isfinite(number) and number > 0):
        raise ValueError(f"{name}: expected a positive number, got {value}")
    return _check_bounds(number, name, bounds)


def check_sane(value, name: str) -> float:
    """Return a bandwidth or a volume per atom within `SANE` as float."""
    return check_positive(value, name, SANE)


def _check_bounds(value: float, name: str, bounds: tuple[float, float]) -> float:
    low, high = bounds
    if not low <= value <= high:
        raise ValueError(f"{name}: expected a number from {low:g} to {high:g}, got {value:g}")
    return value


def check_not_negative(value, name: str) -> float:
    """Return a non-negative finite number as float."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: expected a number of at least 0, got {_kind(value)}")
    number = _as_float(value)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"{name}: expected a number of at least 0, got {value}")
    return _check_bounds(number, name, (0.0, _BOUNDS[1]))


def _as_float(value: SupportsFloat) -> float:
    """Return a real number as float, or infinity on overflow."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def check_count(value, name: str, minimum: int = 1) -> int:
    """Return an integer of at least `minimum` as int."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name}: expected an integer, got {_kind(value)}")
    count = int(value)
    if count < minimum:
        raise ValueError(f"{name}: expected an integer of at least {minimum}, got {value}")
    return count


def check_n_to_select(value, n_frames: int, name: str = "n_to_select") -> int:
    """Return a number of frames, given as an int, as a fraction in (0, 1], or as None for all."""
    if value is None:
        return n_frames
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        fraction = _as_float(value)
        if not 0 < fraction <= 1:
            raise ValueError(f"{name}: expected a fraction in (0, 1] or an integer, got {value}")
        return min(n_frames, max(1, math.floor(fraction * n_frames + 0.5)))
    count = check_count(value, name)
    if count > n_frames:
        raise ValueError(f"{name}: expected at most the number of frames, {n_frames}, got {count}")
    return count


def check_choice(value, name: str, choices) -> str:
    """Return `value` if it is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, choices))}, got {value!r}")
    return value


def _as_integers(values, name: str) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
        raise TypeError(f"{name}: expected a list of integers, got {_kind(values)}")
    return values.astype(np.int64)


def _kind(value) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of dtype {value.dtype} and shape {value.shape}"
    return f"{type(value).__name__} {value!r:.60}"


def check_environments(envs, name: str = "envs", minimum: int = 1) -> np.ndarray:
    """Return the ``(n, d)`` rows of an `Environments` or of a plain matrix."""
    # `Environments`, which have offsets, were validated when they were created.
    X = envs.X if hasattr(envs, "offsets") else check_environment_matrix(envs, name)
    if len(X) < minimum:
        raise ValueError(
            f"{name}: expected at least {minimum} environment{'s' * (minimum > 1)}, got {len(X)}"
        )
    return X


def check_pair(query, reference) -> tuple[np.ndarray, np.ndarray]:
    """Return the matrices of query and reference, which must have the same number of columns."""
    query = check_environments(query, "query", minimum=0)
    reference = check_environments(reference, "reference")
    if query.shape[1] != reference.shape[1]:
        raise ValueError(
            f"reference: expected {query.shape[1]} columns, as query has, got {reference.shape[1]}"
        )
    return query, reference


def check_frames(frames) -> list:
    """Return `frames` as a list of ase.Atoms with finite positions and usable cells."""
    if isinstance(frames, Atoms) or not hasattr(frames, "__iter__"):
        raise TypeError(f"frames: expected a list of ase.Atoms, got {_kind(frames)}")
    frames = list(frames)
    for i, atoms in enumerate(frames):
        if not isinstance(atoms, Atoms):
            raise TypeError(f"frames: expected ase.Atoms, got {_kind(atoms)} for frame {i}")
    if _may_be_faulty(frames):
        for i, atoms in enumerate(frames):
            fault = geometry_fault(atoms)
            if fault:
                raise ValueError(f"frame {i}: {fault}")
    return frames


def _may_be_faulty(frames: list) -> bool:
    """Return whether some frame may be unusable; `geometry_fault` decides for each frame."""
    if not frames:
        return False
    cells = np.array([atoms.cell.array for atoms in frames])
    periodic = np.array([atoms.pbc for atoms in frames])
    if not (np.abs(cells) <= _FARTHEST).all():
        return True
    lengths = np.linalg.norm(cells, axis=2)
    if (lengths[periodic] == 0).any():
        return True
    unit = cells / np.where(periodic, lengths, np.inf)[:, :, None]
    # Non-periodic axes are treated as perpendicular.
    gram = unit @ unit.transpose(0, 2, 1) + np.eye(3) * ~periodic[:, None]
    if (np.linalg.det(gram) < 4e-12).any():
        return True
    positions = np.concatenate([atoms.positions for atoms in frames])
    numbers = np.concatenate([atoms.numbers for atoms in frames])
    return not ((np.abs(positions) <= _FARTHEST).all() and _numbers_are_known(numbers))


def _numbers_are_known(numbers: np.ndarray) -> bool:
    return not len(numbers) or (numbers.min() >= 0 and numbers.max() < len(chemical_symbols))


def geometry_fault(atoms: Atoms) -> str | None:
    """Describe why the positions or the cell of a frame are unusable; None if they are usable."""
    if not _numbers_are_known(atoms.numbers):
        i = int(np.argmax((atoms.numbers < 0) | (atoms.numbers >= len(chemical_symbols))))
        return f"atom {i} has the atomic number {atoms.numbers[i]}"
    finite = np.isfinite(atoms.positions).all(axis=1)
    if not finite.all():
        return f"the position of atom {int(np.argmin(finite))} is not finite"
    near = (np.abs(atoms.positions) <= _FARTHEST).all(axis=1)
    if not near.all():
        return f"atom {int(np.argmin(near))} is farther than {_FARTHEST:g} Å from the origin"
    cell = atoms.cell.array
    if not np.isfinite(cell).all():
        return "the cell is not finite"
    if (np.abs(cell) > _FARTHEST).any():
        return f"a cell vector is longer than {_FARTHEST:g} Å"
    vectors = cell[atoms.pbc]
    if len(vectors):
        lengths = np.linalg.norm(vectors, axis=1)
        if (lengths == 0).any():
            axis = int(np.flatnonzero(atoms.pbc)[np.argmin(lengths)])
            return f"axis {axis} is periodic, but its cell vector is zero"
        # The volume spanned by the periodic vectors, relative to that of perpendicular ones.
        if np.sqrt(max(np.linalg.det((u := vectors / lengths[:, None]) @ u.T), 0.0)) < 1e-6:
            return "the periodic cell vectors lie in one plane or line"
    return None


def parse_size(text: str) -> int | float:
    """Return a size given as text: an integer as a count, a decimal number or a percentage as a fraction.

    Examples
    --------
    >>> parse_size("100"), parse_size("0.25"), parse_size("25 %")
    (100, 0.25, 0.25)
    """
    given = text.strip()
    try:
        if given.endswith("%"):
            return float(given.removesuffix("%")) / 100
        return float(given) if "." in given else int(given)
    except ValueError:
        raise ValueError(
            f"expected a number like 100, or a fraction like 0.25 or 25%, got {text!r}"
        ) from None
