"""A bank as a QTI 2.1 package: a zip with imsmanifest.xml, a test, and a file for each item.

Written from the specification (1EdTech, Assessment Test, Section and Item Information Model
2.1, and its packaging guide). The zip is the same, byte for byte, for the same bank.
"""

import io
import itertools
import zipfile
from collections.abc import Iterator

from course.quiz.exchange import qti21_items
from course.quiz.exchange.losses import Losses
from course.quiz.exchange.outside import tags
from course.quiz.exchange.qti21_items import HEAD, qti_root
from course.quiz.exchange.qti21_rules import identifier
from course.quiz.exchange.safe_xml import element, escape
from course.quiz.items import Bank, Item, Policy

_PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
_METADATA = "http://www.imsglobal.org/xsd/imsmd_v1p2"
_MOMENT = (1980, 1, 1, 0, 0, 0)


def write(bank: Bank, items: list[Item], losses: Losses) -> bytes:
    """The zip's bytes; what QTI cannot hold goes to `losses`."""
    files = {"imsmanifest.xml": _manifest(bank, items), "test.xml": _test(bank, items)}
    for item in items:
        shuffle = bank.policy_of(item).shuffle
        files[_file(item)] = qti21_items.write(item, losses, shuffle=shuffle)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content.encode())
    return packed.getvalue()


def _file(item: Item) -> str:
    return f"items/{item.id}.xml"


def _test(bank: Bank, items: list[Item]) -> str:
    score = element(
        "outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float"
    )
    sections = itertools.groupby(enumerate(items), key=lambda pair: pair[1].section)
    part = element(
        "testPart",
        _session(bank.policy),
        *(_section(place, name, group) for place, (name, group) in enumerate(sections, start=1)),
        identifier="part-1",
        navigationMode="nonlinear",
        submissionMode="individual",
    )
    whole = element("sum", element("testVariables", variableIdentifier="SCORE"))
    processing = element("outcomeProcessing", element("setOutcomeValue", whole, identifier="SCORE"))
    named = {"identifier": identifier(bank.quiz), "title": bank.title or bank.quiz}
    return HEAD + qti_root("assessmentTest", score, part, processing, **named)


def _session(policy: Policy) -> str:
    """Attempts (0: as many as one likes), and whether feedback is shown at once."""
    told = "true" if policy.feedback == "instant" else "false"
    return element("itemSessionControl", maxAttempts=policy.attempts or 0, showFeedback=told)


def _section(place: int, name: str, group: Iterator[tuple[int, Item]]) -> str:
    references = [
        element("assessmentItemRef", identifier=identifier(item.id), href=_file(item))
        for _, item in group
    ]
    title = name or f"Section {place}"
    return element(
        "assessmentSection", *references, identifier=f"section-{place}", title=title, visible="true"
    )


def _manifest(bank: Bank, items: list[Item]) -> str:
    kind = element("schema", "QTIv2.1 Package") + element("schemaversion", "1.0.0")
    needed = [element("dependency", identifierref=_resource(item)) for item in items]
    test = element(
        "resource",
        element("file", href="test.xml"),
        *needed,
        identifier="resource-test",
        type="imsqti_test_xmlv2p1",
        href="test.xml",
    )
    return HEAD + element(
        "manifest",
        element("metadata", kind),
        element("organizations"),
        element("resources", test, *map(_described, items)),
        identifier=f"manifest-{bank.quiz}",
        xmlns=_PACKAGE,
    )


def _resource(item: Item) -> str:
    return f"resource-{item.id}"


def _described(item: Item) -> str:
    """The item's file, with objective and level as keywords."""
    words = [element("keyword", element("langstring", escape(tag))) for tag in tags(item)]
    about = element("lom", element("general", *words), xmlns=_METADATA) if words else ""
    return element(
        "resource",
        *([element("metadata", about)] if about else []),
        element("file", href=_file(item)),
        identifier=_resource(item),
        type="imsqti_item_xmlv2p1",
        href=_file(item),
    )
