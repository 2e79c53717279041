"""Write folders as ABACUS 3 leaves them, with what dpdata reads; they are not from the program itself."""

import numpy as np
from ase.units import Bohr, GPa

KBAR = 0.1 * GPa
CELL = np.array([[3.0, 0.1, 0.0], [0.0, 3.2, 0.0], [0.2, 0.0, 3.4]])
POSITIONS = np.array([[0.0, 0.0, 0.0], [1.4, 1.5, 1.6]])


def table(rows, form="{:+.12f}"):
    return ["".join(f"  {form.format(value)}" for value in row) for row in np.asarray(rows)]


def write_stru(folder, calculation):
    folder.mkdir(parents=True)
    (folder / "INPUT").write_text(
        f"INPUT_PARAMETERS\nsuffix  test\ncalculation  {calculation} # the kind\ncal_force 1\ncal_stress 1\n"
    )
    lines = [
        "ATOMIC_SPECIES",
        "Na 22.99 Na.upf",
        "Cl 35.45 Cl.upf",
        "",
        "LATTICE_CONSTANT",
        repr(1 / Bohr),
        "",
    ]
    lines += ["LATTICE_VECTORS", *table(CELL), "", "ATOMIC_POSITIONS", "Cartesian"]
    for symbol, row in zip(("Na", "Cl"), table(POSITIONS), strict=True):
        lines += ["", symbol, "0.0", "1", f"{row} 1 1 1"]
    (folder / "STRU").write_text("\n".join(lines) + "\n")
    (folder / "OUT.test").mkdir()
    return folder / "OUT.test"


def force_lines(forces):
    rows = zip(("Na1", "Cl1"), table(forces), strict=True)
    return ["", " TOTAL-FORCE (eV/Angstrom)", "-" * 60, *(f"  {name}{row}" for name, row in rows), "-" * 60]


def stress_lines(stress):
    return ["", " TOTAL-STRESS (KBAR)", "-" * 60, *table(stress), "-" * 60]


def write_scf(folder, energy, forces=None, stress=None, converged=True):
    """Write a single point; `stress` is that of ABACUS, kbar: positive under compression."""
    out = write_stru(folder, "scf")
    lines = [" charge density convergence is achieved", f" final etot is {energy!r} eV"]
    if not converged:
        lines = [" !! convergence has not been achieved @_@", f" E_KohnSham {energy!r}"]
    lines += force_lines(forces) if forces is not None else []
    lines += stress_lines(stress) if stress is not None else []
    (out / "running_scf.log").write_text("\n".join(lines) + "\n")


def write_md(folder, energies, coords, forces, stresses):
    """Write molecular dynamics; a frame whose energy is None has not converged."""
    out = write_stru(folder, "md")
    dump, log = [], []
    for step, energy in enumerate(energies):
        dump += [
            f"MDSTEP:  {step}",
            "LATTICE_CONSTANT: 1.000000000000 Angstrom",
            "LATTICE_VECTORS",
            *table(CELL),
        ]
        dump += ["VIRIAL (KBAR)", *table(stresses[step])]
        dump += ["INDEX    LABEL    POSITION (Angstrom)    FORCE (eV/Angstrom)"]
        rows = table(np.hstack([coords[step], forces[step]]))
        dump += [f"  {i}  {name}{row}" for i, (name, row) in enumerate(zip(("Na", "Cl"), rows, strict=True))]
        dump += ["", ""]
        log.append(
            " !! convergence has not been achieved" if energy is None else f" final etot is {energy!r} eV"
        )
    (out / "MD_dump").write_text("\n".join(dump))
    (out / "running_md.log").write_text("\n".join(log) + "\n")


def write_relax(folder, energies, coords, forces, stresses):
    """Write a relaxation in a fixed cell."""
    out = write_stru(folder, "relax")
    lines = [f"{'lattice constant (Bohr)':>41} = {1 / Bohr!r}"]
    lines += [f"{'number of atom for this type':>41} = 1"] * 2
    for step, energy in enumerate(energies):
        rows = zip(("taud_Na1", "taud_Cl1"), table(coords[step] @ np.linalg.inv(CELL)), strict=True)
        lines += ["", " DIRECT COORDINATES", " atom x y z mag", *(f"  {name}{row}  0" for name, row in rows)]
        if step == 0:
            lines += ["", " Lattice vectors: (Cartesian coordinate: in unit of a_0)", *table(CELL)]
        lines += [" charge density convergence is achieved", f" final etot is {energy!r} eV"]
        lines += force_lines(forces[step]) + stress_lines(stresses[step])
    (out / "running_relax.log").write_text("\n".join(lines) + "\n")
