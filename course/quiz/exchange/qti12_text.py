"""What a QTI 1.2 item shows: its texts as Markdown, and the places for answers among them."""

import re
from dataclasses import dataclass, field

from course.quiz.exchange import markdown, richtext
from course.quiz.exchange.safe_xml import Node

_RESPONSES = ("response_lid", "response_str", "response_num", "response_xy", "response_grp")
_PICTURES = ("matimage", "mataudio", "matvideo", "matapplet", "matapplication")
_TAGS = re.compile(r"</?(p|b|i|em|strong|br|div|span|code|pre|ul|ol|li|sub|sup)\b[^<>]*>", re.I)
_PLACE = re.compile("\ue000(\\d+)\ue001")


@dataclass
class Response:
    """One place for an answer: its name, its element, the text in it, its labels (id, text)."""

    name: str
    node: Node
    text: str
    labels: list[tuple[str, str]] = field(default_factory=list)

    @property
    def cardinality(self) -> str:
        return self.node.attributes.get("rcardinality", "Single").lower()


class Presentation:
    """The texts and responses of an item, in order; what is lost goes to `lost`."""

    def __init__(self, node: Node | None, lost: list[str]):
        self.lost = lost
        self.responses: list[Response] = []
        self._pieces: list[str] = []
        if node is not None:
            self._walk(node)

    def stem(self, mark: str) -> str:
        """The texts; the place of a response is written as `mark`, {} in it being its number."""
        text = "\n\n".join(filter(None, self._pieces))
        return _PLACE.sub(lambda place: mark.format(place[1]), text).strip()

    def _walk(self, node: Node) -> None:
        for part in node.nodes():
            if part.name in _RESPONSES:
                self._pieces.append(f"\ue000{len(self.responses)}\ue001")
                self.responses.append(self._response(part))
            elif part.name == "material":
                self._pieces.append(_PLACE.sub("", _material(part, self.lost)))
            else:
                self._walk(part)

    def _response(self, node: Node) -> Response:
        own = "\n\n".join(_material(each, self.lost) for each in node.nodes("material"))
        labels = [
            (each.attributes.get("ident", ""), said(each, self.lost))
            for each in node.every("response_label")
        ]
        return Response(node.attributes.get("ident", ""), node, own, labels)


def said(node: Node | None, lost: list[str]) -> str:
    """All the material in a node, as Markdown."""
    if node is None:
        return ""
    return "\n\n".join(filter(None, (_material(each, lost) for each in node.every("material"))))


def typed(text: str) -> str:
    """Markdown as the plain text that is to be typed."""
    return re.sub(r"\\([\\`*_.+-])", r"\1", text)


def _material(node: Node, lost: list[str]) -> str:
    if any(True for _ in node.every(*_PICTURES)):
        lost.append("a picture, sound or film is left out")
    texts = [_mattext(each, lost) for each in node.every("mattext", "matemtext")]
    return " ".join(filter(None, texts))


def _mattext(node: Node, lost: list[str]) -> str:
    text, kind = node.text(), node.attributes.get("texttype", "text/plain").lower()
    is_plain = not node.nodes() and "html" not in kind and not _TAGS.search(text)
    read = markdown.from_plain if is_plain else richtext.from_html
    written, losses = read(node.markup() if node.nodes() else text)
    lost += losses
    return written
