"""Random frames with any content of `ase.Atoms` that extxyz can express, for hypothesis."""

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

SYMBOLS = ("H", "C", "O", "Si", "Cu", "Cs", "Og")
_OWN = ("lattice", "properties", "pbc", "fractional", "uid")

texts = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="ab= \"'{}[]\\,\n\t_:%", max_size=12),
    st.sampled_from(
        ["", " ", ",", "1", "1_2", "1.5D3", "nan", "T", "F F", "true", "_JSON", "_JSON [1]", "None",
         "energy=1", "C:\\new", "it's", 'a "b"', "[1, 2]", "{1}", "Å³", "\ufeff", "a\u2028b", "1e5", "١"]
    ),
)  # fmt: skip
floats = st.floats(width=64)
integers = st.one_of(st.integers(-100, 100), st.integers(-(2**70), 2**70))
scalars = st.one_of(
    texts, st.none(), st.booleans(), integers, floats,
    floats.map(np.float64), st.floats(width=32).map(np.float32), st.integers(0, 255).map(np.uint8),
    st.integers(-(2**63), 2**63 - 1).map(np.int64), st.booleans().map(np.bool_),
)  # fmt: skip
json = st.recursive(
    st.one_of(texts, st.none(), st.booleans(), integers, floats),
    lambda inner: st.one_of(
        st.dictionaries(texts, inner, max_size=3),
        st.dictionaries(texts, st.lists(inner, max_size=3), max_size=3),
    ),
    max_leaves=6,
)
arrays = stn.arrays(
    dtype=st.sampled_from(["f8", "f4", "i8", "i4", "u1", "u8", "?"]),
    shape=stn.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
)
values = st.one_of(
    scalars, json, arrays, st.lists(texts, max_size=4), st.lists(floats, max_size=4),
    st.tuples(integers, integers), st.lists(st.booleans(), max_size=4),
)  # fmt: skip
# Labels, other words, and keys that need quotes.
keys = st.one_of(
    st.sampled_from(["config_type", "REF_energy", "REF_stress", "note", "weight", "dft_virial"]),
    st.text(alphabet="abcxyz_0123", min_size=1, max_size=6),
    st.text(alphabet="ab= \"'{}[]\\,:Åé", min_size=1, max_size=6),
).filter(lambda key: key.strip() and key.lower() not in _OWN)
column_names = st.one_of(
    st.sampled_from(["REF_charges", "residuenames", "tags", "momenta", "kind"]),
    st.text(alphabet="abcxyz_0123", min_size=1, max_size=6).filter(lambda name: name not in ("z", "pos")),
)


@st.composite
def columns(draw, n_atoms: int):
    """Return an array of one row per atom."""
    width = draw(st.sampled_from([(), (1,), (2,), (3,)]))
    if draw(st.booleans()):
        tokens = draw(st.lists(texts, min_size=n_atoms, max_size=n_atoms))
        return np.array(tokens, dtype=draw(st.sampled_from([object, str])))
    dtype = draw(st.sampled_from(["f8", "f4", "i8", "i4", "i2", "u1", "u4", "?"]))
    return draw(stn.arrays(dtype, (n_atoms, *width)))


@st.composite
def frames(draw):
    """Return a frame."""
    n_atoms = draw(st.integers(1, 5))
    positions = draw(stn.arrays("f8", (n_atoms, 3), elements=st.floats(-1e8, 1e8)))
    atoms = Atoms(draw(st.lists(st.sampled_from(SYMBOLS), min_size=n_atoms, max_size=n_atoms)), positions)
    if draw(st.booleans()):
        atoms.cell = np.diag([3.0, 4.0, 5.0]) + draw(stn.arrays("f8", (3, 3), elements=st.floats(-0.5, 0.5)))
        atoms.pbc = draw(st.tuples(*[st.booleans()] * 3))
    atoms.info = draw(st.dictionaries(keys, values, max_size=5))
    for name in draw(st.lists(column_names, max_size=3, unique_by=str.lower)):
        atoms.arrays[name] = draw(columns(n_atoms))
    if draw(st.booleans()):
        results = {"energy": draw(floats), "forces": draw(stn.arrays("f8", (n_atoms, 3)))}
        if draw(st.booleans()):
            results["stress"] = draw(stn.arrays("f8", 6))
        atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms
