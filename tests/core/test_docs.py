"""Code in the documentation runs: Python blocks in order, and shell commands."""

import doctest
import importlib.util
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import quests_app.cli  # noqa: F401 (adds its commands)
from quests_core.cli import app
from tests.core.demo import every_third_frame

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
SHELL = [page for page in [ROOT / "README.md", *PAGES] if "```sh\n" in page.read_text()]


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), flags=re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = every_third_frame()
    for name in ("train.xyz", "test.xyz", "known.xyz", "train_1.xyz", "train_2.xyz"):
        Path(name).write_bytes(content)
    # As CP2K writes them.
    for name, rows in (("pos", ("0.1 0.0 0.0", "2.7 2.7 0.0")), ("frc", ("0.01 0.0 0.0", "-0.01 0.0 0.0"))):
        atoms = "".join(f" Si   {row}\n" for row in rows)
        text = [
            f"       2\n i = {i:8}, time = {i:12.3f}, E =       -31.2811615256\n{atoms}" for i in range(2)
        ]
        Path(f"si-{name}-1.xyz").write_text("".join(text))
    return tmp_path


@pytest.mark.jit
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_runs(page, folder):
    """Blocks run one after another; those with prompts print the output shown."""
    namespace, examples = {}, blocks(page, "python")
    for package in ("dscribe", "hvplot"):
        if any(package in block for block in examples) and importlib.util.find_spec(package) is None:
            pytest.skip(f"docs/{page.name} shows {package}, which is not installed")
    runner = doctest.DocTestRunner()
    for block in examples:
        if block.startswith(">>>"):
            test = doctest.DocTestParser().get_doctest(block, namespace, page.name, str(page), 0)
            runner.run(test, clear_globs=False)
            namespace = test.globs
        else:
            exec(block, namespace)  # the page's own code
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.jit
@pytest.mark.parametrize(
    "page",
    # That page runs each command with most of its options.
    [pytest.param(page, marks=[pytest.mark.slow] * (page.name == "command.md")) for page in SHELL],
    ids=lambda page: page.name,
)
def test_commands_run(page, folder):
    for line in "".join(blocks(page, "sh")).splitlines():
        program, *arguments = shlex.split(line, comments=True)
        assert program == "quests-explorer"
        if "serve" in arguments:
            continue
        output = None
        if ">" in arguments:
            *arguments, _, output = arguments
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.stderr
        if output is not None:
            Path(output).write_bytes(done.stdout_bytes)


def test_some_pages_have_code():
    assert sum(len(blocks(page, "python")) for page in PAGES) >= 2
    assert SHELL


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_links_are_valid(page):
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


def test_every_command_of_quests_is_mapped():
    text = (ROOT / "docs" / "coming-from-quests.md").read_text()
    peer = (
        *("active_learning", "approx_dH", "bandwidth", "compress", "dH", "dH_traj", "entropy"),
        *("entropy_sampler", "learning_curve", "make_descriptors", "mcmc", "metrics", "overlap"),
    )
    assert not [command for command in peer if f"`quests {command}" not in text]


def test_documented_commands_exist():
    from typer.main import get_command

    commands = set(get_command(app).commands)
    named = set()
    for page in [ROOT / "README.md", *PAGES]:
        named |= set(re.findall(r"quests-explorer (?:-j \d+ )?([a-z]+(?:-[a-z]+)?)\b", page.read_text()))
    assert named <= commands
    assert {"compress", "delta", "overlap", "entropy", "learning-curve"} <= named
