"""Sphinx configuration: ``sphinx-build -W docs build/docs`` with the extra ``docs``."""

import importlib.metadata
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent

project = "QUESTS Explorer"
author = "The QUESTS Explorer developers"
project_copyright = f"2026, {author}"
release = importlib.metadata.version("quests-explorer")

extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
exclude_patterns = ["_build"]

# Formulas are LaTeX or Unicode; links to headings work as on the pages of a repository.
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

# The notebooks are stored without outputs, so that building the site runs them.
TUTORIALS = HERE / "tutorials"
for notebook in sorted((HERE.parent / "notebooks").glob("*.ipynb")):
    TUTORIALS.mkdir(exist_ok=True)
    shutil.copy2(notebook, TUTORIALS)
nb_execution_mode = "cache"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True
# Messages of Panel to a live notebook, which a page has no use for.
suppress_warnings = ["mystnb.unknown_mime_type"]

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
default_role = "py:obj"

html_theme = "pydata_sphinx_theme"
html_title = project
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
}
