"""Measure the tables of docs/choosing.md on real sets: python benchmarks/choosing.py DATA_FOLDER.

Append names of tables (bandwidth, k, cutoff, method, chunks) to measure only these.
"""

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
CHUNKED, N_CHUNKS, SIZES = ("gap20_Fullerenes", "mlearn_Mo", "mg_fletcher_ns"), (4, 8), (0.1, 0.25)

FORMATS = {
    "overlap": "+.3f", "entropy": "+.2f", "diversity": "+.2f", "information_loss": "+.2f",
    "max_delta_entropy": "+.1f",
}  # fmt: skip


def put(name, head, rows) -> None:
    """Write rows between the markers of a table in the page."""
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
    marks = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    PAGE.write_text(re.sub(marks, rf"\g<1>{table}\n\g<2>", PAGE.read_text(), flags=re.DOTALL))


def kept_by_both(one, other) -> str:
    """Return the fraction of the first quarter of one order that is also in that of another."""
    n = max(1, math.floor(FRACTION * len(one) + 0.5))
    return f"{100 * len(np.intersect1d(one[:n], other[:n])) / n:.0f} %"


def descriptor_rows(sets, name, values, default):
    """Return entropy, time and the agreement of msc for each value of a descriptor parameter."""
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
    """Return the ratio of the entropy to its bound for each bandwidth."""
    rows = []
    for label, frames in sets.items():
        envs = q.descriptors(frames)
        shares = [q.entropy(envs, h) / math.log(envs.n_envs) for h in BANDWIDTHS]
        rows.append([label, f"{envs.n_envs:,}", *(f"{share:.2f}" for share in shares)])
    return rows


def method_rows(sets):
    """Return the metrics of a quarter of the frames for each method."""
    rows = []
    for label, frames in sets.items():
        envs = q.descriptors(frames)
        y = [q.atoms_energy(atoms) / len(atoms) for atoms in frames]
        n = max(1, math.floor(FRACTION * len(envs) + 0.5))
        for method in q.METHODS:
            order = q.select(envs, method, n, y=y if method == "pcov_fps" else None).order
            row = q.compression_curve(envs, order, [n]).iloc[0]
            rows.append([
                label, f"`{method}`", f"{100 * row.overlap:.1f} %", f"{row.entropy:.2f}",
                f"{row.diversity:.2f}", f"{row.information_loss:.2f}", f"{row.max_delta_entropy:.1f}",
            ])  # fmt: skip
    return rows


def chunk_rows(sets):
    """Return the differences of two stages to one pass, with chunks keeping twice the final fraction."""
    rows = []
    for label in CHUNKED:
        envs = q.descriptors(sets[label])
        for method in ("msc", "information_loss", "balanced"):
            whole = q.select(envs, method).order
            counts = [max(1, math.floor(f * len(envs) + 0.5)) for f in SIZES]
            one = q.compression_curve(envs, whole, counts)
            for n_chunks in N_CHUNKS:
                parts = []
                for n, fraction in zip(counts, SIZES, strict=True):
                    order = q.select_in_chunks(envs, method, n, keep=2 * fraction, n_chunks=n_chunks).order
                    parts.append(q.compression_curve(envs, order, [n]).iloc[0])
                cells = []
                for name, form in FORMATS.items():
                    gains = [part[name] - before for part, before in zip(parts, one[name], strict=True)]
                    cells.append(" / ".join(format(gain, form) for gain in gains))
                rows.append([label, f"`{method}`", n_chunks, *cells])
    return rows


def main() -> None:
    """Measure and write the tables of the page."""
    folder, *wanted = sys.argv[1:]
    sets = {name: q.read(Path(folder) / f"{name}.xyz.gz") for name in {*SETS, *CHUNKED}}
    q.select(q.descriptors(sets["cu_poet_19"]))  # compiles
    four, three = ({name: sets[name] for name in SETS[:n]} for n in (4, 3))
    head = ["entropy, nats", "CPU s", "msc: same quarter as the default"]
    names = ["overlap", "entropy", "diversity", "information loss", "largest δH"]
    bandwidths = [f"h = {h:g}" for h in BANDWIDTHS]
    tables = {
        "bandwidth": (["set", "N", *bandwidths], lambda: bandwidth_rows(four)),
        "k": (["set", "k", *head], lambda: descriptor_rows(three, "k", KS, 32)),
        "cutoff": (["set", "cutoff, Å", *head], lambda: descriptor_rows(three, "cutoff", CUTOFFS, 5.0)),
        "method": (["set", "method", *names], lambda: method_rows(four)),
        "chunks": (["set", "method", "chunks", *(f"Δ {n}" for n in names)], lambda: chunk_rows(sets)),
    }
    for name in wanted or tables:
        columns, rows = tables[name]
        put(name, columns, rows())


if __name__ == "__main__":
    main()
