"""Code with a button that copies it."""

import re
from html import escape

_COPY = (
    "const code = this.parentElement.querySelector('code').textContent;"
    "const done = () => { this.textContent = 'Copied'; };"
    "if (navigator.clipboard) { navigator.clipboard.writeText(code).then(done); } else {"
    "const area = document.createElement('textarea'); area.value = code; document.body.appendChild(area);"
    "area.select(); document.execCommand('copy'); area.remove(); done(); }"
)
_OPTION = re.compile(r"(?<!\S)--?[^\s&;]+")


def listing(code: str) -> str:
    """Return code with a button that copies it, as HTML; no line ends within an option such as ``--seed``."""
    shown = _OPTION.sub(r'<span class="option">\g<0></span>', escape(code))
    return (
        f'<div class="code"><button onclick="{escape(_COPY)}">Copy</button>'
        f"<pre><code>{shown}</code></pre></div>"
    )
