"""The structure viewer: view, rotate, select atoms, step through frames."""

import gzip
import hashlib
import re

import numpy as np
import pytest
from ase import Atoms
from ase.io import read, write

from tests.app.analysis.periodic_frames import skewed, slab

from .conftest import wait_until
from .test_dashboard import blocks, move_slider, open_path

# The drawn share of a canvas, in percent, and its image.
INK = """canvas => {
  const {width, height} = canvas;
  const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  let n = 0;
  for (let i = 3; i < data.length; i += 4) n += data[i] > 0;
  return 100 * n / (width * height);
}"""
# The drawn share of a canvas under its legend, in percent, and the share of its height that the legend takes.
UNDER_LEGEND = """canvas => {
  const box = canvas.getBoundingClientRect(), scale = canvas.width / box.width;
  const legend = canvas.parentElement.querySelector('.legend').getBoundingClientRect();
  const {data} = canvas.getContext('2d').getImageData(scale * (legend.left - box.left),
    scale * (legend.top - box.top), scale * legend.width, scale * legend.height);
  let n = 0;
  for (let i = 3; i < data.length; i += 4) n += data[i] > 0;
  return [400 * n / data.length, legend.height / box.height];
}"""
NUMBER = re.compile(r"[0-9]+\.[0-9]+")


def structure_tab(page):
    page.get_by_role("tab", name="Map", exact=True).click()
    page.locator("canvas[role=img]").first.wait_for()


def canvas(page, number=0):
    return page.locator("canvas[role=img]").nth(number)


def picture(page, before=None):
    """Return a key of the drawn image, once it differs from `before` and is at rest."""
    names = [None]

    def is_drawn():
        url = canvas(page).evaluate("canvas => canvas.toDataURL()")
        names.append(hashlib.sha256(url.encode()).hexdigest())
        return names[-1] == names[-2] != before

    wait_until(page, is_drawn, "another picture is drawn", pause=400)
    return names[-1]


def point_at_an_atom(page, skip=()):
    """Move the mouse until it is on an atom other than `skip`; return its position and the atom."""
    box, hint = canvas(page).bounding_box(), page.locator(".structure .hint").first
    from_the_middle = sorted(range(4, 37), key=lambda at: abs(at - 20))
    for row in from_the_middle:
        for column in from_the_middle:
            place = box["x"] + box["width"] * column / 40, box["y"] + box["height"] * row / 40
            page.mouse.move(*place)
            if hint.is_visible() and hint.inner_text() not in skip:
                return place, hint.inner_text()
    pytest.fail("no atom was found in the picture")


def field(page, label):
    return page.get_by_label(label, exact=True)


def frame_shown(page, number):
    page.get_by_role("heading", name=f"Frame {number}", exact=True).wait_for()


@pytest.mark.slow
def test_structures_are_looked_at_turned_picked_from_and_stepped_through(page, small_file):
    the_demo_is_looked_at_turned_and_picked_from(page)
    frames_are_stepped_through_coloured_and_marked(page, small_file)
    atoms_are_labelled_and_measured_while_frames_are_played_by_the_keyboard(page, small_file)


def the_demo_is_looked_at_turned_and_picked_from(page):
    structure_tab(page)
    before = picture(page)
    assert canvas(page).evaluate(INK) > 1
    box = canvas(page).bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 25, steps=4)
    page.mouse.up()
    turned = picture(page, before)
    page.mouse.wheel(0, -300)
    zoomed = picture(page, turned)
    canvas(page).focus()
    page.keyboard.press("ArrowLeft")
    stepped = picture(page, zoomed)
    page.keyboard.press("Home")
    assert picture(page, stepped) == before, "the view from the beginning"
    assert field(page, "Atom").input_value() == "", "turning picks nothing"
    an_atom_is_picked(page)
    the_nearest_kept_environment_is_followed(page)


def an_atom_is_picked(page):
    place, hint = point_at_an_atom(page)
    page.mouse.click(*place)
    page.get_by_text("neighbours within 5 Å").wait_for()
    assert field(page, "Atom").input_value() == hint.split("atom ")[1]
    assert f"atom {field(page, 'Atom').input_value()}" in hint
    label = canvas(page).get_attribute("aria-label")
    assert "neighbours within 5 Å" in label


def the_nearest_kept_environment_is_followed(page):
    page.get_by_text("bandwidths)").wait_for()
    assert canvas(page, 1).evaluate(INK) > 1
    move_slider(page, "End")
    page.get_by_text("The current environment is kept: distance 0.").wait_for()
    move_slider(page, "Home")
    page.get_by_text("bandwidths)").wait_for()
    before = page.locator("h2", has_text="Frame").inner_text()
    page.get_by_text("Make current", exact=True).click()
    page.get_by_text("The current environment is kept: distance 0.").wait_for()
    assert page.locator("h2", has_text="Frame").inner_text() != before
    page.keyboard.press("Escape")
    page.get_by_text("Click an atom, or a point on the map").wait_for()


def frames_are_stepped_through_coloured_and_marked(page, small_file):
    open_path(page, small_file)
    page.locator(".summary .name", has_text=small_file.name).wait_for()
    page.locator(".size", has_text="10 of 40 frames").wait_for()
    structure_tab(page)
    field(page, "Frame").fill("20")
    field(page, "Frame").press("Enter")
    frame_shown(page, 20)
    page.get_by_role("button", name="Next frame").click()
    frame_shown(page, 21)
    page.get_by_role("button", name="Previous frame").click()
    frame_shown(page, 20)
    drawn = picture(page)
    for button, legend in (("Forces", None), ("3×", None), ("|F|", "|F| / eV Å⁻¹"), ("Cell", None)):
        page.get_by_role("button", name=button, exact=True).last.click()
        if legend:
            page.locator(".structure .legend", has_text=legend).wait_for()
        drawn = picture(page, drawn)
    page.get_by_role("button", name="Keep this frame in every subset").click()
    page.locator(".atoms", has_text="locked").first.wait_for()
    page.get_by_role("button", name="Remove the lock or exclusion of this frame").click()
    page.locator(".atoms", has_text="locked").first.wait_for(state="detached")


def atoms_are_labelled_and_measured_while_frames_are_played_by_the_keyboard(page, small_file):
    page.get_by_role("button", name="1×", exact=True).click()
    # So near to the end that the playing ends by itself, however late the test looks.
    field(page, "Frame").fill("37")
    field(page, "Frame").press("Enter")
    frame_shown(page, 37)
    field(page, "Atom").fill("0")
    field(page, "Atom").press("Enter")
    page.locator(".atoms", has_text="Atom 0 (Cu)").first.wait_for()
    drawn = picture(page)
    canvas(page).focus()
    page.keyboard.press("l")
    picture(page, drawn)
    for key in ("m", "]", "Enter", "]", "Enter", "]", "Enter"):
        page.keyboard.press(key)
    measured = page.locator(".structure .measures").first
    measured.filter(has_text="Cu0–Cu1–Cu2: ").wait_for()
    assert measured_as_in(measured.inner_text(), read(small_file, 37))
    page.keyboard.press("Space")
    frame_shown(page, 39)
    page.get_by_role("button", name="Play from here").wait_for()
    wait_until(
        page,
        lambda: measured_as_in(
            measured.inner_text(), read(small_file, int(field(page, "Frame").input_value()))
        ),
        "the measures are those of the frame",
    )
    page.keyboard.press("m")
    wait_until(page, lambda: measured.inner_text() == "", "nothing is measured")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")


def measured_as_in(text, atoms, i=0, j=1, k=2):
    """Return whether these are two distances and an angle of three atoms, as ASE finds them.

    Where the nearest image is another one than the drawn one, the value as drawn follows.
    """
    found = [[float(number) for number in NUMBER.findall(line.split(": ")[1])] for line in text.splitlines()]
    legs = [in_both_ways(atoms.get_distance, *pair) for pair in ((i, j), (j, k))]
    angle = in_both_ways(atoms.get_angle, i, j, k)
    crosses = [np.ptp(leg) > 1e-3 for leg in legs]
    lines = [*zip(legs, crosses, strict=True), (angle, any(crosses))]
    expected = [values if crossing else values[:1] for values, crossing in lines]
    return [len(line) for line in found] == [len(line) for line in expected] and all(
        np.allclose(line, values, atol=tolerance)
        for line, values, tolerance in zip(found, expected, (0.001, 0.001, 0.06), strict=True)
    )


def in_both_ways(measure, *atoms):
    """Return a measure between nearest images, and between the atoms of the file."""
    return [measure(*atoms, mic=True), measure(*atoms, mic=False)]


@pytest.fixture(scope="module")
def skewed_file(tmp_path_factory):
    """Return a file of skewed cells and slabs, whose atoms are many cells apart."""
    path, rng = tmp_path_factory.mktemp("data") / "skewed.xyz", np.random.default_rng(5)
    frames = [make(rng) for make in (skewed, slab) for _ in range(5)]
    for atoms in frames[5:]:
        # Else ASE misses nearer images.
        atoms.cell[2] = 20 * atoms.cell.normal(2)
    of_many_elements = Atoms(range(1, 41), 9 * rng.random((40, 3)), cell=[9, 9, 9], pbc=True)
    write(path, [*frames, of_many_elements], format="extxyz")
    return path


@pytest.mark.slow
def test_distances_and_angles_are_between_nearest_images(page_of_any_file, skewed_file):
    page = page_of_any_file
    open_path(page, skewed_file)
    page.locator(".summary .name", has_text=skewed_file.name).wait_for()
    structure_tab(page)
    for frame in (1, 6):
        field(page, "Frame").fill(str(frame))
        field(page, "Frame").press("Enter")
        frame_shown(page, frame)
        field(page, "Atom").fill("0")
        field(page, "Atom").press("Enter")
        page.locator(".atoms", has_text="Atom 0 (").first.wait_for()
        atoms = read(skewed_file, frame)
        canvas(page).focus()
        page.keyboard.press("m")
        for first in (0, 3):
            for _ in range(3):
                page.keyboard.press("]")
                page.keyboard.press("Enter")
            triple = first, first + 1, first + 2
            corner = "–".join(f"{atoms.symbols[i]}{i}" for i in triple)
            measured = page.locator(".structure .measures").first
            measured.filter(has_text=f"{corner}: ").wait_for()
            assert "as drawn" in measured.inner_text()
            assert measured_as_in(measured.inner_text(), atoms, *triple), measured.inner_text()
        page.keyboard.press("m")
    the_legend_of_many_elements_covers_nothing(page)


def the_legend_of_many_elements_covers_nothing(page):
    field(page, "Frame").fill("10")
    field(page, "Frame").press("Enter")
    frame_shown(page, 10)
    picture(page)
    ink, height = canvas(page).evaluate(UNDER_LEGEND)
    assert ink == 0
    assert 0 < height < 0.35
    assert re.search(r"\+ \d+ more", page.locator(".structure .legend").first.inner_text())


@pytest.mark.slow
def test_real_frames_with_no_cell_and_a_skewed_one(page_of_any_file, data_file, tmp_path):
    for name in ("3bpa", "mg_fletcher_ns"):
        atoms_of_a_real_frame_are_picked(page_of_any_file, data_file, tmp_path, name)


def atoms_of_a_real_frame_are_picked(page, data_file, tmp_path, name):
    # As many frames as it takes to look at number 100.
    frames = blocks(gzip.decompress(data_file(f"{name}.xyz.gz").read_bytes()))[:101]
    source = tmp_path / f"{name}.xyz"
    source.write_bytes(b"".join(frames))
    open_path(page, source)
    page.locator(".summary .name", has_text=source.name).wait_for()
    page.locator(".verdict", has_text="By comparison").wait_for()
    structure_tab(page)
    field(page, "Frame").fill("100")
    field(page, "Frame").press("Enter")
    frame_shown(page, 100)
    picture(page)
    assert canvas(page).evaluate(INK) > 1
    first = field(page, "Atom").input_value()
    for skip in ((), (first,)):
        place, hint = point_at_an_atom(page, skip)
        page.mouse.click(*place)
        atom = hint.split("atom ")[1]
        page.wait_for_function(
            "([node, atom]) => node.value === atom", arg=[field(page, "Atom").element_handle(), atom]
        )
    page.get_by_text("bandwidths)").or_(page.get_by_text("is kept: distance 0")).wait_for()
