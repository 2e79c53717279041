"""Dimensions of the elements; their labels are those of the axes, with units."""

import holoviews as hv

DIVERSITY = hv.Dimension("diversity", label="diversity / nats")
ENTROPY = hv.Dimension("entropy", label="entropy / nats")
PERCENT = hv.Dimension("percent", label="frames kept / %")
OVERLAP = hv.Dimension("overlap", label="overlap / %")
N_FRAMES = hv.Dimension("n_frames", label="frames")
N_ENVS = hv.Dimension("n_envs", label="environments")
FORCE = hv.Dimension("force", label="f / eV Å⁻¹")
SHARE_ABOVE = hv.Dimension("share", label="share with |F| > f")
DELTA_PLACE = hv.Dimension("place", label="δH(environment | subset) / nats")
COUNT = hv.Dimension("count", label="environments")
LOW = hv.Dimension("low", label="lowest")
HIGH = hv.Dimension("high", label="highest")
NOVELTY_PLACE = hv.Dimension("novelty", label="δH / nats")
SHARE = hv.Dimension("share", label="environments / %")
DELTA = hv.Dimension("value", label="δH / nats")
ADDED = hv.Dimension("n_frames", label="frames added to the reference")
COVERED = hv.Dimension("percent", label="covered by both / %")
BANDWIDTH = hv.Dimension("bandwidth", label="h / Å⁻¹")
BANDWIDTH_ENTROPY = hv.Dimension("entropy", label="H / nats")
FORCE_ERROR = hv.Dimension("error", label="force RMSE above the best / eV Å⁻¹")
