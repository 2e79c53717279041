"""Labelled frames and a trainer without a program, for the tests of comparisons."""

import numpy as np
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from quests_core.potentials import Predictions, calculator_predictions


def labelled_frames(n=20, seed=0):
    """Return Cu cells with one Ag atom, rattled more and more, in two labels, labelled with EMT."""
    frames = []
    for i in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.symbols[i % 4] = "Ag"
        atoms.rattle(0.03 + 0.01 * i, seed=seed + i)
        atoms.info["config_type"] = "cold" if i < n // 2 else "hot"
        frames.append(label(atoms))
    return frames


def label(atoms):
    copy = atoms.copy()
    copy.calc = EMT()
    atoms.calc = SinglePointCalculator(atoms, energy=copy.get_potential_energy(), forces=copy.get_forces())
    return atoms


class NoisyEMT:
    """EMT with noise that falls with the size of the training set, and depends on it and on the seed."""

    name = "noisy-emt"

    def __init__(self, noise=0.3):
        self.parameters = {"noise": noise}
        self.calls = []

    def train(self, frames, atom_energies, folder, seed, check):
        check()
        self.calls.append((len(frames), seed))
        (folder / "train.log").write_text(f"trained on {len(frames)} frames\n")
        exact = calculator_predictions(EMT())
        content = int(1e6 * sum(abs(atoms.positions).sum() for atoms in frames))
        rng = np.random.default_rng([seed, content])

        def predict(asked):
            energies, forces = exact(asked)
            noise = self.parameters["noise"] / len(frames)
            return Predictions(energies + noise, forces + noise * rng.normal(size=forces.shape))

        return predict


class Faulty(NoisyEMT):
    """Does something else for training sets of one size; `fault` is called with the predictor there."""

    def __init__(self, size, fault):
        super().__init__()
        self.size, self.fault = size, fault

    def train(self, frames, *others):
        predict = super().train(frames, *others)
        return self.fault(predict) if len(frames) == self.size else predict
