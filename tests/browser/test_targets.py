"""Targets: the slider follows the chosen target, and the page states the outcome."""

import re

import pytest

from quests_core import compression_curve, descriptors, knee, read, select

from .test_dashboard import move_slider, numbers

SLIDER, OVERLAP, ENVS = "slider", "overlap ≥", "environments ≤"
LOSS, KNEE = "information loss ≤", "knee of overlap"


@pytest.fixture(scope="module")
def curve(small_file):
    """Return the metrics of the displayed order at every size."""
    envs = descriptors(read(small_file))
    return compression_curve(envs, select(envs).order, sizes=range(1, len(envs) + 1))


def choose(page, before, mode):
    page.locator(".MuiSelect-select", has_text=before).click()
    page.locator(".MuiMenuItem-root", has_text=mode).click()


def give(page, unit, value):
    box = page.get_by_label(unit, exact=True)
    box.fill(value)
    box.press("Enter")


def wait_for_size(page, curve, n_frames):
    """Wait until the line, the slider and the table show this size of the displayed order."""
    row = curve[curve["n_frames"] == n_frames].iloc[0]
    page.locator(".size", has_text=re.compile(rf"\b{n_frames} of 40 frames")).wait_for()
    # The slider's stops are counted from 0.
    page.locator(f"input[type=range][aria-valuenow='{n_frames - 1}']").wait_for(state="attached")
    page.locator("tr.active td:nth-child(2)", has_text=re.compile(rf"^{n_frames}$")).wait_for()
    assert numbers(page, "balanced")[2] == f"{int(row['n_envs']):,}"
    assert numbers(page, "balanced")[3] == f"{row['entropy']:.3f}"


@pytest.mark.slow
def test_the_size_follows_what_is_aimed_at(small_page, curve):
    page = small_page
    page.locator(".verdict", has_text="balanced covers").wait_for()

    def smallest(fits):
        return int(curve["n_frames"][fits].min())

    choose(page, SLIDER, OVERLAP)
    page.get_by_text("Smallest balanced subset with overlap ≥ 95 %").wait_for()
    wait_for_size(page, curve, smallest(curve["overlap"] >= 0.95))
    give(page, "%", "60")
    page.get_by_text("with overlap ≥ 60 %").wait_for()
    wait_for_size(page, curve, smallest(curve["overlap"] >= 0.6))
    choose(page, OVERLAP, ENVS)
    page.get_by_text("Largest balanced subset with at most 40 environments").wait_for()
    wait_for_size(page, curve, int(curve["n_frames"][curve["n_envs"] <= 40].max()))
    choose(page, ENVS, LOSS)
    give(page, "nats", "1.5")
    page.get_by_text("with an information loss of at most 1.5 nats").wait_for()
    wait_for_size(page, curve, smallest(curve["information_loss"] <= 1.5))
    give(page, "nats", "less")
    page.get_by_text("expected a number of at least 0 (nats), got 'less'").wait_for()
    the_knee_holds_until_the_slider_is_moved(page, curve)


def the_knee_holds_until_the_slider_is_moved(page, curve):
    n_frames = int(curve["n_frames"].iloc[knee(curve["fraction"].to_numpy(), curve["overlap"].to_numpy())])
    choose(page, LOSS, KNEE)
    page.get_by_text(f"The knee of balanced: {n_frames} frames.").wait_for()
    wait_for_size(page, curve, n_frames)
    move_slider(page, "ArrowRight")
    wait_for_size(page, curve, n_frames + 1)
    page.locator(".MuiSelect-select", has_text=SLIDER).wait_for()
    page.get_by_text("The knee of balanced").wait_for(state="hidden")
