"""The report: one self-contained HTML file."""

import base64
import math
from html import escape

from quests_core.utils.frame_ranges import format_ranges
from quests_core.utils.provenance import record_bytes

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.lost import outlier_warning
from ..analysis.method_path import MethodPath
from ..analysis.methods import METHOD_INFO, METHODS
from ..plots.palettes import FULL_COLOR
from ..text.help import glossary
from ..text.numbers import count, nats, percent, plural
from ..text.sentences import caution, frame_noun, label_counts, verdict
from .report_data import ReportData

# The large maps in other colours.
NOT_REPORTED = ("map-delta-entropy", "map-density")
_STYLE = """
body { font: 15px/1.5 Roboto, system-ui, sans-serif; color: #1a2733; background: #f3f5f7; margin: 0; }
main { max-width: 1180px; margin: 0 auto; padding: 24px; }
h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere; } h2 { font-size: 17px; margin: 0 0 8px; }
section { background: #fff; border: 1px solid #dde2e7; border-radius: 10px; padding: 16px; margin: 16px 0; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 16px; }
.plots section { margin: 0; } .plots img { width: 100%; } .muted { color: #5c6873; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid #e8ebee; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 500; color: #5c6873; }
pre { overflow: auto; font: 12px/1.5 ui-monospace, monospace; max-height: 480px; margin: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 16px; margin: 0; }
dt { font-weight: 600; } dd { margin: 0; color: #5c6873; overflow-wrap: anywhere; }
.finding { border-left: 4px solid #0072b2; padding: 2px 12px; margin: 10px 0; overflow-wrap: anywhere; }
.badge { background: #f2a900; color: #1a1a1a; border-radius: 10px; padding: 1px 9px; margin-right: 6px; }
.finding.error { border-color: #b3261e; } .finding.warning { border-color: #f2a900; }
.formula { display: block; color: #1a2733; font-family: Georgia, serif; }
"""


def report(found: ReportData, record: dict, plots: dict[str, bytes]) -> bytes:
    """Return the report as HTML, UTF-8.

    Parameters
    ----------
    found : ReportData
        Results to show.
    record : dict
        Result of `record.record`.
    plots : dict of str to bytes
        SVG of each plot, by its title.
    """
    shown = "".join(
        f'<section><h2>{escape(title)}</h2><img alt="{escape(title)}" '
        f'src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"></section>'
        for title, svg in plots.items()
    )
    name, path = escape(found.opened.dataset.name), found.path
    given = path.reference.name if path.reference is not None else ""
    provenance = escape(record_bytes(record).decode().rstrip())
    page = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>QUESTS Explorer: {name}</title><style>{_STYLE}</style></head>
<body><main><h1>{name}</h1><div class="muted">QUESTS Explorer · {escape(record["created"])}</div>
<section>{verdict(found.active, path.metrics(found.n_frames), given)}{_caution(found)}</section>
<section><h2>Data set and settings</h2><dl>{_facts(found.opened, path)}</dl></section>
<section><h2>Health of the data set</h2>{_health(found.findings)}</section>
<div class="plots">{shown}</div>
<section><h2>Numbers at this size</h2>{_numbers(found.paths, found.n_frames)}</section>
<section><h2>Terms</h2>{glossary()}</section>
<section><h2>Provenance</h2><pre>{provenance}</pre></section>
</main></body></html>
"""
    return page.encode(errors="backslashreplace")


def _caution(found: ReportData) -> str:
    far = outlier_warning(found.paths, found.active, found.n_frames)
    return f"<p>{caution(found.active, far)}</p>" if far else ""


def _health(findings) -> str:
    """Return the findings as HTML."""
    if findings is None:
        return '<div class="muted">Not checked.</div>'
    if not findings:
        return "No problems found."
    return "".join(
        f'<div class="finding {finding.severity}"><b>{finding.severity}: {escape(finding.title)}</b> · '
        f"{plural(len(finding.frames), 'frame')}<div>{escape(finding.explanation)}</div>"
        f'<div class="muted">{frame_noun(finding.frames)} {format_ranges(finding.frames)}</div></div>'
        for finding in findings
    )


def _facts(opened: AnalysedDataset, path: MethodPath) -> str:
    dataset, parameters = opened.dataset, opened.parameters
    full = path.full_set_metrics
    elements = "" if parameters.precomputed else " (not distinguished)"
    elements = " (distinguished)" if parameters.species else elements
    descriptor = parameters.descriptor or "precomputed descriptors"
    facts = {
        "Frames": count(len(dataset.frames)),
        "Environments": count(opened.envs.n_envs),
        "Elements": f"{' '.join(dataset.elements)}{elements}",
        "Labels": label_counts(dataset.labels),
        "Entropy": f"{nats(full['entropy'])} nats of at most ln N = {nats(math.log(full['n_envs']))} nats"
        + (" without the excluded frames" if path.marks.excluded else ""),
        "Locked and excluded": f"{plural(len(path.marks.locked), 'frame')} and {len(path.marks.excluded):,}",
        "Neighbours k": descriptor if parameters.precomputed else str(parameters.k),
        "Cutoff": descriptor if parameters.precomputed else f"{parameters.cutoff:g} Å",
        "Bandwidth h": f"{parameters.bandwidth:g}{'' if parameters.precomputed else ' Å⁻¹'}",
        "SHA-256 of the source": dataset.sha256,
    }
    if path.reference is not None:
        facts["Reference"] = f"{path.reference.name}, {plural(len(path.reference.envs), 'frame')}"
    if not dataset.has_forces:
        facts["Forces"] = "none in this file"
    # `label_counts` escapes the labels.
    return "".join(
        f"<dt>{name}</dt><dd>{text if name == 'Labels' else escape(text)}</dd>"
        for name, text in facts.items()
    )


def _numbers(paths: dict[str, MethodPath], n_frames: int) -> str:
    rows = {name: path.metrics(n_frames) for name, path in paths.items()}
    rows["full set"] = next(iter(paths.values())).full_set_metrics
    colors = {**{name: METHOD_INFO[name].color for name in METHODS}, "full set": FULL_COLOR}
    lines = "".join(
        f'<tr><td><span style="color:{colors[name]}">●</span> {name}</td><td>{count(row["n_frames"])}</td>'
        f"<td>{count(row['n_envs'])}</td><td>{nats(row['entropy'])}</td><td>{nats(row['diversity'])}</td>"
        f"<td>{percent(row['overlap'])}</td><td>{nats(row['information_loss'])}</td>"
        f"<td>{nats(row['max_delta_entropy'], 2)}</td></tr>"
        for name, row in rows.items()
    )
    titles = (
        "Set", "Frames", "Environments", "Entropy / nats", "Diversity / nats", "Overlap",
        "Information loss / nats", "Max δH / nats",
    )  # fmt: skip
    return f"<table><tr>{''.join(f'<th>{title}</th>' for title in titles)}</tr>{lines}</table>"
