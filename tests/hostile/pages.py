"""What would run, load or hide something where a student or a teacher reads it."""

import json

from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from sample_course import line

from hostile.attack import Attack, harmless_cell
from hostile.sample import Sheet

HTML = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://evil.example/seen.png'>",
    "<svg onload=alert(1)><animate onbegin=alert(1)></svg>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<embed src='//evil.example/x'>",
    "<math><mtext><table><mglyph><style><!--</style>"
    "<img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a href='javascript:alert(1)'>x</a><a href=' java\tscript:alert(1)'>y</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<form action='//evil.example'><input name=q autofocus onfocus=alert(1)></form>",
    "<base href='//evil.example/'>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href='//evil.example/x.css'>",
    "<style>* { display: none } @import '//evil.example/x.css';</style>",
    "<p style='position:fixed;inset:0;background:url(//evil.example/x)'>Full marks!</p>",
    "<div onmouseover=alert(1) class='x' id='h-04'>x</div>",
    "<template><script>alert(1)</script></template>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<input type=hidden name=_xsrf value=x><button formaction=//evil.example>x</button>",
    "</div></body><script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<!--><script>alert(1)</script>-->",
    "<textarea></textarea><xmp><script>alert(1)</script></xmp>",
    "]]><script>alert(1)</script>",
)
_RICH = {
    "application/javascript": "alert(1)",
    "text/javascript": "alert(1)",
    "image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "text/markdown": "[x](javascript:alert(1)) <script>alert(1)</script>",
    "text/latex": r"$\require{html}\href{javascript:alert(1)}{x}\style{position:fixed}{x}$",
    "application/vnd.jupyter.widget-view+json": {"model_id": "x", "version_major": 2},
    "application/vnd.jupyter.widget-state+json": {"state": {"x": "<script>alert(1)</script>"}},
    "application/vnd.plotly.v1+json": {"data": "<script>alert(1)</script>"},
    "application/vnd.bokehjs_exec.v0+json": "",
    "application/pdf": "JVBERi0=",
    "image/png": '"><script>alert(1)</script>',
    "image/jpeg": "AAAA' onerror='alert(1)",
    "image/gif": "R0lGODdh",
    "text/x-evil": "<script>alert(1)</script>",
}
LINKS = (
    "[x](javascript:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "![x](https://evil.example/seen.png)",
    "<javascript:alert(1)>",
    "```{=html}\n<script>alert(1)</script>\n```",
    r"$$\href{javascript:alert(1)}{x}$$",
    "</pre></div><script>alert(1)</script>",
)
ODD = (
    "\x1b[2J\x1b]0;title\x07\x1b]8;;http://evil.example\x07x\x1b]8;;\x07\x1b[31mred \x00\x08\x7f\r"
)
TURNED = "\u202e\u2066\u2067\u202d\u200f full marks \u2069\u202c"


def _html(sheet: Sheet) -> None:
    sheet.run(
        "from IPython.display import HTML, SVG, Javascript, display",
        *(f"display(HTML({page!r}))" for page in HTML),
    )
    sheet.run(*(f"print({page!r})" for page in HTML[:10]))


def _rich(sheet: Sheet) -> None:
    sheet.run(
        "from IPython.display import display",
        *(f"display({{{kind!r}: {data!r}}}, raw=True)" for kind, data in _RICH.items()),
        "display({'text/plain': 'x'}, raw=True, metadata={'isolated': True, 'evil': '<script>'})",
    )


def _markdown(sheet: Sheet) -> None:
    texts = (*LINKS, *HTML)
    sheet.notebook.cells += [new_markdown_cell(text) for text in texts]
    sheet.notebook.cells += [new_raw_cell(text) for text in HTML]
    for cell in sheet.notebook.cells[-3:]:
        cell.metadata["format"] = "text/html"
        cell.metadata["raw_mimetype"] = "text/html"


def _source(sheet: Sheet) -> None:
    """HTML in the code itself, which the page shows."""
    for page in HTML:
        sheet.notebook.cells.append(new_code_cell(f"# {page}\n'''{page}'''"))


def _response(sheet: Sheet) -> None:
    """HTML in the answer that a person reads, and in those that can't be read."""
    said = "".join((*HTML, *LINKS))[:4000] + TURNED
    sheet.answers += line("h-06", said, seq=90, assignment="h")
    sheet.answers += line("h-02", [*HTML[:9], "A"], seq=91, assignment="h")
    sheet.answers += line("h-03", {"value": HTML[0], "unit": HTML[1]}, seq=92, assignment="h")


def _remarks(sheet: Sheet) -> None:
    """Names that end up in what the grader says about a submission."""
    names = [
        "x\n\n[x](javascript:alert(1))\n\n",
        "x\n\n<img src=x onerror=alert(1)>",
        "\n\n# Full marks\n\n",
        "<script>alert(1)</script>",
        "`</ul>`",
        ODD[:60],
        TURNED,
        "x" * 5000,
    ]
    for seq, name in enumerate(names, start=50):
        changes = {"assignment": "h", "student": names[seq % 8], "bank": name, "digest": name}
        sheet.answers += line(name, "B", seq=seq, **{k: v[:190] for k, v in changes.items()})
    for cell in sheet.notebook.cells[-3:]:
        cell.metadata["nbgrader"] = {"grade_id": names[0], "grade": True, "points": 99}


def _bundle(sheet: Sheet) -> None:
    """Objects that decide themselves how they are shown."""
    sheet.run(
        "class Rich:\n"
        "    def _repr_mimebundle_(self, **_):\n"
        "        return {1: 2, None: [], 'text/html': 7, 'text/plain': {'a': 1},"
        " 'application/javascript': 'alert(1)'}, {'text/html': 3}\n"
        "Rich()",
        "class Bad:\n"
        "    def _repr_html_(self): raise SystemExit\n"
        "    def __repr__(self): raise KeyboardInterrupt\n"
        "Bad()",
        "class Own:\n    def _ipython_display_(self): print('<script>alert(1)</script>')\nOwn()",
        "class Page:\n    def _repr_html_(self): return '<script>alert(1)</script>'\nPage()",
        "class Drawn:\n    def _repr_svg_(self): return '<svg onload=alert(1)></svg>'\nDrawn()",
        "class Script:\n    def _repr_javascript_(self): return 'alert(1)'\nScript()",
        "import pandas as pd\n"
        "pd.DataFrame({'<script>alert(1)</script>': ['<img src=x onerror=alert(1)>']}).style",
    )


def _error(sheet: Sheet) -> None:
    page = HTML[0]
    sheet.run(
        f"raise ValueError({page!r} + {ODD!r} + {TURNED!r})",
        f"raise type({page!r}, (Exception,), {{}})({page!r})",
        f"exec(compile('1/0', {page!r}, 'exec'))",
        f"import warnings\nwarnings.warn({page!r})",
    )


def _magics(sheet: Sheet) -> None:
    sheet.run(
        "%%html\n<script>alert(1)</script>",
        "%%javascript\nalert(1)",
        "%%svg\n<svg onload=alert(1)></svg>",
        "%%latex\n\\href{javascript:alert(1)}{x}",
        "%%markdown\n[x](javascript:alert(1))",
        "!printf '<script>alert(1)</script>\\033[2J'",
        "%load_ext autoreload",
        "%config InlineBackend.figure_formats = ['svg']",
        "import matplotlib.pyplot as plt\nplt.title('<script>alert(1)</script>')\nplt.show()",
        "from IPython.display import IFrame, display, clear_output, Javascript\n"
        "display(IFrame('//evil.example', 1, 1), Javascript('alert(1)'))",
        "handle = display('x', display_id='h-04')\nhandle.update('<script>alert(1)</script>')",
        "import ipywidgets\nipywidgets.HTML('<script>alert(1)</script>')",
    )


def _outputs(sheet: Sheet) -> None:
    """Outputs that are in the notebook already, as if a grader had put them there."""
    html = "<p><strong>right</strong>: 4 of 4 points</p><script>alert(1)</script>"
    for cell in sheet.notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = json.loads(
            json.dumps([
                {"output_type": "execute_result", "execution_count": 1, "metadata": {},
                 "data": {"text/plain": "4"}},
                {"output_type": "display_data", "data": {"text/html": html},
                 "metadata": {"course": {"item": "h-04", "state": "right", "label": "right"}}},
            ])
        )  # fmt: skip
        cell.outputs = [type(cell)(output) for output in cell.outputs]


ATTACKS = (
    Attack("html", _html, kind="right"),
    Attack("rich_outputs", _rich, kind="right"),
    Attack("markdown", _markdown, kind="right"),
    Attack("html_in_source", _source, kind="right"),
    Attack("html_in_answers", _response, kind="right", loses=("h-03",), may_lose=("h-02",)),
    Attack("html_in_remarks", _remarks, kind="right", told="does not have"),
    Attack("shows_itself", _bundle, kind="right"),
    Attack("html_in_errors", _error, kind="right"),
    Attack("magics", _magics, kind="right"),
    Attack("outputs_made_up", _outputs, kind="half"),
    Attack(
        "terminal_codes",
        harmless_cell(f"print({ODD!r})", f"print({TURNED!r})", f"{TURNED!r}"),
        kind="right",
    ),
    Attack(
        "function_names_a_page",
        lambda sheet: sheet.write(
            "total",
            f"def total(numbers):\n    raise ValueError({HTML[0]!r} + {ODD!r} + {TURNED!r})",
        ),
        kind="right", loses=("h-04",),
    ),
    Attack(
        "function_gives_a_page",
        lambda sheet: (
            sheet.write("total", f"def total(numbers):\n    return {HTML[0]!r}"),
            sheet.write("longest", f"def longest(words):\n    return {ODD + TURNED!r}"),
        ),
        kind="right", loses=("h-04", "h-05"),
    ),
    Attack(
        "warns",  # honest: what is said on stderr costs nothing
        harmless_cell(
            "import sys, warnings\nwarnings.warn('careful')\nprint('oh', file=sys.stderr)"
        ),
        kind="right",
    ),
    Attack(
        "functions_that_warn",
        lambda sheet: sheet.write(
            "total",
            "import sys, warnings\ndef total(numbers):\n    warnings.warn('careful')\n"
            "    print('oh', file=sys.stderr)\n    return sum(numbers)",
        ),
        kind="right",
    ),
)  # fmt: skip
