"""Malicious labels, keys and file names, for each interpreter that they could reach."""

TEXTS = (
    "plain", "", " ", "Å δH −1", "日本語",
    # Numbers, and formulas of spreadsheets.
    "-1.5", "+3e-7", "=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "\r=1", "x;=1",
    "a\n=1", "＝1", '=HYPERLINK("http://a.b","c")', "a,b", 'a"b', "'", "'=1",
    # TeX in matplotlib and Bokeh.
    "$", "$x", "$x$", "a$\\frac$b", "\\$", "\\\\$x$", "$$x$$", "\\(x\\)", "\\[x\\]", "%", "#", "_hidden",
    "^", "{", "}",
    # Terminals and logs.
    "[red]x[/red]", "[/]", "[bold", "\\[red]", "[link=http://a.b]x[/link]", ":smile:", "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07", "\x9b31m", "a\rb", "a\nError: b", "\x08\x08x", "\x00", "\u2028x",
    "\u202egnp.exe", "\udcff",
    # HTML, SVG and scripts.
    "<b>x</b>", "</script><script>alert(1)</script>", "<!--", "]]>", "&amp;", "&#60;",
    '" onmouseover="alert(1)',
    "<svg/onload=alert(1)>", "javascript:alert(1)", "{{x}}", "${x}",
    # Shells, Python and file names.
    "tm23:Ag", "-", "$(touch x)", "`touch x`", "a b", "a;b", "-rf", "--output",
    "~", "*", "!!", "a'b\"c", '"""', "'''",
    "\\", "\\n", "\\x",
    "../x", "/etc/passwd", "C:\\x", "CON", ".hidden", "x\ny = 1",
)  # fmt: skip
