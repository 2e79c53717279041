"""Tests of announced numbers of atoms."""

import pytest
from ase.build import molecule

from quests_core import read

COUNTED = {"x.gro": "gromacs", "x.gen": "gen", "x.config": "dlp4", "x.mol": "mol", "x.sdf": "sdf"}


@pytest.mark.parametrize("name", COUNTED)
def test_fewer_atoms_than_announced_are_refused(tmp_path, name):
    path, atoms = tmp_path / name, molecule("CH3CH2OH")
    atoms.center(vacuum=3)
    if COUNTED[name] in ("mol", "sdf"):
        path.write_text(MOL)
    else:
        atoms.write(path, format=COUNTED[name])
    n_atoms = len(read(path)[0])
    lines = path.read_text().splitlines(keepends=True)
    row = {"gromacs": 1, "gen": 0, "dlp4": 1}.get(COUNTED[name], 3)
    head = lines[row].replace(str(n_atoms), str(n_atoms + 5), 1)
    path.write_text("".join([*lines[:row], head, *lines[row + 1 :]]))
    with pytest.raises(ValueError, match=rf"^{name}: cannot be read: "):
        read(path)


MOL = """water
  made
by hand
  3  0  0     0  0            999 V2000
    0.0000    0.0000    0.1173 O   0  0
    0.0000    0.7572   -0.4692 H   0  0
    0.0000   -0.7572   -0.4692 H   0  0
"""
