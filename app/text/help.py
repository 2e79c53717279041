"""Explanations of terms, and the tooltips that show them."""

from collections.abc import Sequence
from html import escape

HELP = {
    "names": (
        "Published data sets, downloaded once and then cached: gap20:LABEL (gap20:Diamond), "
        "tm23:METAL (tm23:Ag, tm23:Ag-melt), load-atoms:NAME (load-atoms:QM7), colabfit:ID. To list "
        "them, run quests-explorer datasets.",
        "",
    ),
    "entropy": (
        "Information entropy: how much information a set holds, in nats (1 nat = 1.44 bits). At most ln N, "
        "reached when no two environments are alike.",
        "H(X) = −(1/N) Σᵢ ln[ (1/N) Σⱼ K(xᵢ, xⱼ) ]",
    ),
    "diversity": (
        "Logarithm of the effective number of distinct environments: copies count once.",
        "D(X) = ln Σᵢ [ 1 / Σⱼ K(xᵢ, xⱼ) ]",
    ),
    "overlap": (
        "Share of all environments that the subset covers: those with no novelty, δH < 10⁻⁵ nats.",
        "O = #{ e : δH(e | subset) < 10⁻⁵ } / N",
    ),
    "delta": (
        "δH, the novelty of an environment given the subset. Up to 0: covered. Above 0: lost; "
        "larger values are farther from every kept environment.",
        "δH(y | X) = −ln Σⱼ K(y, xⱼ),  K(x, y) = exp(−|x − y|² / 2h²)",
    ),
    "far": (
        "An environment tens of nats away is unlike anything in the subset. Add its frame under "
        "'What was lost', or switch method.",
        "max over e of δH(e | subset)",
    ),
    "loss": (
        "Mean novelty δH of all environments given the subset; covered ones count as 0.",
        "mean of max(0, δH(e | subset))",
    ),
    "redundancy": (
        "How far the set is from having only distinct environments; exp(R) is how often an environment "
        "occurs on average.",
        "R = ln N − H",
    ),
    "forces": (
        "Share of environments whose force exceeds f. A subset that follows the grey line "
        "keeps the rare large forces; above it, their share is larger than in the full set.",
        "",
    ),
    "handle": (
        "Drag or click along the active method's line to change the size; the slider does the same with the "
        "arrow keys. The dotted line is the bound: no set of N environments has more entropy than ln N. "
        "A shaded band spans five seeds of a random method.",
        "H ≤ D ≤ ln N",
    ),
    "band": (
        "A shaded band, once computed, spans five seeds of a random method: lowest to highest.",
        "",
    ),
    "knee": (
        "Where the overlap stops rising fast: the size whose overlap is farthest above the straight line "
        "from the first to the last size, both axes scaled to [0, 1].",
        "max of (O − O₁)/(Oₙ − O₁) − (s − s₁)/(sₙ − s₁)",
    ),
    "ks": (
        "Kolmogorov–Smirnov distance: the largest vertical gap between two such curves. 0: the same "
        "distribution of forces; 1: nothing in common.",
        "sup over f of |share_full(f) − share_subset(f)|",
    ),
    "given": (
        "Frames in the order of msc: each is the most novel one with respect to the reference and the frames "
        "added before it. Covered means covered by the reference and the added frames together.",
        "δH(e | R ∪ S) = −ln[ exp(−δH(e | R)) + exp(−δH(e | S)) ]",
    ),
    "map": (
        "Each point is an atom's environment; near points are alike. A map in two dimensions can hide lost "
        "information: trust δH and overlap. Density is ln Σⱼ K(x, xⱼ), the logarithm of the number of "
        "similar environments, in descriptor space.",
        "",
    ),
    "structure": (
        "Click an atom to show its environment: the atoms within the cutoff sphere, including periodic "
        "images. Drag to rotate, Shift and drag to move, wheel to zoom; or the arrow keys, + and −, Home. "
        "Bonds are drawn up to the sum of the covalent radii plus 0.45 Å. In the picture, [ and ] move from "
        "atom to atom and Enter chooses one; L labels atoms, M measures distances and angles between nearest "
        "images, Page Up and Page Down step through frames, space plays them, F fills the screen.",
        "",
    ),
    "potentials": (
        "Test frames are held out first, and orders are computed from the rest alone. One potential is "
        "trained for each method, size and seed. Use the same parameters for all, and check that the errors "
        "are well below the forces themselves before you compare methods.",
        "",
    ),
    "columns": (
        "Numbers from the file, for each frame or atom, and computed quantities; vectors are shown by their "
        "norm. Brighter means more points. Lasso and box select the frames of the points inside, and with "
        "Shift add them to the selection; in a histogram, drag across the bars. Frames selected elsewhere "
        "are highlighted too. Click a point to make its environment current, as shown in Map; for a "
        "frame, its most novel one.",
        "",
    ),
    "curation": (
        "Candidates for removal: near-duplicates, whose descriptors agree within the tolerance; frames that "
        "a test file also contains; and frames of a trajectory that differ by less than a step from the "
        "last one kept (enter a step of energy, of novelty, or both). Isolated atoms and locked frames are "
        "kept. The record of an export says why each frame was excluded.",
        "max over e of min over e′ of |x(e) − x(e′)| ≤ tolerance, both ways",
    ),
    "nearest": (
        "The kept environment whose descriptor is nearest to that of the current one. At a "
        "distance of one bandwidth h, δH is at most 0.5 nats; beyond 5 h environments are unrelated.",
        "|x − y| in Å⁻¹;  K = exp(−|x − y|² / 2h²)",
    ),
}


# Of topics that share one ⓘ and whose text does not begin with their name.
_NAMES = {"entropy": "Entropy H", "diversity": "Diversity D", "overlap": "Overlap", "handle": "Size"}


def tip(topic: str, side: str = "") -> str:
    """Return the ⓘ that explains a term on hover and on keyboard focus."""
    text, _ = HELP[topic]
    return _info(text, _explained(topic), side)


def tips(topics: Sequence[str]) -> str:
    """Return one ⓘ that explains all terms of a heading."""
    if len(topics) < 2:
        return "".join(map(tip, topics))
    parts = [(f"<b>{_NAMES[topic]}</b> " if topic in _NAMES else "") + _explained(topic) for topic in topics]
    label = " ".join(f"{_NAMES.get(topic, '')} {HELP[topic][0]}".strip() for topic in topics)
    return _info(label, "".join(f'<span class="part">{part}</span>' for part in parts), "several")


def _explained(topic: str) -> str:
    text, formula = HELP[topic]
    return escape(text) + (f'<span class="formula">{escape(formula)}</span>' if formula else "")


def _info(label: str, content: str, side: str) -> str:
    return (
        f'<span class="help {side}" tabindex="0" role="note" aria-label="{escape(label)}">'
        f"<i>i</i><span>{content}</span></span>"
    )


def notes(texts: dict[str, str]) -> str:
    """Return the ⓘ that explains several names."""
    lines = "".join(f"<b>{escape(name)}</b> {escape(text)}<br>" for name, text in texts.items())
    return _info("; ".join(f"{name}: {text}" for name, text in texts.items()), lines, "side")


def glossary() -> str:
    """Return the terms of the numbers table and their formulas, for where there is room."""
    terms = {
        "Entropy": "entropy",
        "Diversity": "diversity",
        "Overlap": "overlap",
        "Information loss": "loss",
        "δH": "delta",
    }
    entries = "".join(
        f"<dt>{name}</dt><dd>{escape(HELP[topic][0])}<span class=formula>{escape(HELP[topic][1])}</span></dd>"
        for name, topic in terms.items()
    )
    return f'<dl class="glossary">{entries}</dl>'
