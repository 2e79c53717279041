"""The keys of exported frames: labels are those of the source, under keys that ASE and programs read."""

import io
import json
import shlex
import subprocess
import sys

import ase.io
import numpy as np
import pytest
from typer.testing import CliRunner

from quests_app.exports.code import command, python_code
from quests_app.exports.frame_keys import content
from quests_app.exports.record import record
from quests_core import atoms_energy
from quests_core.cli import app
from quests_core.io.frame_keys import RANK, SOURCE
from quests_core.io.labels import usable_forces
from quests_core.io.program_keys import MACE, NEQUIP
from tests.app.exports.archives import frames_in


@pytest.mark.parametrize("order", ["file", "rank"])
def test_rank_and_delta_entropy_are_added(opened, order):
    state = opened.state
    made = content(state.opened, state.path, 6, order, RANK)
    source = frames_in(content(state.opened, state.path, 6, order, SOURCE).bytes_of())
    delta = state.path.delta_entropy[state.path.position(6)]
    ranked = state.path.frames(6).tolist()
    for atoms, before, frame in zip(frames_in(made.bytes_of()), source, made.frames, strict=True):
        assert ranked[atoms.info["quests_rank"] - 1] == frame
        rows = slice(*state.opened.envs.offsets[frame : frame + 2])
        np.testing.assert_array_equal(np.float32(atoms.arrays["quests_delta_entropy"]), delta[rows])
        assert (atoms.arrays["quests_delta_entropy"] < 1e-5).all(), "the subset covers all its environments"
        np.testing.assert_array_equal(atoms.get_forces(), before.get_forces())
        assert atoms.get_potential_energy() == before.get_potential_energy()


EXTRA = (
    "1\nProperties=species:S:1:pos:R:3:dft_forces:R:3 dft_energy=-0.123456789012345678 "
    'virial="1 0 0 0 2 0 0 0 3" '
    'pbc="F F F"\nCu 0 0 0 0.1 0.2 0.30000000000000004\n'
    '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:REF_forces:R:3 REF_energy=-1e-3 energy=5 '
    'REF_stress="1 2 3 4 5 6"\nCu 0 0 0 1 2 3\nCu 2 0 0 3 2 1\n'
)


@pytest.fixture
def odd(session, tmp_path):
    path = tmp_path / "odd.xyz"
    path.write_text(EXTRA)
    session.open(path)
    assert session.state.error == ""
    return session.state


def test_keys_of_mace(odd):
    made = content(odd.opened, odd.path, 2, "file", MACE)
    atom, pair = frames_in(made.bytes_of())
    assert atom.info["REF_energy"] == -0.123456789012345678
    assert b"-0.123456789012345678" in made.blocks[0]
    assert atom.arrays["REF_forces"].tolist() == [[0.1, 0.2, 0.30000000000000004]]
    assert atom.info["config_type"] == "IsolatedAtom"
    assert atom.info["REF_virials"].tolist() == [1, 0, 0, 0, 2, 0, 0, 0, 3]
    assert pair.info["REF_energy"] == -1e-3, "existing keys of MACE are not replaced"
    assert pair.info["REF_stress"].tolist() == [1, 2, 3, 4, 5, 6]
    assert "config_type" not in pair.info
    assert made.notes == ("1 isolated atom got the config_type IsolatedAtom.",)


def test_keys_of_nequip(odd):
    made = content(odd.opened, odd.path, 2, "file", NEQUIP)
    atom, pair = frames_in(made.bytes_of())
    assert atom.get_potential_energy() == -0.123456789012345678
    assert atom.get_forces().tolist() == [[0.1, 0.2, 0.30000000000000004]]
    assert atom.info["virial"][1, 1] == 2
    assert pair.get_potential_energy() == 5
    assert pair.get_stress().tolist() == [1, 2, 3, 4, 5, 6]
    assert made.notes == ("1 frame with a virial and no stress: it stays as it is.",)


def test_mace_reads_what_ase_wrote(opened):
    state = opened.state
    made = content(state.opened, state.path, 6, "file", MACE)
    for atoms, frame in zip(frames_in(made.bytes_of()), made.frames, strict=True):
        source = state.opened.dataset.frames[frame]
        assert atoms.calc is None
        assert atoms.info["REF_energy"] == source.get_potential_energy()
        np.testing.assert_array_equal(atoms.arrays["REF_forces"], source.get_forces())
        assert atoms.info["config_type"] == source.info["config_type"]


ENERGIES = {MACE: "REF_energy", NEQUIP: "energy"}
FORCES = {MACE: "REF_forces", NEQUIP: "forces"}


def exported(session, path, kind):
    """Return the frames that ASE reads from a full export, those of the source, and the notes."""
    session.open(path)
    assert session.state.error == ""
    opened, method_path = session.state.opened, session.state.path
    made = content(opened, method_path, len(opened.envs), "file", kind)
    text = made.bytes_of().decode()
    return ase.io.read(io.StringIO(text), index=":", format="extxyz"), opened.dataset, made.notes


def label(atoms, name):
    results = getattr(atoms.calc, "results", {})
    return {**atoms.info, **atoms.arrays, **results}.get(name)


@pytest.mark.parametrize("kind", [MACE, NEQUIP])
@pytest.mark.parametrize(
    "name",
    ["gap_dft_force_dft_virial", "DFT_force", "gpumd_capital_Energy", "gpumd_lower_case", "kliff_PBC_110",
     "empty_note_by_ase", "empty_quotes_before_Properties", "quip_species_and_Z", "ref_stress_matrix",
     "extxyz_nested_arrays", "key_in_quotes", "stress_voigt", "REF_stress_None", "only_free_energy",
     "D_exponent_energy", "source_of_energy", "has_force_flag"],
)  # fmt: skip
def test_labels_reach_the_program(session, case_file, name, kind):
    read, dataset, _ = exported(session, case_file(f"{name}.xyz"), kind)
    assert any(atoms_energy(before) is not None for before in dataset.frames)
    for after, before in zip(read, dataset.frames, strict=True):
        if (energy := atoms_energy(before)) is not None:
            assert float(label(after, ENERGIES[kind])) == energy
        np.testing.assert_array_equal(after.positions, before.positions)
        np.testing.assert_array_equal(after.cell.array, before.cell.array)
        np.testing.assert_array_equal(after.pbc, before.pbc)
        if (forces := usable_forces(before)) is not None:
            np.testing.assert_array_equal(label(after, FORCES[kind]), forces)
        else:
            # NaN, as of a calculation that failed, is kept under another name.
            assert label(after, FORCES[kind]) is None


def test_stresses_reach_the_program(session, case_file):
    read, dataset, _ = exported(session, case_file("ref_stress_matrix.xyz"), NEQUIP)
    for after, before in zip(read, dataset.frames, strict=True):
        # ASE keeps the upper triangle of a matrix given column by column.
        matrix = before.info["REF_stress"]
        np.testing.assert_array_equal(after.get_stress(voigt=False), np.triu(matrix) + np.triu(matrix, 1).T)
    read, dataset, _ = exported(session, case_file("REF_stress_None.xyz"), NEQUIP)
    assert not any(
        "stress" in getattr(after.calc, "results", {}) for after in read if "REF_stress" in after.info
    )


@pytest.mark.parametrize("name", ["cs_bcc_one_atom", "skewed_one_atom"])
def test_bulk_of_one_atom_is_not_isolated(session, case_file, name):
    read, dataset, notes = exported(session, case_file(f"{name}.xyz"), MACE)
    for after, before in zip(read, dataset.frames, strict=True):
        assert after.info.get("config_type") == before.info.get("config_type")
    assert not any("isolated" in note for note in notes)
    assert dataset.locked == ((0,) if name.startswith("cs") else ())


def test_another_label_of_an_isolated_atom_is_noted(session, case_file):
    read, dataset, notes = exported(session, case_file("gap_dft_force_dft_virial.xyz"), MACE)
    assert dataset.locked == (0,)
    assert read[0].info["config_type"] == "isolated_atom"
    assert any("frame 0) kept another label, such as isolated_atom" in note for note in notes)


def test_energies_not_in_the_file_are_not_exported(session, case_file):
    read, _, notes = exported(session, case_file("dump_element.lammpstrj"), MACE)
    assert not any("REF_energy" in after.info for after in read)
    assert "No frame has an energy." in notes


def test_rank_is_added_to_a_plain_comment(session, tmp_path):
    path = tmp_path / "plain.xyz"
    path.write_text("2\nJohn's water, energy = 3 or energy = 4\nO 0 0 0\nH 0.1 0 1e-1\n" * 3)
    read, dataset, _ = exported(session, path, RANK)
    assert [after.info["quests_rank"] for after in read] == [1, 2, 3]
    for after, before in zip(read, dataset.frames, strict=True):
        assert after.info["comment"] == before.info["comment"]
        np.testing.assert_array_equal(after.positions, before.positions)


CUSTOM = (
    '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:forces:R:3:my_f:R:3 energy=5 my_e=-1.50 '
    "kind={kind} final_energy=3\nCu 0 0 0 1 2 3 4 5 6.0\nCu 2 0 {z} 3 2 1 6 5 4\n"
)


@pytest.fixture
def custom(session, tmp_path):
    path = tmp_path / "custom.xyz"
    path.write_text(CUSTOM.format(kind="isolated_atom", z=0) + CUSTOM.format(kind="b", z=0.5))
    session.open(path)
    assert session.state.error == ""
    return session


def with_keys(session, **keys):
    import dataclasses

    session.controller.recompute(dataclasses.replace(session.state.opened.parameters, **keys))
    session.run()


@pytest.mark.parametrize("kind", [MACE, NEQUIP, RANK])
def test_keys_named_by_the_user(custom, kind):
    with_keys(custom, energy_key="my_e", forces_key="my_f", label_key="kind")
    assert custom.state.error == ""
    opened = custom.state.opened
    assert opened.dataset.labels == ("isolated_atom", "b")
    assert custom.state.marks.locked == opened.dataset.locked == (0,)
    assert [atoms_energy(atoms) for atoms in opened.dataset.frames] == [-1.5, -1.5]
    made = content(opened, custom.state.path, 2, "file", kind)
    first = ase.io.read(io.StringIO(made.bytes_of().decode()), index=0, format="extxyz")
    assert b"-1.50" in made.blocks[0]
    if kind in ENERGIES:
        assert label(first, ENERGIES[kind]) == -1.5
        assert label(first, FORCES[kind]).tolist() == [[4, 5, 6], [6, 5, 4]]
        assert any("'final_energy' looks like a label" in note for note in made.notes)


def test_a_key_in_no_frame_is_an_error(custom):
    before = custom.state.opened
    with_keys(custom, energy_key="absent")
    assert "energy_key: expected a key" in custom.state.error
    assert custom.state.opened is before


@pytest.fixture
def misleading(session, tmp_path):
    """Return a session where config_type marks a frame as isolated, but the named label does not."""
    path = tmp_path / "misleading.xyz"
    text = "".join(CUSTOM.format(kind="b", z=0.5 + 0.1 * i) for i in range(6))
    path.write_text(
        text.replace("kind=b", "config_type=isolated_atom 'the kind'=b", 1).replace("kind=b", "'the kind'=b")
    )
    session.open(path)
    assert session.state.marks.locked == (0,)
    with_keys(session, energy_key="my_e", forces_key="my_f", label_key="the kind")
    assert session.state.error == ""
    assert session.state.marks.locked == session.state.opened.dataset.locked == ()
    return session


def test_record_code_and_command_include_named_keys(misleading, tmp_path, monkeypatch):
    opened, path = misleading.state.opened, misleading.state.paths["random"]
    expected = path.frames(1).tolist()
    assert expected != [0]
    written = record(opened, path, 1, "file", b"")["parameters"]
    named = {"energy_key": "my_e", "forces_key": "my_f", "label_key": "the kind"}
    assert {name: written[name] for name in named} == named
    code = python_code(opened, path, 1)
    assert "read(source, energy_key='my_e', forces_key='my_f')" in code
    monkeypatch.chdir(tmp_path)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == expected
    _, *arguments = shlex.split(command(opened, path, 1))
    assert {"--energy-key=my_e", "--forces-key=my_f", "--label-key=the kind"} < {*arguments}
    planned = CliRunner().invoke(app, [*arguments[:-2], "--dry-run", "--json"])
    assert planned.exit_code == 0, planned.output
    assert json.loads(planned.stdout)["indices_by_rank"] == expected


def test_default_keys_are_not_in_code_and_command(custom):
    opened, path = custom.state.opened, custom.state.path
    assert "frames = read(source)\n" in python_code(opened, path, 1)
    assert "-key" not in command(opened, path, 1)
    assert record(opened, path, 1, "file", b"")["parameters"]["energy_key"] is None
