"""Code with a button that copies it."""

from html import escape

_COPY = (
    "const code = this.parentElement.querySelector('code').textContent;"
    "const done = () => { this.textContent = 'Copied'; };"
    "if (navigator.clipboard) { navigator.clipboard.writeText(code).then(done); } else {"
    "const area = document.createElement('textarea'); area.value = code; document.body.appendChild(area);"
    "area.select(); document.execCommand('copy'); area.remove(); done(); }"
)


def listing(code: str) -> str:
    """Return code with a button that copies it, as HTML."""
    return (
        f'<div class="code"><button onclick="{escape(_COPY)}">Copy</button>'
        f"<pre><code>{escape(code)}</code></pre></div>"
    )
