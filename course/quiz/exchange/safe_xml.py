"""XML from a stranger, read without trust, and XML written.

Python's expat reads it, with everything switched off that could reach out or blow up: no
entities of the file's own, no document type with content, nothing from elsewhere, bounds on
size, depth and number. Each refusal names the line. (The usual shield, defusedxml, has no
bound on depth and tells no lines.)
"""

import html
from collections.abc import Iterator
from xml.parsers import expat

from course.errors import CourseError
from course.quiz.exchange.markdown import clean

MOST_BYTES = 20_000_000
DEEPEST = 100
MOST_ELEMENTS = 400_000


class Node:
    """One element: its name without prefix, attributes, content in order, and its line.

    `note` is the text of the comment that stood right before it.
    """

    __slots__ = ("attributes", "content", "line", "name", "note")

    def __init__(self, name: str, attributes: dict[str, str], line: int, note: str = ""):
        self.name, self.attributes, self.line, self.note = name, attributes, line, note
        self.content: list[str | Node] = []

    def nodes(self, *names: str) -> list["Node"]:
        """The elements right inside, those of the names if any are given."""
        inside = [part for part in self.content if isinstance(part, Node)]
        return [node for node in inside if not names or node.name in names]

    def first(self, *path: str) -> "Node | None":
        """The first element along a path of names, or None."""
        node = self
        for name in path:
            node = next(iter(node.nodes(name)), None)
            if node is None:
                return None
        return node

    def every(self, *names: str) -> Iterator["Node"]:
        """All elements of the names at any depth, in order."""
        for node in self.nodes():
            if node.name in names:
                yield node
            yield from node.every(*names)

    def text(self, *path: str) -> str:
        """All letters inside the first element along the path; "" if there is none."""
        node = self.first(*path)
        if node is None:
            return ""
        return "".join(part if isinstance(part, str) else part.text() for part in node.content)

    def markup(self) -> str:
        """What is inside, written as HTML again."""
        return "".join(
            html.escape(part, quote=False)
            if isinstance(part, str)
            else f"<{part.name}{_attributes(part.attributes)}>{part.markup()}</{part.name}>"
            for part in self.content
        )


def read(data: bytes, name: str) -> Node:
    """The root element of the file called `name`; CourseError for what is no honest XML."""
    if len(data) > MOST_BYTES:
        raise CourseError(f"{name} has more than {MOST_BYTES / 1e6:g} MB, which no quiz needs.")
    reader = _Reader(name)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        said = expat.ErrorString(error.code)
        raise CourseError(f"{name}, line {error.lineno}: this is not valid XML ({said}).") from None
    except (UnicodeError, LookupError, ValueError):
        raise CourseError(
            f"{name} is in an encoding that cannot be read; save it as UTF-8."
        ) from None
    return reader.root


class _Reader:
    def __init__(self, name: str):
        self.name, self.count, self.note = name, 0, ""
        self.root: Node | None = None
        self.open: list[Node] = []
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = lambda _: self.open.pop()
        parser.CharacterDataHandler = self._letters
        parser.CommentHandler = self._comment
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = lambda *_: self._refuse("declares entities of its own")
        parser.ExternalEntityRefHandler = lambda *_: self._refuse("asks for another file")
        parser.SkippedEntityHandler = self._skipped
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if len(self.open) >= DEEPEST:
            self._refuse(f"nests more than {DEEPEST} elements into each other")
        if self.count > MOST_ELEMENTS:
            self._refuse(f"has more than {MOST_ELEMENTS:,} elements")
        line = self.parser.CurrentLineNumber
        node = Node(name.rpartition(":")[2], attributes, line, self.note)
        self.note = ""
        if self.open:
            self.open[-1].content.append(node)
        else:
            self.root = node
        self.open.append(node)

    def _letters(self, text: str) -> None:
        self.open[-1].content.append(text)

    def _comment(self, text: str) -> None:
        self.note = text

    def _doctype(self, _name: str, _system: str, _public: str, has_content: int) -> None:
        if has_content:
            self._refuse("brings a document type of its own")

    def _skipped(self, name: str, is_parameter: bool) -> None:
        letter = html.unescape(f"&{name};")
        if is_parameter or letter.startswith("&"):
            self._refuse(f"uses the unknown entity &{name};")
        self._letters(letter)

    def _refuse(self, what: str) -> None:
        line = self.parser.CurrentLineNumber
        raise CourseError(f"{self.name}, line {line}: the file {what}, which is not accepted.")


def escape(text: str) -> str:
    """A text between tags; what no XML holds becomes �."""
    return html.escape(clean(text), quote=False)


def element(name: str, *inside: str, **attributes: object) -> str:
    """`<name a="…">inside</name>`; what is inside is XML already, attributes are escaped here."""
    start = f"{name}{_attributes(attributes)}"
    return f"<{start}>{''.join(inside)}</{name}>" if inside else f"<{start}/>"


def _attributes(attributes: dict[str, object]) -> str:
    return "".join(f' {key}="{_in_quotes(str(value))}"' for key, value in attributes.items())


def _in_quotes(text: str) -> str:
    # White space in an attribute is read as spaces unless it is written by its number.
    return html.escape(clean(text)).replace("\n", "&#10;").replace("\t", "&#9;")
