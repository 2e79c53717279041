"""Every quantity of the library once more in plain NumPy: slow and obvious, to compare with.

Written from the published definitions alone (doi 10.1038/s41467-025-59232-0, arXiv 2511.10561);
nothing of the library is used. A set of environments is a matrix, a set of frames a list of such matrices.
"""

import itertools

import numpy as np
from scipy.special import logsumexp

TIE = 5e-8  # angstrom: the library counts distances this near to the k-th as tied


# Neighbours and descriptors


def displacements(positions, cell, pbc, cutoff):
    """Vectors from each atom to all its neighbours within `cutoff`, over explicitly listed images."""
    positions, vectors = np.asarray(positions, float), np.asarray(cell, float)[np.asarray(pbc, bool)]
    ranges = []
    for normal in np.linalg.pinv(vectors).T:  # planes of one lattice direction lie 1 / |normal| apart
        spread = np.ptp(positions @ normal)
        most = int(np.ceil(cutoff * np.linalg.norm(normal) + spread)) + 1
        ranges.append(range(-most, most + 1))
    images = [np.array(n) @ vectors if n else np.zeros(3) for n in itertools.product(*ranges)]
    found = []
    for i in range(len(positions)):
        rows = []
        for image in images:
            d = positions + image - positions[i]
            inside = (d**2).sum(axis=1) <= cutoff**2
            inside[i] &= image.any()
            rows.append(d[inside])
        found.append(np.concatenate(rows))
    return found


def cutoff_weight(r, cutoff):
    """Return w(r) = (1 - (r / r_c)^2)^2 inside the cutoff."""
    return np.where(r <= cutoff, (1 - (r / cutoff) ** 2) ** 2, 0.0)


def x1_x2(vectors, k, cutoff):
    """Descriptor of one atom from the vectors to its neighbours, a cut shell shared evenly."""
    r = np.linalg.norm(vectors, axis=1)
    nearest_first = np.argsort(r, kind="stable")
    vectors, r = vectors[nearest_first], r[nearest_first]
    share = np.ones(len(r))
    if len(r) > k:
        tied = np.abs(r - r[k - 1]) <= TIE
        near = (r < r[k - 1]) & ~tied
        n, t = near.sum(), tied.sum()
        m = k - n
        vectors, r = vectors[: n + t], r[: n + t]
        share = np.concatenate([np.ones(n), np.full(t, m / t)])
    weight = cutoff_weight(r, cutoff)

    x1 = np.zeros(k)
    x1[: min(k, len(r))] = (weight / r)[:k]

    x2 = np.zeros(k)
    for j in range(len(r)):
        others = np.delete(np.arange(len(r)), j)
        values = np.sqrt(weight[j] * weight[others]) / np.linalg.norm(vectors[others] - vectors[j], axis=1)
        widths = share[others].copy()
        if share[j] < 1:  # given that j is among the k, m - 1 places are left for the other t - 1
            widths[share[others] < 1] = (m - 1) / (t - 1)
        x2 += share[j] / k * rank_values(values, widths, k)
    return np.concatenate([x1, x2[: k - 1]])


def rank_values(values, widths, k):
    """Sort the steps by value, largest first, and integrate them over [0, 1], [1, 2], ... [k - 1, k]."""
    largest_first = np.argsort(-values, kind="stable")
    values, widths = values[largest_first], widths[largest_first]
    edges, integral = np.cumsum(np.r_[0, widths]), np.cumsum(np.r_[0, widths * values])
    return np.diff(np.interp(np.arange(k + 1), edges, integral))


def descriptor(positions, cell, pbc, k=32, cutoff=5.0):
    """Return the plain descriptor [X1, X2] of each atom, (n_atoms, 2k - 1)."""
    rows = [x1_x2(vectors, k, cutoff) for vectors in displacements(positions, cell, pbc, cutoff)]
    return np.array(rows).reshape(-1, 2 * k - 1)


def multicomponent(symbols, positions, cell, pbc, species, k=32, cutoff=5.0):
    """Return the plain descriptor, then a block an element, of its atoms alone."""
    symbols, positions = np.array(symbols), np.asarray(positions, float)
    blocks = [descriptor(positions, cell, pbc, k, cutoff)]
    for element in species:
        block = np.zeros_like(blocks[0])
        own = symbols == element
        block[own] = descriptor(positions[own], cell, pbc, k, cutoff)
        blocks.append(block)
    return np.hstack(blocks)


def species_distance(atoms, i, j, elements, separation, k=32, cutoff=5.0):
    """Return the distance of two atoms of a structure when elements are told apart, from vectors alone."""

    def parts(center):
        vectors, kinds = [], []
        for n, own in enumerate(displacements_by_kind(atoms, center, cutoff)):
            vectors.append(own)
            kinds += [atoms.symbols[n]] * len(own)
        vectors, kinds = np.concatenate(vectors), np.array(kinds)
        return [x1_x2(vectors, k, cutoff), *(x1_x2(vectors[kinds == e], k, cutoff) for e in elements)]

    squares = [((x - y) ** 2).sum() for x, y in zip(parts(i), parts(j), strict=True)]
    other = separation**2 * (atoms.symbols[i] != atoms.symbols[j])
    return np.sqrt(0.5 * squares[0] + 0.5 * sum(squares[1:]) + other)


def displacements_by_kind(atoms, i, cutoff):
    """Vectors from atom i to all images of each atom, over explicitly listed images, a list an atom."""
    most = 3 * np.asarray(atoms.pbc, int)
    images = [np.array(n) @ atoms.cell.array for n in itertools.product(*(range(-m, m + 1) for m in most))]
    found = []
    for position in atoms.positions:
        d = position + np.array(images) - atoms.positions[i]
        r = np.linalg.norm(d, axis=1)
        found.append(d[(r <= cutoff) & (r > 1e-8)])
    return found


# Kernel sums and what follows from them


def log_kernel_sum(query, reference, h=0.015):
    """Return ln sum_j exp(-|x - y_j|^2 / 2h^2) of each query."""
    return np.array([logsumexp(-((q - reference) ** 2).sum(axis=1) / (2 * h**2)) for q in query])


def entropy(X, h=0.015):
    """Return H = -(1/N) sum_i ln[(1/N) sum_j K_ij]."""
    return -np.mean(log_kernel_sum(X, X, h) - np.log(len(X)))


def diversity(X, h=0.015):
    """Return D = ln sum_i 1 / sum_j K_ij."""
    return logsumexp(-log_kernel_sum(X, X, h))


def delta_entropy(query, reference, h=0.015):
    """Return dH(y | X) = -ln sum_j K(y, X_j)."""
    return -log_kernel_sum(query, reference, h)


def overlap(query, reference, h=0.015, threshold=1e-5):
    """Return the share of the query whose dH lies below `threshold`."""
    return np.mean(delta_entropy(query, reference, h) < threshold)


def bandwidth_from_volume(volume):
    """Return h(V), V in cubic angstrom an atom."""
    return 0.0897141 * np.exp(-0.5 * (volume / 10.896) ** 2) + 0.0119417


# Selection: the scores of all frames, given what was picked


def own_entropies(frames, h):
    """Entropy of each frame alone; an empty frame knows nothing, less than any other."""
    return np.array([entropy(X, h) if len(X) else -np.inf for X in frames])


def msc_scores(frames, picked, h=0.015, reference=None):
    """Return score(s) = -ln(min over e in s of K[e]) + H_s."""
    known = [frames[s] for s in picked] + ([] if reference is None else [reference])
    scores = own_entropies(frames, h)
    if sum(len(X) for X in known) == 0:
        return scores
    for s, X in enumerate(frames):
        if len(X):
            scores[s] -= log_kernel_sum(X, np.concatenate(known), h).min()
    return scores


def cover_scores(frames, picked, worth, h=0.015, costs=None, reference=None):
    """Return (f(S + s) - f(S)) / cost with f(S) = sum_e worth(K_e(S)), K_e(s) < e^-30 being nothing."""
    full = np.concatenate(frames)
    sums = np.zeros(len(full)) if reference is None else np.exp(log_kernel_sum(full, reference, h))
    apart = [np.exp(log_kernel_sum(full, X, h)) if len(X) else np.zeros(len(full)) for X in frames]
    apart = [np.where(np.log(np.maximum(K, 1e-300)) < -30, 0.0, K) for K in apart]
    for s in picked:
        sums = sums + apart[s]
    gains = np.array([np.sum(worth(sums + K) - worth(sums)) for K in apart])
    gains /= np.ones(len(frames)) if costs is None else costs
    return np.where([len(X) > 0 for X in frames], gains, -np.inf)


def balanced_scores(frames, picked, msc, h=0.015, costs=None, reference=None):
    """Return the soft minimum of the leads over the order `msc`; 1e6 more for frames that take precedence."""
    costs = np.ones(len(frames)) if costs is None else np.asarray(costs, dtype=float)
    spent = np.append(0.0, np.cumsum(costs[msc]))
    standard = np.array([subset_metrics(frames, msc[:n], h, reference) for n in range(len(msc) + 1)])
    # Above 30 nats, the novelties of the frames that `msc` picks later.
    full = np.concatenate(frames)
    sums = [truncated_sums(frames, full, msc[:n], h, reference).min(initial=1.0) for n in range(len(msc) + 1)]
    largest = -np.log(np.maximum(sums, np.exp(-30)))
    novelties = [
        msc_scores(frames, msc[:n], h, reference)[msc[n]] - own_entropies([frames[msc[n]]], h)[0]
        if len(frames[msc[n]]) and (n or reference is not None) else -np.inf
        for n in range(len(msc) - 1)
    ]  # fmt: skip
    for n in np.flatnonzero(largest >= 30):
        largest[n] = max([30, *novelties[n:]])
    limits = np.where(largest <= 1e-5, 1e-5, np.maximum(1.5 * largest, largest + 2))
    cost = sum(costs[s] for s in picked)
    size = min(np.count_nonzero(spent <= cost + 1e-12), len(msc))
    first = precedence(frames, picked, msc, h, reference, limits[size], largest)

    scores = np.full(len(frames), -np.inf)
    for s, X in enumerate(frames):
        if len(X):
            values, leads = subset_metrics(frames, [*picked, s], h, reference), []
            for value, known in zip(values, standard.T, strict=True):
                leads.append(cost_at(value, known, spent) / (cost + costs[s]) - 1)
            leads[1] -= 0.05
            scores[s] = -0.05 * logsumexp(-np.array(leads) / 0.05) + 1e6 * (s in first)
    return scores


def cost_at(value, known, costs):
    """Return the cost at which an order reaches a value."""
    highest = np.maximum.accumulate(known)
    if value >= highest[-1] - 1e-6:
        return costs[-1] * (2 + value - highest[-1])
    kept = [n for n in range(len(known)) if n == 0 or round(highest[n] / 1e-6) > round(highest[n - 1] / 1e-6)]
    return np.interp(value, highest[kept], costs[kept])


def precedence(frames, picked, msc, h, reference, limit, largest):
    """Return the frames that come first as some environment is farther away than the limit."""
    full = np.concatenate(frames)
    sums = truncated_sums(frames, full, picked, h, reference)
    free = [s for s in range(len(frames)) if s not in list(picked)]
    if len(full) == 0:
        return []
    if sums.min() > np.exp(-30):
        if -np.log(sums.min()) <= limit:
            return []
        farthest = full[[np.argmin(sums)]]
        return [
            s for s in free
            if sums.min() + truncated_sums(frames, farthest, [s], h, None)[0] >= np.exp(-limit)
        ]  # fmt: skip
    needed = next(n for n in range(len(largest)) if largest[n] <= limit)
    for s in msc[:needed]:
        if s in free and (truncated_sums(frames, frames[s], picked, h, reference) < np.exp(-30)).any():
            return [s]
    return []


def truncated_sums(frames, X, picked, h, reference):
    """Return the kernel sums of X over frames and a reference, K_e(s) < e^-30 being nothing."""
    sums = plain_kernel_sums(X, X[:0] if reference is None else reference, h)
    for s in picked:
        K = plain_kernel_sums(X, frames[s], h)
        sums = sums + np.where(np.log(np.maximum(K, 1e-300)) < -30, 0.0, K)
    return sums


def subset_metrics(frames, picked, h, reference=None):
    """Return -loss, ln(1 + e^D) and overlap of a subset."""
    full = np.concatenate(frames)
    sums = truncated_sums(frames, full, picked, h, reference)
    unique = 0.0
    for s in picked:
        unique += np.sum(1 / truncated_sums(frames, frames[s], picked, h, reference))
    return np.array(
        [np.mean(information(sums)), np.log1p(unique), np.mean(np.log(np.maximum(sums, 1e-300)) > -1e-5)]
    )


def exchange_worth(frames, picked, h=0.015, reference=None):
    """Return ln(1 + e^D) + H / 2 - sqrt(loss + 0.01), K_e(s) < e^-30 being nothing."""
    full = np.concatenate(frames)
    known = full[:0] if reference is None else reference
    own = np.concatenate([full[:0], *(frames[s] for s in picked)])
    sums = plain_kernel_sums(full, known, h)
    for s in picked:
        K = plain_kernel_sums(full, frames[s], h)
        sums += np.where(np.log(np.maximum(K, 1e-300)) < -30, 0.0, K)
    worth = -np.sqrt(0.01 - np.mean(information(sums)))
    if len(own):
        K = plain_kernel_sums(own, np.concatenate([own, known]), h)
        worth += np.log(1 + np.sum(1 / K)) + (np.log(len(own)) - np.mean(np.log(K))) / 2
    return worth


def plain_kernel_sums(query, reference, h):
    """Return sum_j exp(-|x - y_j|^2 / 2h^2) of each query; 0 where that underflows."""
    squares = ((query[:, None] - reference) ** 2).sum(axis=2)
    return np.exp(-squares / (2 * h**2)).sum(axis=1)


def information(K):
    """Return min(0, ln(K + e^-30))."""
    return np.minimum(0, np.log(K + np.exp(-30)))


def covered(K):
    """Return min(1, K)."""
    return np.minimum(1, K)


def fps_scores(frames, picked, h=0.015, reference=()):
    """Return the smallest mean distance of environments to any frame there is; first the entropy."""
    known = [X for X in [*(frames[p] for p in picked), *reference] if len(X)]
    if not known:
        return own_entropies(frames, h)
    return np.array([min(mean_distance(X, Y) for Y in known) if len(X) else -np.inf for X in frames])


def mean_distance(X, Y):
    """Mean of the distances of all pairs of one environment of each."""
    return np.mean([np.linalg.norm(x - y) for x in X for y in Y])


def mean_fps_scores(frames, picked, reference=()):
    """Return the smallest distance of mean descriptors to any frame there is."""
    means = [X.mean(axis=0) if len(X) else None for X in frames]
    kept = [means[p] for p in picked if means[p] is not None] + [X.mean(axis=0) for X in reference if len(X)]
    return np.array([-np.inf if m is None else min(np.linalg.norm(m - p) for p in kept) for m in means])


def greedy(scores, n_frames, n_to_select, first=()):
    """Pick the highest score among the frames left, the lowest index in a tie, again and again."""
    order = list(first)
    while len(order) < n_to_select:
        left = [s for s in range(n_frames) if s not in order]
        order.append(left[int(np.argmax(scores(order)[left]))])
    return order


def labels_next(labels, picked, quotas="proportional", minimum=0):
    """Return the labels that may supply the next frame."""
    have = {label: [labels[p] for p in picked].count(label) for label in set(labels)}
    size = {label: list(labels).count(label) for label in set(labels)}
    short = {label for label in have if have[label] < min(minimum, size[label])}
    if short:
        return short
    weight = (
        quotas if isinstance(quotas, dict) else (size if quotas == "proportional" else dict.fromkeys(size, 1))
    )
    claim = {c: weight[c] / (2 * have[c] + 1) for c in have if have[c] < size[c]}
    return {label for label in claim if np.isclose(claim[label], max(claim.values()), rtol=1e-9)}


def compression_curve(frames, order, sizes, h=0.015):
    """Every metric of the first n frames of `order`, for each n of `sizes`, a dictionary a size."""
    full = np.concatenate(frames)
    rows = []
    for size in sizes:
        subset = np.concatenate([frames[s] for s in order[:size]])
        dH = delta_entropy(full, subset, h)
        rows.append(
            {
                "n_frames": size,
                "n_envs": len(subset),
                "fraction": size / len(frames),
                "entropy": entropy(subset, h),
                "diversity": diversity(subset, h),
                "overlap": np.mean(dH < 1e-5),
                "information_loss": np.mean(np.maximum(0, dH)),
                "max_delta_entropy": dH.max(),
            }
        )
    return rows
