"""Outputs of VASP and Quantum ESPRESSO have known values, in the units and signs of ASE."""

import numpy as np
import pytest
from ase.stress import voigt_6_to_full_3x3_stress

from quests_core import atoms_energy, atoms_forces, descriptors, iread, read
from quests_core.io.dataset import load
from quests_core.io.read_process import read_in_process
from tests.core.io import program_outputs as outputs

WRITTEN = {"OUTCAR": outputs.outcar, "vasprun.xml": outputs.vasprun, "pw.out": outputs.espresso}


@pytest.mark.parametrize("name", WRITTEN)
def test_energies_forces_and_stresses_are_read(name, rng, tmp_path):
    made, energies, forces, stresses = outputs.frames(rng)
    (tmp_path / name).write_text(WRITTEN[name](made, energies, forces, stresses))
    found = read(tmp_path / name)
    assert len(found) == 2
    for i, atoms in enumerate(found):
        assert atoms.get_chemical_symbols() == ["Na", "Cl"]
        assert atoms.pbc.all()
        np.testing.assert_allclose(atoms.cell.array, outputs.CELL, atol=1e-5)
        np.testing.assert_allclose(atoms.positions, made[i].positions, atol=1e-5)
        assert atoms_energy(atoms) == pytest.approx(energies[i], abs=1e-6), "of VASP: sigma to 0"
        np.testing.assert_allclose(atoms_forces(atoms), forces[i], atol=1e-5)
        stress = voigt_6_to_full_3x3_stress(atoms.calc.results["stress"])
        np.testing.assert_allclose(stress, stresses[i], atol=2e-6)


def test_the_free_energy_of_vasp_is_kept(rng, tmp_path):
    made, energies, forces, stresses = outputs.frames(rng)
    (tmp_path / "OUTCAR").write_text(outputs.outcar(made, energies, forces, stresses))
    found = [atoms.calc.results["free_energy"] for atoms in read(tmp_path / "OUTCAR")]
    np.testing.assert_allclose(found, energies - 0.25)


def test_many_calculations_are_one_set(rng, tmp_path):
    made, energies, forces, stresses = outputs.frames(rng, 4)
    for i, run in enumerate(("a", "b", "c", "d")):
        (tmp_path / run).mkdir()
        one = (slice(i, i + 1),)
        text = outputs.outcar(made[one[0]], energies[one], forces[one], stresses[one])
        (tmp_path / run / "OUTCAR").write_text(text)
    found = read(tmp_path / "*" / "OUTCAR")
    assert [atoms.info["source"] for atoms in found] == ["a/OUTCAR", "b/OUTCAR", "c/OUTCAR", "d/OUTCAR"]
    np.testing.assert_allclose([atoms_energy(atoms) for atoms in found], energies)


def unconverged_pw(made, energies, forces, stresses, keep=0):
    """Return an output of pw.x of which the first `keep` frames have converged."""
    text = outputs.espresso(made, energies, forces, stresses)
    position = -1
    for _ in range(keep + 1):
        position = text.index("!    total energy", position + 1)
    return text[:position] + outputs.NOT_CONVERGED


def test_frames_of_pw_that_have_not_converged_are_left_out(rng, tmp_path):
    made, energies, forces, stresses = outputs.frames(rng, 3)
    (tmp_path / "pw.out").write_text(unconverged_pw(made, energies, forces, stresses, keep=2))
    for reader in (read, read_in_process):
        notes = []
        found = reader(tmp_path / "pw.out", notes=notes)
        np.testing.assert_allclose([atoms_energy(atoms) for atoms in found], energies[:2])
        np.testing.assert_allclose(atoms_forces(found[1]), forces[1], atol=1e-5)
        assert notes == ["1 frame whose self-consistent cycle has not converged is left out"]


def test_steps_of_vasp_that_have_not_converged_are_left_out(rng, tmp_path):
    made, energies, forces, stresses = outputs.frames(rng, 3)
    parts = outputs.outcar(made, energies, forces, stresses).split("  in kB ")
    loops = (
        "-- aborting loop because EDIFF is reached --\n",
        "-- aborting loop EDIFF was not reached (unconverged)  --\n",
        "-- aborting loop because EDIFF is reached --\n",
    )
    steps = [loop + "  in kB " + part for loop, part in zip(loops, parts[1:], strict=True)]
    (tmp_path / "OUTCAR").write_text(parts[0] + "".join(steps))
    notes = []
    found = read(tmp_path / "OUTCAR", notes=notes)
    np.testing.assert_allclose([atoms_energy(atoms) for atoms in found], energies[[0, 2]])
    assert notes == ["1 frame whose self-consistent cycle has not converged is left out"]
    # A loop too many cannot be assigned to a frame.
    (tmp_path / "OUTCAR").write_text(parts[0] + loops[0] * 2 + "".join(steps))
    assert len(read(tmp_path / "OUTCAR")) == 3


@pytest.mark.parametrize(("nelm", "kept"), [(3, [0, 2]), (60, [0, 1, 2]), (1, [0, 1, 2]), (None, [0, 1, 2])])
def test_steps_of_vasp_that_used_all_electronic_steps_are_left_out(nelm, kept, rng, tmp_path):
    text = outputs.vasprun(*(texts := outputs.frames(rng, 3)))
    first, *steps = text.split("<calculation>")
    if nelm:
        stated = f'<parameters><i type="int" name="NELM">    {nelm}</i></parameters>\n'
        first = first.replace("<atominfo>", f"{stated}<atominfo>")
    # An electronic step before the one that is there, and two in the second calculation.
    before = "\n<scstep><energy></energy></scstep>"
    steps = [f"<calculation>{before * n}{step}" for n, step in zip((1, 2, 0), steps, strict=True)]
    (tmp_path / "vasprun.xml").write_text("".join((first, *steps)))
    notes = []
    found = read(tmp_path / "vasprun.xml", notes=notes)
    np.testing.assert_allclose([atoms_energy(atoms) for atoms in found], texts[1][kept])
    left_out = "1 frame whose self-consistent cycle has not converged is left out"
    assert notes == ([left_out] if len(kept) == 2 else [])
    # The end of the file is missing.
    for end, n in (("</calculation>", len(kept)), ("<varray", len(kept) - 1)):
        (tmp_path / "vasprun.xml").write_text("".join((first, *steps[:-1], steps[-1].rpartition(end)[0])))
        assert len(read(tmp_path / "vasprun.xml")) == n


def stopped(kind, texts, is_cut=True):
    """Return an output that ends before the first result."""
    if kind == "pw.out":
        return unconverged_pw(*texts)
    if kind == "OUTCAR":
        return outputs.outcar(*texts).partition("  in kB ")[0]
    head = outputs.vasprun(*texts).partition("<calculation>")[0]
    return head if is_cut else f"{head}</modeling>"


@pytest.mark.parametrize("kind", ["pw.out", "OUTCAR", "vasprun.xml"])
def test_of_many_calculations_those_without_results_are_left_out(kind, rng, tmp_path):
    texts = outputs.frames(rng, 2)
    for name, text in (("a", stopped(kind, texts)), ("b", WRITTEN[kind](*texts))):
        (tmp_path / name).mkdir()
        (tmp_path / name / kind).write_text(text)
    with pytest.raises(ValueError, match=rf"^{kind}: the file contains no frames: .*(converged|no result)"):
        read(tmp_path / "a" / kind)
    for reader in (read, lambda *given, **options: list(iread(*given, **options))):
        notes = []
        found = reader(tmp_path / "*" / kind, notes=notes)
        assert [atoms.info["source"] for atoms in found] == [f"b/{kind}"] * 2
        assert len(notes) == 1
        assert notes[0].startswith(f"a/{kind}: left out: the file contains no frames: ")
    assert len(load(tmp_path / "*" / kind, read=read_in_process).frames) == 2
    envs = descriptors(tmp_path / "*" / kind, store=tmp_path / "store")
    assert len(envs) == 2
    for name in ("a", "b"):
        (tmp_path / name / kind).write_text(stopped(kind, texts, is_cut=name == "a"))
    with pytest.raises(ValueError, match=rf"^no file contains frames: a/{kind}: left out"):
        read(tmp_path / "*" / kind)
    with pytest.raises(ValueError, match=r"^no file contains frames: "):
        descriptors(tmp_path / "*" / kind, store=tmp_path / "none")


def test_a_faulty_file_of_many_is_named_with_its_folder(rng, tmp_path):
    for name, text in (("a", outputs.vasprun(*outputs.frames(rng))), ("b", "<modeling><a></b></modeling>")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vasprun.xml").write_text(
            text.replace("<modeling>", "<x>" if name == "b" else "<modeling>")
        )
    with pytest.raises(ValueError, match=r"^b/vasprun\.xml: cannot be read"):
        read(tmp_path / "*" / "vasprun.xml")


def test_the_format_of_a_file_without_frames_is_told(tmp_path):
    (tmp_path / "log.out").write_text("a log of another program\n")
    with pytest.raises(ValueError, match=r"^log\.out: the file contains no frames: .* an output of pw\.x"):
        read(tmp_path / "log.out")
