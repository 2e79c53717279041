"""One HTML file that shows what was found and how, without a server and without a network."""

import json
import math
from html import escape

import numpy as np
from bokeh.embed import components
from bokeh.plotting import figure
from bokeh.settings import settings

from ..facts.analysis import MethodPath, Opened
from ..parts.card import glossary
from ..parts.format import FULL_COLOR, METHOD_COLORS, count, label_counts, nats, percent, plural, verdict
from ..plots.base import padded, set_range
from ..plots.curves import curve_plot, marked_rows, overlap_plot, path_columns, rows_of, size_span
from ..plots.forces import forces_plot, tail_data

_STYLE = """
body { font: 15px/1.5 Roboto, system-ui, sans-serif; color: #1a2733; background: #f3f5f7; margin: 0; }
main { max-width: 1180px; margin: 0 auto; padding: 24px; }
h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere; } h2 { font-size: 17px; margin: 0 0 8px; }
section { background: #fff; border: 1px solid #dde2e7; border-radius: 10px; padding: 16px; margin: 16px 0; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 16px; }
.plots section { margin: 0; } .muted { color: #5c6873; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid #e8ebee; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 500; color: #5c6873; }
pre { overflow: auto; font: 12px/1.5 ui-monospace, monospace; max-height: 480px; margin: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 16px; margin: 0; }
dt { font-weight: 600; } dd { margin: 0; color: #5c6873; overflow-wrap: anywhere; }
.formula { display: block; color: #1a2733; font-family: Georgia, serif; }
"""


def report(opened: Opened, paths: dict[str, MethodPath], active: str, n_frames: int, record: dict) -> bytes:
    """Return the report as HTML, UTF-8.

    Parameters
    ----------
    opened : Opened
        The data set.
    paths : dict of MethodPath
        The methods that are compared.
    active : str
        The one whose subset this is about.
    n_frames : int
        Size of the subsets.
    record : dict
        What `export.record` returns.
    """
    figures = _figures(opened, paths, active, n_frames)
    script, plots = components([fig for _, fig in figures])
    shown = "".join(
        f"<section><h2>{escape(title)}</h2>{plot}</section>"
        for (title, _), plot in zip(figures, plots, strict=True)
    )
    name = escape(opened.dataset.name)
    path = paths[active]
    row = path.curve.iloc[path.position(n_frames)]
    # What stands in a script must not end it.
    provenance = escape(json.dumps(record, indent=2, ensure_ascii=False))
    # Read here, since in a server Bokeh's own way may link to the server instead.
    library = (settings.bokehjs_path() / "js" / "bokeh.min.js").read_text(encoding="utf-8")
    page = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>QUESTS Explorer: {name}</title><style>{_STYLE}</style><script>{library}</script>{script}</head>
<body><main><h1>{name}</h1><div class="muted">QUESTS Explorer · {escape(record["created"])}</div>
<section>{verdict(active, row)}</section>
<section><h2>Data set and settings</h2><dl>{_facts(opened, path)}</dl></section>
<div class="plots">{shown}</div>
<section><h2>Numbers at this size</h2>{_numbers(paths, n_frames)}</section>
<section><h2>Terms</h2>{glossary()}</section>
<section><h2>Provenance</h2><pre>{provenance}</pre></section>
</main></body></html>
"""
    return page.encode()


def _facts(opened: Opened, path: MethodPath) -> str:
    dataset, parameters = opened.dataset, opened.parameters
    entropy, bound = path.curve["entropy"].iloc[-1], math.log(opened.envs.n_envs)
    told = "told apart" if parameters.species else "not told apart"
    facts = {
        "Frames": count(len(dataset.frames)),
        "Environments": count(opened.envs.n_envs),
        "Elements": f"{' '.join(dataset.elements)} ({told})",
        "Labels": label_counts(dataset.labels),
        "Entropy": f"{nats(entropy)} nats of at most ln N = {nats(bound)} nats",
        "Locked and excluded": f"{plural(len(path.marks.locked), 'frame')} and {len(path.marks.excluded):,}",
        "Neighbours k": "descriptors given" if parameters.given else str(parameters.k),
        "Cutoff": "descriptors given" if parameters.given else f"{parameters.cutoff:g} Å",
        "Bandwidth h": f"{parameters.bandwidth:g} Å⁻¹",
        "SHA-256 of the source": dataset.sha256,
    }
    if not dataset.has_forces:
        facts["Forces"] = "none in this file"
    # The labels are escaped where they are counted.
    return "".join(
        f"<dt>{name}</dt><dd>{text if name == 'Labels' else escape(text)}</dd>"
        for name, text in facts.items()
    )


def _numbers(paths: dict[str, MethodPath], n_frames: int) -> str:
    rows = {name: path.curve.iloc[path.position(n_frames)] for name, path in paths.items()}
    rows["full set"] = next(iter(paths.values())).curve.iloc[-1]
    colors = {**METHOD_COLORS, "full set": FULL_COLOR}
    lines = "".join(
        f'<tr><td><span style="color:{colors[name]}">●</span> {name}</td><td>{count(row["n_frames"])}</td>'
        f"<td>{count(row['n_envs'])}</td><td>{nats(row['entropy'])}</td><td>{nats(row['diversity'])}</td>"
        f"<td>{percent(row['overlap'])}</td><td>{nats(row['information_loss'])}</td>"
        f"<td>{nats(row['max_delta_entropy'], 2)}</td></tr>"
        for name, row in rows.items()
    )
    titles = (
        "Set", "Frames", "Environments", "Entropy / nats", "Diversity / nats", "Overlap", "Mean loss / nats",
        "Max δH / nats",
    )  # fmt: skip
    return f"<table><tr>{''.join(f'<th>{title}</th>' for title in titles)}</tr>{lines}</table>"


def _figures(
    opened: Opened, paths: dict[str, MethodPath], active: str, n_frames: int
) -> list[tuple[str, figure]]:
    curve, overlap, span = curve_plot(), overlap_plot(), size_span()
    columns = {method: path_columns(path.curve) for method, path in paths.items()}
    for plot in (curve, overlap):
        plot.show_methods(paths)
        for method, path in paths.items():
            plot.sources[method].data = columns[method]
            plot.sources[f"{method} now"].data = rows_of(columns[method], [path.position(n_frames)])
    for method, one in columns.items():
        curve.sources[f"{method} marks"].data = rows_of(one, marked_rows(one["percent"] / 100))
        curve.labels[method].visible = method == active
        span.location = float(one["percent"][paths[method].position(n_frames)])
    last = next(iter(paths.values())).curve.iloc[-1]
    curve.sources["full"].data = {name: [last[name]] for name in ("diversity", "entropy")}
    for axis, name in ((curve.figure.x_range, "diversity"), (curve.figure.y_range, "entropy")):
        set_range(axis, *padded(np.concatenate([one[name][_shown(one) :] for one in columns.values()])))
    overlap.figure.add_layout(span)
    figures = [("Entropy against diversity", curve.figure), ("Covered by the subset", overlap.figure)]
    if opened.dataset.has_forces:
        figures.append(("Force tail", _forces(opened, paths, n_frames)))
    for _, fig in figures:
        fig.update(height=380, sizing_mode="stretch_width")
    return figures


def _shown(columns: dict[str, np.ndarray]) -> int:
    """Return the first row that is shown: below 9 % a path says little, and takes most of the room."""
    return int(np.searchsorted(columns["percent"], 9))


def _forces(opened: Opened, paths: dict[str, MethodPath], n_frames: int) -> figure:
    plot, forces = forces_plot(), opened.dataset.forces
    finite, frame = np.isfinite(forces), opened.envs.frame_index
    full = np.sort(forces[finite])
    plot.show_methods(paths)
    plot.sources["full"].data = tail_data(full)
    for method, path in paths.items():
        kept = np.isin(frame, path.frames(n_frames)) & finite
        plot.sources[method].data = tail_data(np.sort(forces[kept]))
    set_range(plot.figure.x_range, 0, 1.03 * max(full[-1], 1e-3))
    set_range(plot.figure.y_range, 0.6 / len(full), 1.6)
    return plot.figure
