"""Stresses and virials of frames under the names that files use for them.

The stress σ, in eV/Å³ and the sign convention of ASE, is positive under tension; the virial of a frame of
volume V is W = −V σ, in eV. A file that has both may contradict this: GPUMD dumps W / V as the stress.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms

from ..utils.frame_ranges import format_ranges
from ..utils.plural import plural
from .label_names import PREFIXES, STRESS, VIRIALS, is_finite, is_stress, label_keys, label_name

# Indices of xx yy zz yz xz xy in the matrix.
_VOIGT = [[0, 5, 4], [5, 1, 3], [4, 3, 2]]
# Relative and absolute (eV/Å³) differences that are attributed to rounding in the file.
_RELATIVE, _ABSOLUTE = 0.01, 2e-6


def as_matrix(value) -> np.ndarray:
    """Return a stress or virial as a matrix, given six numbers (xx yy zz yz xz xy) or nine by columns.

    Examples
    --------
    >>> as_matrix([1, 2, 3, 4, 5, 6]).tolist()
    [[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]]
    """
    array = np.asarray(value, dtype=np.float64)
    return array[_VOIGT] if array.shape == (6,) else array.reshape(3, 3, order="F")


def stress_and_virial(found: Mapping) -> tuple[str | None, str | None]:
    """Return the keys of the stress and of the virial; only one if the other's name has a lower precedence.

    One that is not finite is left out; none of a lower precedence takes its place.

    Examples
    --------
    >>> matrix = [1, 1, 1, 0, 0, 0]
    >>> stress_and_virial({"stress": matrix, "REF_virials": matrix, "virial": matrix})
    (None, 'REF_virials')
    """
    usable = [key for key in found if is_stress(found[key])]
    stress, virial = (
        next((key for key in label_keys(quantity, usable)[:1] if is_finite(found[key])), None)
        for quantity in (STRESS, VIRIALS)
    )
    if stress is None or virial is None:
        return stress, virial
    first, second = _rank(stress), _rank(virial)
    return (stress if first <= second else None), (virial if second <= first else None)


def _rank(key: str) -> int:
    name = label_name(key)
    return len(PREFIXES) if name is None else PREFIXES.index(name.prefix)


def contradict(stress, virial, volume: float) -> bool:
    """Return whether a stress is not −W/V of a virial W, beyond rounding.

    Examples
    --------
    >>> contradict([0.01] * 3 + [0] * 3, [-1.0] * 3 + [0] * 3, 100.0)
    False
    >>> contradict([0.01] * 3 + [0] * 3, [1.0] * 3 + [0] * 3, 100.0)
    True
    """
    if not volume:
        return False
    one, other = as_matrix(stress), -as_matrix(virial) / volume
    largest = max(np.abs(one).max(), np.abs(other).max())
    return bool(np.abs(one - other).max() > _ABSOLUTE + _RELATIVE * largest)


def frame_virial(atoms: Atoms) -> np.ndarray | None:
    """Return the virial of a frame, eV: its label, or −V σ of its stress; None if it has neither.

    Where both have names of equal precedence, the virial is used, as programs agree on its sign.

    Returns
    -------
    ndarray of shape (3, 3) or None

    Examples
    --------
    >>> atoms = Atoms("H", cell=[2, 2, 2], pbc=True, info={"REF_stress": np.array([0.5] * 3 + [0.0] * 3)})
    >>> np.diag(frame_virial(atoms)).round(6).tolist()
    [-4.0, -4.0, -4.0]
    """
    found = labels_of_stress(atoms)
    stress, virial = stress_and_virial(found)
    if virial is not None:
        return as_matrix(found[virial])
    return None if stress is None else -atoms.cell.volume * as_matrix(found[stress])


def is_contradicted(atoms: Atoms) -> bool:
    """Return whether the stress of a frame contradicts its virial."""
    found = labels_of_stress(atoms)
    stress, virial = stress_and_virial(found)
    if stress is None or virial is None:
        return False
    return contradict(found[stress], found[virial], atoms.cell.volume)


def contradiction(frames: Sequence[int]) -> str:
    """Return a sentence, without its end, on frames whose stress contradicts their virial.

    Examples
    --------
    >>> contradiction([2, 3])
    '2 frames (2-3) with a stress that is not −W/V of their virial W'
    """
    where = format_ranges(sorted(frames))
    return (
        f"{plural(len(frames), 'frame')} ({where:.60}) with a stress that is not −W/V of "
        f"{'its' if len(frames) == 1 else 'their'} virial W"
    )


def labels_of_stress(atoms: Atoms) -> dict:
    """Return the values of ``info`` and the calculator under names of stresses and virials."""
    results = getattr(atoms.calc, "results", {})
    found = {**atoms.info, **({"stress": results["stress"]} if results.get("stress") is not None else {})}
    return {
        key: value
        for key, value in found.items()
        if isinstance(key, str) and label_keys(STRESS, [key]) + label_keys(VIRIALS, [key])
    }
