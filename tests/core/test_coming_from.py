"""The table of other programs: each command runs on a file as that program writes it."""

import importlib.util
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from typer.testing import CliRunner

import quests_core as q
from quests_core.cli import app
from quests_core.io.deepmd import write_deepmd
from tests.core.io import abacus_files, program_outputs

PAGE = Path(__file__).parents[2] / "docs" / "coming-from.md"
TABLE = PAGE.read_text().partition("\n## ")[0]
ROWS = re.findall(r"^\| ([^|]+) \| [^|]+ \| `(quests-explorer [^`]+)` \|$", TABLE, re.MULTILINE)


def copper(rng, n=12):
    frames = []
    for i in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.positions += 0.02 * (i + 1) * rng.normal(size=(4, 3))
        atoms.calc = SinglePointCalculator(
            atoms, energy=-14.0 - i, forces=rng.normal(size=(4, 3)), stress=0.01 * rng.normal(size=6)
        )
        frames.append(atoms)
    return frames


def write_mace(frames):
    for atoms in frames:
        atoms.info["REF_energy"], atoms.arrays["REF_forces"] = (
            atoms.get_potential_energy(),
            atoms.get_forces(),
        )
        atoms.calc = None
    write("mace.xyz", frames, format="extxyz")


def write_nep(frames):
    blocks = []
    for atoms in frames:
        lattice = " ".join(map(str, atoms.cell.array.ravel()))
        virial = " ".join(map(str, (-atoms.cell.volume * atoms.get_stress(voigt=False)).ravel()))
        rows = np.hstack([atoms.positions, atoms.get_forces()])
        lines = ["Cu " + " ".join(map(str, row)) for row in rows.tolist()]
        blocks += [
            str(len(atoms)),
            f'energy={atoms.get_potential_energy()} virial="{virial}" lattice="{lattice}" '
            "properties=species:S:1:pos:R:3:force:R:3",
            *lines,
        ]
    Path("nep.xyz").write_text("\n".join(blocks) + "\n")


def write_dump(frames):
    lines = []
    for i, atoms in enumerate(frames):
        bounds = [f"0.0 {length}" for length in atoms.cell.lengths()]
        lines += ["ITEM: TIMESTEP", str(i), "ITEM: NUMBER OF ATOMS", str(len(atoms))]
        lines += ["ITEM: BOX BOUNDS pp pp pp", *bounds, "ITEM: ATOMS id element x y z"]
        rows = enumerate(atoms.positions.tolist(), 1)
        lines += [f"{j} Cu {x} {y} {z}" for j, (x, y, z) in rows]
    Path("dump.lammpstrj").write_text("\n".join(lines) + "\n")


def write_runs(frames, name, make):
    made, energies, forces, stresses = program_outputs.frames(np.random.default_rng(3), len(frames))
    for i in range(len(frames)):
        one = slice(i, i + 1)
        Path("runs", str(i)).mkdir(parents=True)
        Path("runs", str(i), name).write_text(make(made[one], energies[one], forces[one], stresses[one]))


def write_abacus(frames):
    rng = np.random.default_rng(3)
    coords = abacus_files.POSITIONS + 0.05 * rng.normal(size=(len(frames), 2, 3))
    forces, energies = rng.normal(size=coords.shape), (-1.0 - np.arange(len(frames))).tolist()
    half = len(frames) // 2
    stresses = np.stack([np.eye(3)] * len(frames))
    for name, part in (("abacus/1", slice(half)), ("abacus/2", slice(half, None))):
        abacus_files.write_md(Path(name), energies[part], coords[part], forces[part], stresses[part])


def write_colabfit(frames):
    rows = [
        {
            "atomic_numbers": atoms.numbers.tolist(),
            "positions": atoms.positions.tolist(),
            "cell": atoms.cell.array.tolist(),
            "pbc": atoms.pbc.tolist(),
            "energy": atoms.get_potential_energy(),
            "atomic_forces": atoms.get_forces().tolist(),
        }
        for atoms in frames
    ]
    parquet = importlib.import_module("pyarrow.parquet")
    parquet.write_table(importlib.import_module("pyarrow").Table.from_pylist(rows), "co_0.parquet")


WRITERS = {
    "MACE": write_mace,
    "NequIP, Allegro": lambda frames: None,
    "GPUMD, NEP": write_nep,
    "DeePMD-kit": lambda frames: write_deepmd("deepmd", frames, range(len(frames))),
    "ASE": lambda frames: write("relax.traj", frames),
    "ColabFit": write_colabfit,
    "VASP": lambda frames: write_runs(frames, "OUTCAR", program_outputs.outcar),
    "Quantum ESPRESSO": lambda frames: write_runs(frames, "pw.out", program_outputs.espresso),
    "ABACUS": write_abacus,
    "LAMMPS": write_dump,
}
# Number of frames that the command writes; of twelve, a quarter.
N_WRITTEN = {name: 12 if name in ("ASE", "LAMMPS") else 3 for name in WRITERS}


def test_every_row_has_a_command_and_a_file():
    table = [line for line in TABLE.splitlines() if line.startswith("| ")][1:]
    assert [name for name, _ in ROWS] == list(WRITERS)
    assert len(table) == len(ROWS) + 1, "the last row is a link"


@pytest.mark.jit
@pytest.mark.parametrize(("name", "command"), ROWS, ids=[name for name, _ in ROWS])
def test_the_command_runs_on_a_file_of_the_program(name, command, rng, tmp_path, monkeypatch):
    if name in ("DeePMD-kit", "ABACUS") and importlib.util.find_spec("dpdata") is None:
        pytest.skip("dpdata is not installed")
    if name == "ColabFit" and importlib.util.find_spec("pyarrow") is None:
        pytest.skip("pyarrow is not installed")
    monkeypatch.chdir(tmp_path)
    write("train.xyz", copper(rng), format="extxyz")
    WRITERS[name](copper(rng))
    arguments = shlex.split(command)[1:]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    if "-o" not in arguments:
        assert "nats" in done.stdout
        return
    target = Path(arguments[arguments.index("-o") + 1])
    targets = [target] if "--split" not in arguments else sorted(Path().glob(f"{target.stem}-*.xyz"))
    found = [atoms for one in targets for atoms in q.read(one)]
    assert len(found) == N_WRITTEN[name]
    if name != "LAMMPS":
        assert None not in [q.atoms_energy(atoms) for atoms in found]
        assert all(q.atoms_forces(atoms) is not None for atoms in found)
