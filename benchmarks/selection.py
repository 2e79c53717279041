"""Compare the selection methods on real sets: ``python benchmarks/selection.py --write``.

Every method orders each set of ``../shared/data``. At 5, 10, 25, 50 and 75 % of the frames its subset is
compared with that of `msc` in overlap, information loss, diversity, entropy, and force tail (the
Kolmogorov-Smirnov distance between the distributions of |F| of subset and full set). A cell is one set at
one size. It is won if overlap, information loss and diversity are all at least as good as those of `msc`
(to 1e-6); its guard holds if the largest δH is at most 1.5 times that of `msc`, or 2 nats higher. All sets
of GAP-20 count as one family, and each other file as its own: gap20_partial is used as a whole and split by
its labels, except for labels that have a separate file or fewer than 50 frames. Made sets (`made_sets`) are
reported apart.

The comparison is repeated at the number of environments of `msc` at these sizes, where methods that support
costs divide by the number of environments.

The constants of `balanced` are chosen by benchmarks/selection_tuning.py. ``--write`` writes the
section of docs/benchmarks.md and its figure; ``--sets`` and ``--methods`` restrict the run. Results are kept
immediately in the folder ``--cache``, one JSON file per set, and an interrupted run resumes from them. Use
``--fresh`` to discard them after a method has changed. `exchange` is the function of this name, applied to
each subset of `msc`. `pcov_fps` gets the energies per atom; sets without them are left out. ``--quick``
measures the made sets only, and fails if `balanced` does not meet the claims of the documentation.
"""

import argparse
import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from made_sets import MADE_SETS, made_set
from report import ROOT, write_section
from selection_report import FRACTIONS, differences, draw, judged
from selection_report import report as tables

import quests_core as q

DATA = ROOT.parent / "shared" / "data"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "quests-explorer" / "selection"
SPLIT_BY_LABEL, MIN_FRAMES = "gap20_partial", 50
# On large sets the last two take longer than all others together.
METHODS = (
    "msc", "information_loss", "coverage", "balanced", "mean_fps", "pcov_fps", "cur", "maxvol", "direct",
    "random", "fps", "exchange",
)  # fmt: skip
# Maximum number of environments for `exchange`, which runs once per subset of msc.
MAX_EXCHANGED = 50_000
# Methods without nested subsets, which select for each size and have no comparison by environments.
NOT_NESTED = ("direct",)
WITH_COSTS = ("information_loss", "coverage", "balanced")
# Fractions of the cells of the made sets that `balanced` must win, as docs/benchmarks.md claims.
MIN_SHARES = {"first three at once": 0.75, "guard": 0.85}
log = logging.getLogger("selection")


def forces_of(frames) -> np.ndarray:
    """Return |F| of every atom; NaN for frames without forces."""
    norms = []
    for atoms in frames:
        forces = q.atoms_forces(atoms)
        norms.append(np.full(len(atoms), np.nan) if forces is None else np.linalg.norm(forces, axis=1))
    return np.concatenate(norms)


def energies_of(frames) -> np.ndarray | None:
    """Return the energy per atom of every frame; None if any frame has none."""
    energies = [q.atoms_energy(atoms) for atoms in frames]
    return None if None in energies else np.array(energies) / [len(atoms) for atoms in frames]


def ks_distance(all_values: np.ndarray, values: np.ndarray) -> float:
    """Return the largest difference between two empirical distribution functions."""
    grid = np.sort(all_values)
    full = np.arange(1, len(grid) + 1) / len(grid)
    part = np.searchsorted(np.sort(values), grid, side="right") / max(len(values), 1)
    return float(np.abs(full - part).max(initial=0.0))


def is_wanted(path: Path, names: list[str]) -> bool:
    """Return whether a file contains one of the named sets; names without a file are labels."""
    own = [name for name in names if (DATA / f"{name}.xyz.gz").exists()]
    name = path.name.split(".")[0]
    return not names or name in own or (name == SPLIT_BY_LABEL and len(own) < len(names))


def sets_of(path: Path) -> Iterator[tuple[str, list]]:
    """Yield the name and frames of each set in a file, the largest last."""
    name, frames = path.name.split(".")[0], q.read(path)
    if name == SPLIT_BY_LABEL:
        files = {path.name.split(".")[0] for path in DATA.glob("*.xyz.gz")}
        by_label = {}
        for atoms in frames:
            by_label.setdefault(f"gap20_{atoms.info['config_type']}", []).append(atoms)
        for label, part in sorted(by_label.items(), key=lambda item: sum(map(len, item[1]))):
            if len(part) >= MIN_FRAMES and label not in files:
                yield label, part
    yield name, frames


def measure(name: str, frames: list, methods: list[str], kept: Path) -> None:
    """Measure the methods missing from a set's file, and store each result immediately."""
    rows = json.loads(kept.read_text()) if kept.exists() else []
    known = {row["method"] for row in rows}
    n_envs, energies = sum(map(len, frames)), energies_of(frames)
    left_out = {"exchange"} if n_envs > MAX_EXCHANGED else set()
    left_out |= {"pcov_fps"} if energies is None else set()
    missing = [method for method in methods if method not in known | left_out]
    if not missing:
        return
    envs, forces = q.descriptors(frames), forces_of(frames)
    sizes = np.array([max(1, int(fraction * len(envs) + 0.5)) for fraction in FRACTIONS])
    # Comparisons at equal numbers of environments use those of msc.
    room = [row["n_envs"] for row in rows if row["method"] == "msc" and row["at"] == "frames"]
    for method in missing:
        tables = measured(envs, forces, energies, sizes, method, np.array(room))
        if method == "msc":
            room = tables[0].n_envs.tolist()
        rows += json.loads(pd.concat(tables).assign(set=name).to_json(orient="records", double_precision=15))
        part = kept.with_suffix(".part")
        part.write_text(json.dumps(rows, indent=0))
        part.replace(kept)
        log.info("%s %s: %.1f CPU s", name, method, tables[0].cpu_seconds[0])


def measured(envs, forces: np.ndarray, energies, sizes: np.ndarray, method: str, room: np.ndarray) -> list:
    """Return the metrics of a method at the numbers of frames, and of environments, of `msc`."""
    start = time.process_time()
    if method == "exchange":
        order = q.select(envs, "msc").order
        parts = [table_of(envs, forces, q.exchange(envs, order[:size]), [size]) for size in sizes]
        info = {"method": method, "cpu_seconds": time.process_time() - start, "cell": FRACTIONS}
        table = pd.concat(parts, ignore_index=True).assign(**info)
        # An exchange keeps the number of frames and adds no environments.
        return [table.assign(at=at) for at in ("frames", "environments")]
    if method in NOT_NESTED:
        parts = [table_of(envs, forces, q.select(envs, method, int(size)).order, [size]) for size in sizes]
        info = {"method": method, "cpu_seconds": time.process_time() - start, "cell": FRACTIONS}
        return [pd.concat(parts, ignore_index=True).assign(at="frames", **info)]
    order = q.select(envs, method, y=energies if method == "pcov_fps" else None).order
    info = {"method": method, "cpu_seconds": time.process_time() - start}
    if method == "msc":
        room = np.cumsum(envs.sizes[order])[sizes - 1]
    weighted = q.select(envs, method, cost="environments").order if method in WITH_COSTS else order
    # Maximum number of frames with no more environments than `msc`.
    fitting = np.maximum(1, np.searchsorted(np.cumsum(envs.sizes[weighted]), room, side="right"))
    if weighted is order:
        both = table_of(envs, forces, order, np.concatenate([sizes, fitting]))
        tables = [both.iloc[: len(sizes)], both.iloc[len(sizes) :]]
    else:
        tables = [table_of(envs, forces, order, sizes), table_of(envs, forces, weighted, fitting)]
    return [
        table.reset_index(drop=True).assign(cell=FRACTIONS, at=at, **info)
        for table, at in zip(tables, ("frames", "environments"), strict=True)
    ]


def table_of(envs, forces: np.ndarray, order: np.ndarray, sizes: np.ndarray) -> pd.DataFrame:
    """Return every metric of the subsets of the given sizes, one row each."""
    curve = q.compression_curve(envs, order, sizes=np.unique(sizes))
    table = curve.set_index("n_frames").loc[sizes].reset_index()
    known = np.isfinite(forces)
    kept = [np.isin(envs.frame_index, order[:size]) & known for size in sizes]
    table["force_ks"] = [ks_distance(forces[known], forces[mask]) for mask in kept]
    return table


def check_quick(table: pd.DataFrame) -> None:
    """Fail if the default method wins less often than the documentation claims."""
    won = judged(differences(table[table["at"] == "frames"]).xs("balanced", level="method"))
    for name, least in MIN_SHARES.items():
        share = won[name].mean()
        if share < least:
            raise SystemExit(
                f"balanced, {name}: expected at least {100 * least:.0f} % of {len(won)} cells, "
                f"got {100 * share:.0f} %"
            )


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sets", nargs="*", help="names of sets, by default all")
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=METHODS, help="by default all")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of stored results")
    parser.add_argument("--fresh", action="store_true", help="discard stored results")
    parser.add_argument("--kept", action="store_true", help="only write tables of stored results")
    parser.add_argument("--quick", action="store_true", help="made sets, msc and balanced")
    parser.add_argument(
        "--write", action="store_true", help="write the section of docs/benchmarks.md and the figure"
    )
    options = parser.parse_args()
    if options.quick:
        options.sets, options.methods = tuple(MADE_SETS), ("msc", "balanced")
    return options


def measure_all(options: argparse.Namespace) -> list[Path]:
    """Measure everything not yet stored; return the files of the sets."""
    options.cache.mkdir(parents=True, exist_ok=True)
    made = [name for name in MADE_SETS if not options.sets or name in options.sets]
    kept = [measure_kept(name, made_set(name), options) for name in made]
    # The file split by label is the largest.
    for path in sorted(DATA.glob("*.xyz.gz"), key=lambda path: path.stat().st_size):
        if not is_wanted(path, options.sets or []):
            continue
        for name, frames in sets_of(path):
            if options.sets and name not in options.sets:
                continue
            kept.append(measure_kept(name, frames, options))
    return kept


def measure_kept(name: str, frames: list, options: argparse.Namespace) -> Path:
    """Measure what is not yet stored of a set; return its file."""
    kept = options.cache / f"{name}.json"
    if options.fresh:
        kept.unlink(missing_ok=True)
    measure(name, frames, options.methods, kept)
    return kept


def main() -> None:
    """Measure, log, and write the tables if requested."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = arguments()
    kept = sorted(options.cache.glob("*.json")) if options.kept else measure_all(options)
    if not kept:
        raise SystemExit(f"expected sets in {DATA}, got none{' of these names' if options.sets else ''}")
    table = pd.DataFrame([row for path in kept for row in json.loads(path.read_text())])
    # All methods are compared with `msc`.
    table = table[table.method.isin({"msc", *options.methods})]
    if options.quick:
        check_quick(table)
    lines = tables(table)
    log.info("\n".join(lines))
    if options.write:
        write_section("selection", lines)
        draw(differences(table[table["at"] == "frames"]), ROOT / "docs" / "selection.png")


if __name__ == "__main__":
    main()
