"""Recognise the names of energies, forces, stresses and virials in files.

A name consists of an optional prefix and a quantity, in any case, singular or plural: ``energy``,
``REF_energy``, ``dft_force``, ``DFTvirials``, ``mace-stress``. If a frame has several names for a quantity,
the order of `PREFIXES` decides: references come first, then names without a prefix, methods, and predictions
of models. Of two names that differ only in case, the one in lower case is used.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple, SupportsFloat, TypeGuard

import numpy as np

# Squares of larger labels, in eV and Å, and sums of them, would overflow.
LARGEST_LABEL = 1e150
# In order of precedence.
PREFIXES = (
    "ref", "reference", "", "total", "potential", "label", "target", "true",
    "dft", "qm", "ai", "abinitio", "vasp", "cp2k", "aims", "castep", "qe", "siesta", "orca", "gaussian",
    "xtb", "pbe", "pbesol", "rpbe", "revpbe", "blyp", "b3lyp", "scan", "r2scan", "wb97m", "wb97x", "mp2",
    "ccsd", "ccsdt", "cc",
    "gap", "mace", "nequip", "allegro", "ace", "nep", "gpumd", "snap", "mtp", "dp", "deepmd", "schnet",
    "painn", "chgnet", "m3gnet", "orb", "mattersim", "sevennet", "model", "ml", "mlip", "pred", "predicted",
)  # fmt: skip
ENERGY, FREE_ENERGY, FORCES, STRESS, VIRIALS = "energy", "free_energy", "forces", "stress", "virials"
QUANTITIES = (ENERGY, FREE_ENERGY, FORCES, STRESS, VIRIALS)
_QUANTITY = {
    "energy": ENERGY, "energies": ENERGY,
    "freeenergy": FREE_ENERGY, "freeenergies": FREE_ENERGY,
    "force": FORCES, "forces": FORCES,
    "stress": STRESS, "stresses": STRESS,
    "virial": VIRIALS, "virials": VIRIALS,
}  # fmt: skip
_RANK = {prefix: rank for rank, prefix in enumerate(PREFIXES)}
_NAME = re.compile(r"(\w*?)(free_?energ(?:y|ies)|energ(?:y|ies)|forces?|stress(?:es)?|virials?)")
_LOOKS = re.compile(r"energ(?:y|ies)|forces?|stress(?:es)?|virials?")
_SHORT = re.compile(r"(?:e|etot|toten|f)", re.IGNORECASE)
# Contributions to an energy, or parameters related to it.
_OTHERS = re.compile(r"kinetic|cutoff|band|error|std|uncertainty|weight|sigma|var|fermi|zero_?point")
_NUMBERS = "iuf"
_LONGEST = 100


class LabelName(NamedTuple):
    """A parsed name: one of `QUANTITIES`, and the prefix in lower case."""

    quantity: str
    prefix: str


@lru_cache(maxsize=4096)
def label_name(key: str) -> LabelName | None:
    """Parse the name of a key or column; return None if it is not the name of a label.

    Examples
    --------
    >>> label_name("DFT_force")
    LabelName(quantity='forces', prefix='dft')
    >>> label_name("source_of_energy") is None
    True
    """
    if len(key) > _LONGEST:
        return None
    found = _NAME.fullmatch(key.lower().replace("-", "_"))
    if not found:
        return None
    prefix = found[1].replace("_", "")
    return LabelName(_QUANTITY[found[2].replace("_", "")], prefix) if prefix in _RANK else None


def label_keys(quantity: str, keys: Iterable[str]) -> list[str]:
    """Return the keys that name a quantity, in order of precedence; free energies count as energies.

    Examples
    --------
    >>> label_keys("energy", ["mace_energy", "Energy", "config_type", "free_energy", "REF_energy"])
    ['REF_energy', 'Energy', 'free_energy', 'mace_energy']
    """
    found = []
    for key in keys:
        name = label_name(key)
        if name and (name.quantity == quantity or (name.quantity == FREE_ENERGY and quantity == ENERGY)):
            rank = (_RANK[name.prefix], name.quantity == FREE_ENERGY, key.lower(), key != key.lower(), key)
            found.append((rank, key))
    return [key for _, key in sorted(found)]


def is_energy(value) -> TypeGuard[SupportsFloat]:
    """Return whether a value can be an energy: a single number, not a boolean."""
    array = _as_array(value)
    return array is not None and array.ndim == 0


def is_forces(value, n_atoms: int) -> bool:
    """Return whether a value can be forces: three numbers for each atom."""
    array = _as_array(value)
    return array is not None and array.shape == (n_atoms, 3)


def is_stress(value) -> bool:
    """Return whether a value can be a stress or virial: six or nine numbers, or a 3×3 matrix."""
    array = _as_array(value)
    return array is not None and array.shape in ((6,), (9,), (3, 3))


def is_finite(label) -> bool:
    """Return whether all numbers of a label are below `LARGEST_LABEL`, which NaN is not.

    Examples
    --------
    >>> is_finite(-1.5), is_finite([[0.1, float("nan"), 0.0]]), is_finite(1e200)
    (True, False, False)
    """
    return bool((np.abs(np.asarray(label, dtype=np.float64)) < LARGEST_LABEL).all())


def _as_array(value) -> np.ndarray | None:
    if isinstance(value, str | dict) or value is None:
        return None
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    return array if array.dtype.kind in _NUMBERS else None


def unrecognised_labels(info: Mapping, arrays: Mapping, n_atoms: int) -> list[str]:
    """Return the keys and columns that look like labels, but are not used as such.

    These are names that contain energy, force, stress or virial, but are unknown to `label_name`, and the
    names ``E``, ``Etot``, ``TOTEN`` and ``F``, if their values have the shape of such a label; and known
    names with unsuitable values, such as ``energy=n/a``.

    Examples
    --------
    >>> unrecognised_labels({"final_energy": -1.0, "has_energy": True, "energy": "n/a"}, {}, 1)
    ['energy', 'final_energy']
    """
    found = []
    for store in (info, arrays):
        for key, value in store.items():
            name = label_name(key)
            if name is not None:
                if not _fits(name.quantity, value, n_atoms):
                    found.append(key)
            elif _looks_like_label(key, value, n_atoms):
                found.append(key)
    return sorted(set(found))


def _fits(quantity: str, value, n_atoms: int) -> bool:
    if quantity in (ENERGY, FREE_ENERGY):
        return is_energy(value)
    return is_forces(value, n_atoms) if quantity == FORCES else is_stress(value)


def _looks_like_label(key: str, value, n_atoms: int) -> bool:
    lower = key.lower()
    if len(key) > _LONGEST or _OTHERS.search(lower):
        return False
    if _SHORT.fullmatch(key):
        return is_energy(value) or is_forces(value, n_atoms)
    words = set(_LOOKS.findall(lower))
    if not words:
        return False
    quantities = {_QUANTITY[word] for word in words}
    return any(_fits(quantity, value, n_atoms) for quantity in quantities)
