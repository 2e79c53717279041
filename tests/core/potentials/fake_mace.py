"""Programs in the place of those of mace-torch: the potential is EMT."""

import sys

RUN_TRAIN = """
import pathlib, sys
assert pathlib.Path("train.xyz").exists()
pathlib.Path("mace.model").write_text("\\n".join(sys.argv[1:]))
"""
EVAL_CONFIGS = """
import sys
import ase.io
from ase.calculators.emt import EMT
given = dict(one.removeprefix("--").split("=", 1) for one in sys.argv[1:])
assert open(given["model"]).read().startswith("--name=mace")
frames = ase.io.read(given["configs"], ":")
for atoms in frames:
    atoms.calc = EMT()
    atoms.info["MACE_energy"] = atoms.get_potential_energy()
    atoms.arrays["MACE_forces"] = atoms.get_forces()
    atoms.calc = None
ase.io.write(given["output"], frames, format="extxyz")
"""


def install(folder):
    """Write the programs to a folder, and return the environment variable PATH that finds them."""
    folder.mkdir()
    for name, code in (("mace_run_train", RUN_TRAIN), ("mace_eval_configs", EVAL_CONFIGS)):
        (folder / name).write_text(f"#!{sys.executable}\n{code}")
        (folder / name).chmod(0o755)
    return str(folder)
