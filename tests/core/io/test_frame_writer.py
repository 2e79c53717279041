"""Written frames are read back with the same energy, forces, stress, cell, info and arrays, or refused."""

import io
import runpy

import ase.io
import numpy as np
import pytest
from ase import Atoms

import quests_core as q
from quests_core.io.frame_writer import frames_bytes
from tests.core.round_trip import frame, plain, read_back, table

KEPT = {
    "empty text": ({"note": ""}, None),
    "None": ({"note": None}, None),
    "backslashes": ({"note": r"C:\new"}, None),
    "newline": ({"log": "a\nb\\n\tc"}, None),
    "apostrophe and quote": ({"note": "it's 14\" [wide"}, None),
    "numbers as text": ({"a": "12", "b": "1_2", "c": "T", "d": "nan", "e": "1 2 3", "f": "1.5D+01"}, None),
    "text that looks like keys": ({"note": "energy=-3.9 pbc=\"F F F\""}, None),
    "text that looks like JSON": ({"note": "_JSON [1]"}, None),
    "keys in need of quotes": ({"my key": 1, "a=b": 2, 'q"': 3, "it's": 4, "[x": 5}, None),
    "wide integers": ({"n": 2**40, "m": 2**64, "k": [2**63, 1], "l": [[0, 2**63 + 1]]}, np.arange(4) + 2**40),
    "numpy scalars": ({"a": np.float32(0.1), "b": np.int8(-3), "c": np.bool_(True), "d": np.str_("x")}, None),
    "not finite": ({"a": float("nan"), "b": [1.0, float("inf")]}, np.array([np.nan, np.inf, -np.inf, 0.0])),
    "nested": ({"a": {"b": [1, {"c": None}], "d": "x\ny"}, "e": ["a b", ""], "f": [1, "a", None]}, None),
    "arrays of one and of none": ({"a": np.array([1.5]), "b": np.array([]), "c": [True], "d": [1]}, None),
    "matrices": ({"REF_stress": np.eye(3) / 3, "REF_virial": np.arange(6.0), "m": np.ones((2, 3, 2))}, None),
    "columns as lists": ({"a": [[1], [2]], "b": np.array([[2**63]], dtype=np.uint64), "c": [["x"]]}, None),
    "bool arrays": ({"a": [True, False], "b": np.eye(2, dtype=bool)}, np.array([True, False, True, True])),
    "small and unsigned": ({}, np.arange(4, dtype=np.uint8)),
    "half": ({}, np.linspace(0, 1, 4, dtype=np.float16)),
    "wide column": ({}, np.arange(24.0).reshape(4, 6)),
    "empty names": ({}, np.array(["", "", "a", ""])),
    "names with a space": ({}, np.array(["C A", "N", "O\n", '_JSON"x"'])),
    "no columns of text": ({}, np.array(["é", "\u2028", "1", "T"], dtype=object)),
}  # fmt: skip


@pytest.mark.parametrize("case", KEPT)
def test_content_is_kept(tmp_path, case):
    atoms = frame(*KEPT[case])
    for after in read_back(tmp_path, [atoms, atoms]):
        assert table(after) == table(atoms)
    assert "\u2028" not in (tmp_path / "written.xyz").read_text()


REFUSED = {
    "two energies": (frame({"energy": -13.0}), "info['energy']: expected the calculator's value"),
    "(n, 3, 3)": (frame(array=np.ones((4, 3, 3))), "arrays['extra']: expected shape (4,) or (4, m)"),
    "complex": (frame(array=np.ones(4) * 1j), "arrays['extra']: expected numbers, booleans or text"),
    "objects": (frame(array=np.array([None, 1, "a", 2.0])), "arrays['extra']: expected text, got NoneType"),
    "a wide unsigned": (frame(array=np.full(4, 2**64 - 1, dtype=np.uint64)), "frame 1: "),
    "a key of extxyz": (frame({"PBC": [1, 1, 0]}), "info['PBC']: expected another key"),
    "an empty key": (frame({"": 1}), "info['']: expected a key"),
    "a key with a line end": (frame({"a\nb": 1}), "info['a\\nb']: expected a key"),
    "a number as key": (frame({3: 1}), "info[3]: expected a key"),
    "a dict with numbers as keys": (
        frame({"d": {1: 2}}),
        "info['d']: expected a value that",
    ),
    "bytes": (frame({"d": b"x"}), "info['d']: expected text, numbers"),
    "a set": (frame({"d": {1, 2}}), "info['d']: expected text, numbers"),
    "rows of two lengths": (frame({"d": [[1], [1, 2]]}), "info['d']: expected rows of equal length"),
    "a stress of three": (frame({"stress": [1, 2, 3]}), "info['stress']: expected 6 or 9 numbers"),
    "a virial in words": (frame({"virial": "unknown"}), "info['virial']: expected 6 or 9 numbers"),
    "a column with a colon": (frame(array=np.ones(4), name="a:b"), "arrays['a:b']: expected a name"),
    "a column of elements": (frame(array=np.ones(4), name="species"), "frame 1: "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_inexpressible_content_is_named_before_writing(tmp_path, case):
    atoms, why = REFUSED[case]
    target = tmp_path / "written.xyz"
    target.write_text("what was there")
    with pytest.raises(ValueError, match=r"^frame 1: ") as raised:
        q.write_subset(target, [frame(), atoms], [0, 1], overwrite=True)
    assert why in str(raised.value)
    assert "\n" not in str(raised.value)
    assert target.read_text() == "what was there"
    assert [path.name for path in tmp_path.iterdir()] == ["written.xyz"]


@pytest.mark.parametrize("case", KEPT)
def test_ase_reads_the_same_labels(case):
    atoms = frame(*KEPT[case], stress=np.arange(6.0))
    if case == "wide integers":
        atoms.arrays.pop("extra")  # ASE's integers have 32 bits
    after = ase.io.read(io.StringIO(frames_bytes([atoms]).decode()), format="extxyz")
    assert after.get_potential_energy() == -14.0
    np.testing.assert_array_equal(after.get_forces(), atoms.get_forces())
    np.testing.assert_array_equal(after.get_stress(), atoms.get_stress())
    np.testing.assert_array_equal(after.pbc, atoms.pbc)
    if case not in ("empty names", "names with a space", "no columns of text"):
        assert plain(after.info).keys() == atoms.info.keys()
    if case in (
        "empty text",
        "None",
        "backslashes",
        "newline",
        "numbers as text",
        "text that looks like JSON",
    ):
        assert after.info == atoms.info


def test_a_frame_of_one_atom_and_nothing_else():
    assert frames_bytes([Atoms("H")]) == b'1\nProperties=species:S:1:pos:R:3 pbc="F F F"\nH 0.0 0.0 0.0\n'


def test_cases_that_once_failed(case_file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cases = runpy.run_path(str(case_file("frames.py")))["CASES"]
    capsys.readouterr()
    for name, atoms in cases.items():
        if name.startswith("(n, 3, 3)"):
            with pytest.raises(ValueError, match=r"^frame 0: arrays\['extra'\]: expected shape"):
                read_back(tmp_path, [atoms])
            continue
        (after,) = read_back(tmp_path, [atoms])
        assert q.atoms_energy(after) == -14.0, name
        assert after.pbc.tolist() == [True, True, False], name
        if not {"energy", "stress", "virial"} & atoms.info.keys():
            assert table(after) == table(atoms), name


@pytest.mark.parametrize("name", ["empty_note.traj", "blank_residue_name.pdb"])
def test_cases_of_other_formats_that_once_failed(case_file, tmp_path, name):
    source = case_file(name)
    before = q.read(source)
    after = q.read(q.write_subset(tmp_path / "s.xyz", source, range(len(before))))
    for one, other in zip(before, after, strict=True):
        expected = table(one)
        assert {key: value for key, value in table(other).items() if key in expected} == expected
        assert q.atoms_energy(other) == q.atoms_energy(one)
