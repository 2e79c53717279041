"""Train potentials on subsets of real sets: ``python benchmarks/potentials.py --write``.

Does the subset train a better potential? GAPs are trained on 10, 25, 50 and 75 % of the training part of each
set of `SETS`, chosen by each default method of the dashboard, and tested in distribution (frames drawn at
random) and out of it (a label that is held out, or the frames with the highest forces). One more GAP is
trained on the whole training part, as the reference that compression may lose against.

Each of the seeds draws its own frames of the set, its own test set, and seeds random methods and the choice
of sparse points, so that methods whose order does not depend on a seed are repeated too. Subsamples and small
SOAP bases keep one GAP at seconds to half a minute of CPU: methods can be compared with each other, not with
published potentials. The reasons for the parameters are in `SETS`; the page shows the force RMSE beside the
spread of the forces, which is the error of a potential that predicts none.

Finished potentials are kept in the folder ``--cache``; an interrupted run resumes from there, and ``--kept``
only reads it. ``--write`` writes the section and the figure from what is finished, and says how much of the
plan that is. ``--quick`` trains four GAPs on one small set, and fails unless all of them learn.
"""

import argparse
import dataclasses
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms
from potentials_report import draw, report
from report import ROOT, write_section

import quests_core as q
from quests_app.analysis.methods import DEFAULT_METHODS
from quests_core.potentials import GAP, compare_potentials, hold_out
from quests_core.potentials.cells import CellStore
from quests_core.potentials.errors import force_spread
from quests_core.potentials.labelled import reference_labels

DATA = ROOT.parent / "shared" / "data"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "quests-explorer" / "potentials"
PAGE, FIGURE = ROOT / "docs" / "potentials.md", ROOT / "docs" / "potentials.png"
SIZES, SEEDS, TESTS = (0.1, 0.25, 0.5, 0.75), (0, 1, 2), ("random", "other")
# The reference, trained on the whole training part.
FULL = "full"
# Of the force RMSE of --quick to the spread.
MAX_QUICK_RATIO = 0.5
QUICK = "cu_poet_19"
log = logging.getLogger("potentials")


@dataclasses.dataclass(frozen=True)
class StudySet:
    """A set of the study.

    Attributes
    ----------
    n_frames : int
        Frames that each seed draws; fewer than the set has, so that seeds differ.
    labels : tuple of str
        Labels to hold out of distribution; if there are none, the frames with the highest forces are.
    energies : bool
        Whether energies are trained on.
    parameters : dict
        Parameters of `GAP` that differ from `SMALL`.
    why : str
        Reason for them.
    """

    n_frames: int
    labels: tuple[str, ...] = ()
    energies: bool = True
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict)
    why: str = ""


SMALL = {"n_max": 6, "l_max": 3, "cutoff": 4.5, "n_sparse": 200}
# `why` begins with the ratio of the force RMSE to the spread of the forces in a tuning run: one seed, random
# test frames, half of the training part at random.
SETS = {
    "cu_poet_19": StudySet(
        80, (), True, {"force_sigma": 0.05},
        "0.04: one crystal, learned with small errors",
    ),
    "gap20_Fullerenes": StudySet(
        80, (), False, {"cutoff": 4.0, "force_sigma": 0.3, "delta": 3.0},
        "0.16: forces up to 69 eV/Å ask for a larger expected error",
    ),
    "3bpa": StudySet(
        80, ("train_mixedT",), True,
        {
            "cutoff": 4.0, "n_max": 4, "atom_sigma": 0.4, "n_sparse": 125, "n_sparse_2b": 30,
            "force_sigma": 0.05,
        },
        "0.32: sharper atoms and more distances for bonds; four elements ask for a small basis, a larger one "
        "reaches 0.20 in four times the time",
    ),
    "mg_fletcher_ns": StudySet(120, ("cycle_3",), True, {"cutoff": 5.0}, "0.12: longer distances"),
    "mlearn_Mo": StudySet(70, ("AIMD_6000K", "vacancy_AIMD_6000K"), True, {}, "0.16"),
    "agpd_msg": StudySet(
        240, ("bcc",), True, {"cutoff": 5.0, "force_sigma": 0.02},
        "0.32: small forces; with half the expected error 0.43, as it fits what it cannot represent",
    ),
    "co2_ni100_reann_val": StudySet(
        70, (), True, {"n_max": 4, "n_sparse": 150, "force_sigma": 0.05},
        "0.25: three elements ask for a small basis",
    ),
    "mlearn_Si": StudySet(70, (), True, {}, "0.19"),
    "gap20_Graphite": StudySet(
        80, (), False, {"cutoff": 4.0}, "0.36: neighbours of two layers are within the cutoff",
    ),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Plan:
    """The potentials that a run trains: sets, tests, methods, sizes and seeds, and whether the reference."""

    sets: Sequence[str] = tuple(SETS)
    tests: Sequence[str] = TESTS
    methods: Sequence[str] = DEFAULT_METHODS
    sizes: Sequence[float] = SIZES
    seeds: Sequence[int] = SEEDS
    full: bool = True

    def blocks(self) -> Iterator["Block"]:
        """Yield what shares a training part."""
        for seed in self.seeds:
            for name in self.sets:
                yield from (Block(name, test, seed) for test in self.tests)

    @property
    def n_potentials(self) -> int:
        """Number of potentials of the whole plan."""
        n_blocks = len(self.sets) * len(self.tests) * len(self.seeds)
        return n_blocks * (len(self.methods) * len(self.sizes) + self.full)


@dataclasses.dataclass(frozen=True)
class Block:
    """The potentials of one set, test and seed."""

    name: str
    test: str
    seed: int

    @property
    def trainer(self) -> GAP:
        """The trainer of the set."""
        # No time limit: a paused run would exceed it.
        return GAP(**{**SMALL, **SETS[self.name].parameters}, seconds=None)

    def folder(self, cache: Path) -> Path:
        """Return the folder of finished potentials, which is another one if the set's parameters change."""
        chosen = SETS[self.name]
        labels = chosen.labels if self.test == "other" else ()
        text = json.dumps([chosen.n_frames, labels, chosen.energies, dataclasses.asdict(self.trainer)])
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return cache / f"{self.name}-{self.test}-{self.seed}-{digest}"

    def frames(self) -> list[Atoms]:
        """Return the frames that the seed draws."""
        chosen = SETS[self.name]
        frames = q.read(DATA / f"{self.name}.xyz.gz")
        rng = np.random.default_rng(self.seed)
        frames = [frames[i] for i in np.sort(rng.choice(len(frames), chosen.n_frames, replace=False))]
        if not chosen.energies:
            for atoms in frames:
                atoms.calc.results.pop("energy")
        return frames

    def hold_out(self) -> dict[str, Any]:
        """Return the arguments that describe the test set."""
        labels, test = SETS[self.name].labels, self.test
        if test == "other":
            test = "labels" if labels else "highest_forces"
        return {"test": test, "test_labels": labels if test == "labels" else (), "random_state": self.seed}


def train_block(block: Block, plan: Plan, cache: Path, full: bool) -> None:
    """Train what is missing of a block, its subsets or the reference, and log each potential."""
    folder, options = block.folder(cache), block.hold_out()
    frames = block.frames()
    store = CellStore(folder)
    split = hold_out(frames, **options)
    reference = reference_labels([frames[i] for i in split.test])
    store.write("block.json", {
        "spread": force_spread(reference.forces), "n_train": len(split.train), "n_test": len(split.test)
    })  # fmt: skip
    methods, sizes = (("random",), (1.0,)) if full else (plan.methods, plan.sizes)
    title = f"{block.name} {block.test}, seed {block.seed}"
    compare_potentials(
        frames, methods, sizes, block.trainer, seeds=[block.seed], folder=folder, keep_files=False,
        on_part=lambda found: log_last(title, found.table), **options,
    )  # fmt: skip


def log_last(title: str, table: pd.DataFrame) -> None:
    """Log the last potential of a table."""
    row = table.iloc[-1]
    text = (
        f"{title}: {row.method} {row.n_frames}: {row.status} {row.force_rmse:.4f} eV/Å, {row.seconds:.0f} s"
    )
    log.info("%s %s", text, row.message)


def train(plan: Plan, cache: Path) -> None:
    """Train what is missing of a plan, for each seed the subsets of all sets before the references."""
    for seed in plan.seeds:
        blocks = list(dataclasses.replace(plan, seeds=(seed,)).blocks())
        for full in (False, True)[: 1 + plan.full]:
            for block in blocks:
                train_block(block, plan, cache, full)


def stored_rows(block: Block, plan: Plan, cache: Path) -> list[dict[str, Any]]:
    """Return a row for each finished or diverged potential of a block."""
    folder = block.folder(cache)
    if not (folder / "block.json").exists():
        return []
    known = json.loads((folder / "block.json").read_text())
    shared = {"set": block.name, "test": block.test, "seed": block.seed, "spread": known["spread"]}
    store, rows = CellStore(folder), {}
    # Of potentials by several versions of quippy, the latest counts.
    for path in sorted(folder.glob("*-*-*-*.json"), key=lambda path: path.stat().st_mtime):
        cell = store.load(path.stem)
        if cell is None:
            continue
        full = cell.n_frames == known["n_train"]
        size = 1.0 if full else min(plan.sizes, key=lambda size: abs(size - cell.fraction))
        method = FULL if full else cell.method
        if not full and (method not in plan.methods or round(size * known["n_train"]) - cell.n_frames > 1):
            continue
        errors = cell.errors[0] if cell.errors and cell.status == "finished" else {}
        rows[method, size] = {
            **shared, "method": method, "size": size, "n_frames": cell.n_frames, "n_envs": cell.n_envs,
            "status": cell.status, "force_rmse": errors.get("force_rmse", np.nan),
            "energy_rmse": errors.get("energy_rmse") or np.nan, "overlap": cell.overlap,
            "information_loss": cell.information_loss, "seconds": cell.seconds,
        }  # fmt: skip
    return list(rows.values())


def settings() -> pd.DataFrame:
    """Return the choices for each set."""
    rows = {}
    for name, chosen in SETS.items():
        own = {**SMALL, **chosen.parameters}
        rows[name] = {
            "frames drawn": chosen.n_frames,
            "held out of distribution": ", ".join(chosen.labels) or "highest forces",
            "energies": "yes" if chosen.energies else "no",
            "parameters of GAP": ", ".join(f"{key}={value}" for key, value in own.items()),
            "why": chosen.why,
        }
    return pd.DataFrame(rows).T


def check_quick(table: pd.DataFrame, plan: Plan) -> None:
    """Fail unless all potentials are finished, and have learned forces."""
    ratios = table.force_rmse / table.spread
    if len(table) < plan.n_potentials or not (ratios < MAX_QUICK_RATIO).all():
        raise SystemExit(
            f"expected {plan.n_potentials} potentials whose force RMSE is below {MAX_QUICK_RATIO:g} of the "
            f"spread of the forces, got {', '.join(f'{ratio:.2f}' for ratio in ratios)}"
        )


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS), help="by default all")
    parser.add_argument("--methods", nargs="*", choices=q.METHODS, default=list(DEFAULT_METHODS))
    parser.add_argument("--seeds", nargs="*", type=int, default=list(SEEDS))
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of finished potentials")
    parser.add_argument("--kept", action="store_true", help="train nothing, report what is finished")
    parser.add_argument(
        "--quick", action="store_true", help="one small set, two sizes, one seed, two methods"
    )
    parser.add_argument("--write", action="store_true", help="write the section and figure of the page")
    return parser.parse_args()


def main() -> None:
    """Train, log, and write the section if requested."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = arguments()
    plan = Plan(options.sets, methods=options.methods, seeds=options.seeds)
    if options.quick:
        plan = Plan((QUICK,), ("random",), ("msc", "random"), (0.25, 0.5), (0,), full=False)
    if not options.kept:
        train(plan, options.cache)
    table = pd.DataFrame([row for block in plan.blocks() for row in stored_rows(block, plan, options.cache)])
    if table.empty:
        raise SystemExit(f"expected finished potentials in {options.cache}, got none")
    if options.quick:
        check_quick(table, plan)
    lines = report(table, plan, settings())
    log.info("\n".join(lines))
    if options.write:
        write_section("potentials", lines, PAGE)
        draw(table, FIGURE)


if __name__ == "__main__":
    main()
