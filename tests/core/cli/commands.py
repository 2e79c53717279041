"""Helpers for the tests of the commands."""

import json

from ase.build import bulk
from typer.testing import CliRunner

import quests_core as q
import quests_core.cli.common
from quests_core.cli import app

PARAMETERS = ("-k", 4, "-c", 3.5, "-b", 0.03, "--species")


def frames_of(rng, n, alloy="Ag"):
    frames = []
    for i in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.symbols[i % 4] = alloy
        atoms.positions += 0.02 * i * rng.normal(size=(4, 3))
        frames.append(atoms)
    return frames


def run(*arguments, stdin=None):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def run_json(*arguments, stdin=None):
    done = run(*arguments, "--json", stdin=stdin)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def environments(*paths):
    """Return the environments of each file, with the elements of all files, as the commands do."""
    sets = [q.read(path) for path in paths]
    species = sorted({symbol for frames in sets for atoms in frames for symbol in atoms.symbols})
    return [q.descriptors(frames, k=4, cutoff=3.5, species=species) for frames in sets]


KEYED = (
    '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:my_f:R:3 my_e={} energy=7 '
    "config_type=bulk kind={}\nCu 0 0 0 1 2 3\nCu {} 0 2.5 3 2 1\n"
)
KEYS = ("--energy-key", "my_e", "--forces-key", "my_f")
