"""The tables of docs/choosing.md, measured on real sets: python benchmarks/choosing.py DATA_FOLDER."""

import math
import re
import sys
import time
from pathlib import Path

import numpy as np

import quests_core as q

PAGE = Path(__file__).resolve().parents[1] / "docs" / "choosing.md"
SETS = ("gap20_Fullerenes", "mlearn_Mo", "cu_poet_19", "3bpa")
KS, CUTOFFS = (8, 16, 32, 64), (4.0, 5.0, 6.0, 8.0)
BANDWIDTHS = (0.002, 0.005, 0.015, 0.05, 0.15)
FRACTION = 0.25


def put(name, head, rows) -> None:
    """Write rows between a table's marks in the page."""
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
    marks = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    PAGE.write_text(re.sub(marks, rf"\g<1>{table}\n\g<2>", PAGE.read_text(), flags=re.DOTALL))


def kept_by_both(one, other) -> str:
    """Return the share of the first quarter of one order that is in that of another."""
    n = max(1, math.floor(FRACTION * len(one) + 0.5))
    return f"{100 * len(np.intersect1d(one[:n], other[:n])) / n:.0f} %"


def descriptor_rows(sets, name, values, default):
    """Return entropy, time and the agreement of msc for each value of a parameter of the descriptor."""
    rows = []
    for label, frames in sets.items():
        usual = q.select(q.descriptors(frames)).order
        for value in values:
            started = time.process_time()
            envs = q.descriptors(frames, **{name: value})
            seconds = time.process_time() - started
            entropy = q.entropy(envs)
            same = "" if value == default else kept_by_both(q.select(envs).order, usual)
            rows.append([label, value, f"{entropy:.2f}", f"{seconds:.2f}", same])
    return rows


def bandwidth_rows(sets):
    """Return the entropy as a share of its bound for each bandwidth."""
    rows = []
    for label, frames in sets.items():
        envs = q.descriptors(frames)
        shares = [q.entropy(envs, h) / math.log(envs.n_envs) for h in BANDWIDTHS]
        rows.append([label, f"{envs.n_envs:,}", *(f"{share:.2f}" for share in shares)])
    return rows


def method_rows(sets):
    """Return what each method keeps in a quarter of the frames."""
    rows = []
    for label, frames in sets.items():
        envs = q.descriptors(frames)
        n = max(1, math.floor(FRACTION * len(envs) + 0.5))
        for method in q.METHODS:
            order = q.select(envs, method, n).order
            row = q.compression_curve(envs, order, [n]).iloc[0]
            rows.append([
                label, f"`{method}`", f"{100 * row.overlap:.1f} %", f"{row.entropy:.2f}",
                f"{row.diversity:.2f}", f"{row.information_loss:.2f}", f"{row.max_delta_entropy:.1f}",
            ])  # fmt: skip
    return rows


def main() -> None:
    """Measure, and write the tables into the page."""
    folder = Path(sys.argv[1])
    sets = {name: q.read(folder / f"{name}.xyz.gz") for name in SETS}
    q.select(q.descriptors(sets["cu_poet_19"]))  # compiles
    few = {name: sets[name] for name in SETS[:3]}
    head = ["entropy, nats", "CPU s", "msc: same quarter as the default"]
    names = ["set", "method", "overlap", "entropy", "diversity", "information loss", "largest δH"]
    put("bandwidth", ["set", "N", *(f"h = {h:g}" for h in BANDWIDTHS)], bandwidth_rows(sets))
    put("k", ["set", "k", *head], descriptor_rows(few, "k", KS, 32))
    put("cutoff", ["set", "cutoff, Å", *head], descriptor_rows(few, "cutoff", CUTOFFS, 5.0))
    put("method", names, method_rows(sets))


if __name__ == "__main__":
    main()
