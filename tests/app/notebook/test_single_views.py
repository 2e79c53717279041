"""Single views in the cells of a notebook."""

import json

import pytest


def test_output_for_vs_code(open_explorer, file, monkeypatch):
    """VS Code renders Jupyter widgets; Panel uses them if it detects VS Code."""
    import panel as pn

    widgets = pytest.importorskip("jupyter_bokeh.widgets")
    explorer = open_explorer(file)
    monkeypatch.setattr(pn.config, "comms", "vscode")
    made = []
    monkeypatch.setattr(
        widgets, "BokehModel", lambda *a, kind=widgets.BokehModel, **k: made.append(kind(*a, **k)) or made[-1]
    )
    bundle = explorer.curve._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert set(data) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    (widget,) = made
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert widget._model_module == "@bokeh/jupyter_bokeh"
    content = json.dumps(widget.render_bundle)
    assert "Entropy against diversity" in content
    assert "ImportedStyleSheet" not in content
    assert not explorer._wire._unsent, "a widget sends its changes itself"
