"""A frame of one atom from the text of an xyz file."""

from quests_core import read

HEAD = 'Lattice="5 0 0 0 6 0 0 0 7"'
BARE = "1\n{}\nSi 0.5 0.25 0\n"


def one(tmp_path, text, notes=None):
    path = tmp_path / "one.xyz"
    path.write_text(text, encoding="utf-8")
    (atoms,) = read(path, notes=notes)
    return atoms
