"""Small valid files that the fuzzer damages."""

import gzip
import io
import pickle
from functools import cache
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms
from ase.build import bulk, fcc111, molecule

ROOT = Path(__file__).resolve().parents[2]


class Grenade:
    """Object that creates a file when it is unpickled, which the fuzzer looks for."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        """Return the call that unpickling makes."""
        return open, (self.path, "w")


def _lines(atoms, forces) -> list[str]:
    return [
        f"{symbol:2s} {p[0]:.8f} {p[1]:.8f} {p[2]:.8f} {f[0]:.6f} {f[1]:.6f} {f[2]:.6f}"
        for symbol, p, f in zip(atoms.symbols, atoms.positions, forces, strict=True)
    ]


def _frame(atoms, rng, label: str, energy_key: str = "energy") -> str:
    forces = rng.normal(size=(len(atoms), 3))
    cell = " ".join(f"{x:.6f}" for x in atoms.cell.array.ravel())
    pbc = " ".join("FT"[int(p)] for p in atoms.pbc)
    lattice = f'Lattice="{cell}" ' if atoms.pbc.any() else ""
    comment = (
        f"{lattice}Properties=species:S:1:pos:R:3:forces:R:3 config_type={label} "
        f'{energy_key}={rng.normal():.6f} pbc="{pbc}"'
    )
    return "\n".join([str(len(atoms)), comment, *_lines(atoms, forces)]) + "\n"


def _labelled() -> bytes:
    rng, frames = np.random.default_rng(1), []
    for i in range(4):
        atoms = bulk("Cu", cubic=True)
        atoms.positions += 0.05 * rng.normal(size=atoms.positions.shape)
        frames.append(_frame(atoms, rng, f"bulk_{i}"))
    slab = fcc111("Ag", (2, 2, 2), vacuum=6)
    frames.append(_frame(slab, rng, "slab", "REF_energy"))
    frames.append(_frame(molecule("CH3CH2OH"), rng, "molecule"))
    frames.append(_frame(Atoms("H"), rng, "IsolatedAtom"))
    return "".join(frames).encode()


def _plain() -> bytes:
    rows = "C 0.0 0.0 0.0\nO 1.1 0.0 0.0\nO -1.1 0.0 0.0\n"
    return (f"3\nit's a molecule, E < 0\n{rows}" * 3).encode()


def _columns() -> bytes:
    head = (
        'Lattice="4 0 0 0 4 0 0 0 4" Properties=Z:I:1:pos:R:3:fixed:L:1:site:S:1:charge:R:1 '
        'stress="1 0 0 0 2 0 0 0 3"'
    )
    rows = "6 0.5 0.5 0.5 T left -0.25\n8 2.0 2.0 2.0 F right 0.25\n"
    return f"2\n{head}\n{rows}".encode() * 3


@cache
def xyz_files() -> tuple[bytes, ...]:
    """Return the contents of xyz files: generated ones, and the beginning of the demo."""
    demo = gzip.decompress((ROOT / "app/assets/demo.xyz.gz").read_bytes())
    lines, frames, at = demo.split(b"\n"), [], 0
    while len(frames) < 5:
        end = at + 2 + int(lines[at])
        frames.append(b"\n".join(lines[at:end]) + b"\n")
        at = end
    return _labelled(), _plain(), _columns(), b"".join(frames)


@cache
def other_files() -> dict[str, bytes]:
    """Return the contents of files of other formats, by file name."""
    atoms, found = bulk("Cu", cubic=True), {}
    for name, format_, text in (
        ("POSCAR", "vasp", True),
        ("a.cif", "cif", False),
        ("a.json", "json", True),
        ("a.traj", "traj", False),
        ("a.pdb", "proteindatabank", True),
        ("a.xsf", "xsf", True),
    ):
        buffer = io.StringIO() if text else io.BytesIO()
        ase.io.write(buffer, [atoms] if format_ != "vasp" else atoms, format=format_)
        data = buffer.getvalue()
        found[name] = data.encode() if text else data
    found["a.png"] = b"\x89PNG\r\n\x1a\n" + bytes(200)
    found["a.zip"] = b"PK\x03\x04" + bytes(100)
    found["a.html"] = b"<html><script>alert(1)</script></html>"
    return found


def pickled(trap: Path) -> bytes:
    """Return a pickle that writes `trap` when it is opened."""
    return pickle.dumps(Grenade(trap))
