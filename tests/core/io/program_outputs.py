"""Write outputs of programs, with the lines that readers look for; they are not from the programs themselves.

Each holds the frames of `frames`: a cell, two atoms, energies, forces and stresses.
"""

import numpy as np
from ase import Atoms
from ase.units import Bohr, GPa, Ry

CELL = np.array([[3.0, 0.1, 0.0], [0.0, 3.2, 0.0], [0.2, 0.0, 3.4]])
KBAR = 0.1 * GPa


def frames(rng, n=2):
    """Return frames, energies (eV), forces (eV/Å) and stresses (eV/Å³, positive under tension)."""
    positions = np.array([[0.1, 0.2, 0.3], [1.4, 1.5, 1.6]]) + 0.05 * rng.normal(size=(n, 2, 3))
    stresses = 0.01 * rng.normal(size=(n, 3, 3))
    made = [Atoms("NaCl", positions=one, cell=CELL, pbc=True) for one in positions]
    return made, -10.5 - np.arange(n), rng.normal(size=(n, 2, 3)), stresses + stresses.swapaxes(1, 2)


def _rows(*arrays):
    return ["  ".join(f"{value:.8f}" for value in row) for row in np.hstack(arrays)]


def outcar(made, energies, forces, stresses):
    """Return an OUTCAR; the free energy is 0.25 eV below the energy without entropy."""
    lines = [" vasp.6.3.0 20Jan22 (build of a test) complex", ""]
    lines += [" POTCAR:    PAW_PBE Na 08Apr2002", " POTCAR:    PAW_PBE Cl 06Sep2000"] * 2
    lines += ["   VRHFIN =Na:  s", "   VRHFIN =Cl:  s2p5", "   ions per type =               1   1"]
    lines += ["   ISPIN  =      1    spin polarized calculation?", "   NELM   =     60;   NELMIN=  2"]
    lines += [
        "   LNONCOLLINEAR =      F non collinear calculations",
        "   IBRION =     -1",
        "   NIONS =      2",
    ]
    lines += [" -------- Iteration    1(   1)  ------------"]
    for atoms, energy, force, stress in zip(made, energies, forces, stresses, strict=True):
        x, y, z, yz, xz, xy = (-stress / KBAR)[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        in_kb = "".join(f" {value:.5f}" for value in (x, y, z, xy, yz, xz))
        lines += [f"  in kB {in_kb}", "", " VOLUME and BASIS-vectors are now :", ""]
        lines += ["      direct lattice vectors                 reciprocal lattice vectors"]
        lines += _rows(atoms.cell.array, np.linalg.inv(atoms.cell.array).T)
        lines += [
            "",
            " POSITION                                       TOTAL-FORCE (eV/Angst)",
            " " + "-" * 83,
        ]
        lines += [*_rows(atoms.positions, force), " " + "-" * 83, ""]
        lines += ["  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)", "  " + "-" * 51]
        lines += [f"  free  energy   TOTEN  =       {energy - 0.25:.8f} eV", ""]
        lines += [f"  energy  without entropy=  {energy - 0.1:.8f}  energy(sigma->0) =  {energy:.8f}", ""]
    return "\n".join(lines) + "\n"


def vasprun(made, energies, forces, stresses):
    """Return a vasprun.xml."""

    def block(name, rows, kind="varray"):
        return f'<{kind} name="{name}">{"".join(f"<v>{row}</v>" for row in rows)}</{kind}>'

    def structure(atoms, name=""):
        crystal = block("basis", _rows(atoms.cell.array)) + '<i name="volume">32.6</i>'
        positions = block("positions", _rows(atoms.get_scaled_positions(wrap=False)))
        return f"<structure{name}><crystal>{crystal}</crystal>{positions}</structure>"

    steps = [structure(made[0], ' name="initialpos"')]
    for atoms, energy, force, stress in zip(made, energies, forces, stresses, strict=True):
        entries = {"e_fr_energy": energy - 0.25, "e_wo_entrp": energy - 0.1, "e_0_energy": energy}
        found = "".join(f'<i name="{name}">{value:.8f}</i>' for name, value in entries.items())
        steps.append(
            f"<calculation><scstep><energy>{found}</energy></scstep>"
            f"{structure(atoms)}"
            f"{block('forces', _rows(force))}{block('stress', _rows(-stress / KBAR))}"
            f"<energy>{found}</energy></calculation>"
        )
    kinds = "".join(f"<rc><c>{symbol}</c><c>{i}</c></rc>" for i, symbol in enumerate(("Na", "Cl"), 1))
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?><modeling><kpoints>'
        f"{block('kpointlist', ['0.0 0.0 0.0'])}{block('weights', ['1.0'])}</kpoints>"
        f'<atominfo><atoms>2</atoms><array name="atoms"><set>{kinds}</set></array></atominfo>'
        f"{''.join(steps)}</modeling>"
    )


def espresso(made, energies, forces, stresses):
    """Return an output of pw.x, in Rydberg and Bohr."""
    lines = ["     Program PWSCF v.7.2 starts on  1Jan2026 at  0: 0: 0", ""]
    lines += [
        "     bravais-lattice index     =            0",
        f"     lattice parameter (alat)  = {1 / Bohr:12.6f}  a.u.",
    ]
    lines += [
        "     number of atoms/cell      =            2",
        "     number of atomic types    =            2",
        "",
    ]
    lines += [f"     celldm(1)={1 / Bohr:11.6f}  celldm(2)=   0.000000  celldm(3)=   0.000000", ""]
    lines += ["     crystal axes: (cart. coord. in units of alat)"]
    lines += [f"               a({i}) = (  {row} )" for i, row in enumerate(_rows(CELL), 1)]
    for step, (atoms, energy, force, stress) in enumerate(zip(made, energies, forces, stresses, strict=True)):
        if step == 0:
            lines += [
                "",
                "   Cartesian axes",
                "",
                "     site n.     atom                  positions (alat units)",
            ]
            rows = zip(("Na", "Cl"), _rows(atoms.positions), strict=True)
            lines += [
                f"         {i}           {name}  tau(   {i}) = (   {row}  )"
                for i, (name, row) in enumerate(rows, 1)
            ]
        else:
            lines += ["", "ATOMIC_POSITIONS (angstrom)"]
            lines += [f"{name} {row}" for name, row in zip(("Na", "Cl"), _rows(atoms.positions), strict=True)]
        lines += ["", f"!    total energy              = {energy / Ry:16.10f} Ry", ""]
        lines += ["     Forces acting on atoms (cartesian axes, Ry/au):", ""]
        rows = enumerate(_rows(force / (Ry / Bohr)), 1)
        lines += [f"     atom    {i} type  {i}   force =   {row}" for i, row in rows]
        pressure = -stress / (Ry / Bohr**3)
        lines += ["", "     Computing stress (Cartesian axis) and pressure", ""]
        lines += ["          total   stress  (Ry/bohr**3)                   (kbar)     P=       0.00"]
        lines += _rows(pressure, -stress / KBAR)
        lines += [""]
    return "\n".join(lines) + "\n"


def dump(made, forces, element=True):
    """Return a text dump of LAMMPS with forces in units ``metal``, in which eV and Å are used."""
    lines = []
    for step, (atoms, force) in enumerate(zip(made, forces, strict=True)):
        bounds = [f"0.0 {length}" for length in atoms.cell.lengths()]
        lines += [
            "ITEM: TIMESTEP",
            str(step),
            "ITEM: NUMBER OF ATOMS",
            "2",
            "ITEM: BOX BOUNDS pp pp pp",
            *bounds,
        ]
        lines += [f"ITEM: ATOMS id {'element' if element else 'type'} x y z fx fy fz"]
        names = ("Na", "Cl") if element else ("1", "2")
        rows = zip(names, _rows(atoms.positions, force), strict=True)
        lines += [f"{i} {name} {row}" for i, (name, row) in enumerate(rows, 1)]
    return "\n".join(lines) + "\n"


# What pw.x 6.7 printed for a calculation that stopped after two iterations.
NOT_CONVERGED = """     number of k points=     2
                       cart. coord. in units 2pi/alat
        k(    1) = (   0.0000000   0.0000000   0.0000000), wk =   0.2500000
        k(    2) = (  -0.3325193  -0.3460065   0.3670376), wk =   0.2500000

     total energy              =     -15.54040306 Ry
     estimated scf accuracy    <       0.00075719 Ry

     End of self-consistent calculation

     convergence NOT achieved after   2 iterations: stopping

     Writing output data file ./tmp/a.save/

"""
