"""A check of QTI 2.1 packages, written from the specification's information model.

The published schema (imsqti_v2p1.xsd) is not to be had from a package index, so this holds the
part of it that question banks use: which elements may stand in which, in which order, with
which attributes; that every name that is used is declared; and that the manifest names every
file of the package, and no other.
"""

import io
import re
import zipfile
from xml.etree import ElementTree

NAMESPACES = {
    "assessmentItem": "http://www.imsglobal.org/xsd/imsqti_v2p1",
    "assessmentTest": "http://www.imsglobal.org/xsd/imsqti_v2p1",
    "manifest": "http://www.imsglobal.org/xsd/imscp_v1p1",
}
INLINE = "(code|em|strong|textEntryInteraction|inlineChoiceInteraction)*"
FLOW = "(p|pre|ul|ol)*"
EXPRESSION = (
    "(variable|baseValue|correct|mapResponse|match|member|equal|stringMatch|patternMatch|and|or|"
    "not|lt|sum|index|multiple|testVariables)"
)
TWO = f"{EXPRESSION} {EXPRESSION}"
VALUES = "value+"
ITEM = {
    "assessmentItem": "responseDeclaration* outcomeDeclaration* itemBody? "
    "responseProcessing? modalFeedback*",
    "responseDeclaration": "correctResponse? mapping?",
    "outcomeDeclaration": "defaultValue?",
    "correctResponse": VALUES,
    "defaultValue": VALUES,
    "mapping": "mapEntry+",
    "itemBody": "(p|pre|ul|ol|choiceInteraction|orderInteraction|matchInteraction|"
    "extendedTextInteraction)*",
    "p": INLINE, "pre": INLINE, "li": INLINE, "code": INLINE, "em": INLINE, "strong": INLINE,
    "ul": "li*", "ol": "li*",
    "choiceInteraction": "prompt? simpleChoice+",
    "orderInteraction": "prompt? simpleChoice+",
    "matchInteraction": "prompt? simpleMatchSet simpleMatchSet",
    "simpleMatchSet": "simpleAssociableChoice*",
    "inlineChoiceInteraction": "inlineChoice+",
    "extendedTextInteraction": "prompt?",
    "simpleChoice": FLOW, "simpleAssociableChoice": FLOW, "modalFeedback": FLOW,
    "responseProcessing": "(responseCondition|setOutcomeValue)*",
    "responseCondition": "responseIf responseElseIf* responseElse?",
    "responseIf": f"{EXPRESSION}(setOutcomeValue|responseCondition)*",
    "responseElseIf": f"{EXPRESSION}(setOutcomeValue|responseCondition)*",
    "responseElse": "(setOutcomeValue|responseCondition)*",
    "setOutcomeValue": EXPRESSION,
    "and": f"{EXPRESSION}+", "or": f"{EXPRESSION}+", "sum": f"{EXPRESSION}+",
    "multiple": f"{EXPRESSION}*", "not": EXPRESSION, "index": EXPRESSION,
    "patternMatch": EXPRESSION,
    "match": TWO, "member": TWO, "equal": TWO,
    "stringMatch": TWO, "lt": TWO,
    "assessmentTest": "outcomeDeclaration* testPart+ outcomeProcessing?",
    "testPart": "itemSessionControl? assessmentSection+",
    "assessmentSection": "(assessmentItemRef|assessmentSection)*",
    "outcomeProcessing": "setOutcomeValue*",
    "manifest": "metadata? organizations resources",
    "metadata": "(schema schemaversion)? lom?",
    "resources": "resource*",
    "resource": "metadata? file* dependency*",
    "lom": "general?", "general": "keyword*", "keyword": "langstring+",
}  # fmt: skip
LEAVES = """
value mapEntry textEntryInteraction inlineChoice variable baseValue correct mapResponse
testVariables itemSessionControl assessmentItemRef organizations schema schemaversion file
dependency langstring
"""
ITEM |= dict.fromkeys(LEAVES.split(), "")
WITH_LETTERS = """
value inlineChoice baseValue schema schemaversion langstring p pre li code em strong
"""
NEEDED = {
    "assessmentItem": "identifier title adaptive timeDependent",
    "responseDeclaration": "identifier cardinality baseType",
    "outcomeDeclaration": "identifier cardinality baseType",
    "mapEntry": "mapKey mappedValue",
    "mapping": "defaultValue lowerBound upperBound",
    "choiceInteraction": "responseIdentifier shuffle maxChoices",
    "orderInteraction": "responseIdentifier shuffle",
    "matchInteraction": "responseIdentifier shuffle maxAssociations",
    "inlineChoiceInteraction": "responseIdentifier shuffle",
    "textEntryInteraction": "responseIdentifier expectedLength",
    "extendedTextInteraction": "responseIdentifier expectedLength",
    "simpleChoice": "identifier",
    "simpleAssociableChoice": "identifier matchMax",
    "inlineChoice": "identifier",
    "modalFeedback": "outcomeIdentifier identifier showHide",
    "setOutcomeValue": "identifier",
    "variable": "identifier", "correct": "identifier", "mapResponse": "identifier",
    "baseValue": "baseType", "index": "n", "patternMatch": "pattern",
    "stringMatch": "caseSensitive", "equal": "toleranceMode",
    "testVariables": "variableIdentifier",
    "assessmentTest": "identifier title",
    "testPart": "identifier navigationMode submissionMode",
    "itemSessionControl": "maxAttempts showFeedback",
    "assessmentSection": "identifier title visible",
    "assessmentItemRef": "identifier href",
    "manifest": "identifier", "resource": "identifier type href",
    "file": "href", "dependency": "identifierref",
}  # fmt: skip
OPTIONAL = {"equal": {"tolerance"}}
NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
FORMS = {
    "float": re.compile(r"-?\d+(\.\d+)?"),
    "identifier": NAMES,
    "directedPair": re.compile(f"{NAMES.pattern} {NAMES.pattern}"),
    "string": re.compile(r".*", re.DOTALL),
}


def package(content: bytes) -> dict[str, ElementTree.Element]:
    """The checked files of a package: the manifest names each, and each is as it should be."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        roots = {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}
    for root in roots.values():
        element(root, NAMESPACES[bare(root)])
    resources = list(found(roots["imsmanifest.xml"], "resource"))
    named = [each.get("href") for each in found(roots["imsmanifest.xml"], "file")]
    assert sorted(named) == sorted(set(roots) - {"imsmanifest.xml"})
    identifiers = [resource.get("identifier") for resource in resources]
    assert len(set(identifiers)) == len(identifiers)
    assert all(
        each.get("identifierref") in identifiers
        for each in found(roots["imsmanifest.xml"], "dependency")
    )
    references = {
        each.get("href"): each.get("identifier")
        for each in found(roots["test.xml"], "assessmentItemRef")
    }
    for name, root in roots.items():
        if bare(root) == "assessmentItem":
            assert references[name] == root.get("identifier")
            names(root)
    return roots


def element(node: ElementTree.Element, namespace: str) -> None:
    """The element, and all in it, stands where it may and has the attributes it must have."""
    name = bare(node)
    if name == "lom":
        namespace = "http://www.imsglobal.org/xsd/imsmd_v1p2"
    assert node.tag == f"{{{namespace}}}{name}"
    inside = "".join(f"{bare(child)}_" for child in node)
    model = re.sub("[A-Za-z]+", lambda word: f"(?:{word[0]}_)", ITEM[name]).replace(" ", "")
    assert re.fullmatch(model, inside), f"<{name}> holds {inside}"
    attributes = {key for key in node.attrib if not key.startswith("{")}
    needed = set(NEEDED.get(name, "").split())
    assert needed <= attributes <= needed | OPTIONAL.get(name, set()), f"<{name}> has {attributes}"
    for key in ("identifier", "responseIdentifier"):
        assert NAMES.fullmatch(node.get(key, "x"))
    letters = "".join([node.text or "", *(child.tail or "" for child in node)])
    assert name in WITH_LETTERS.split() or not letters.strip(), f"<{name}> says {letters[:40]!r}"
    for child in node:
        element(child, namespace)


def names(item: ElementTree.Element) -> None:
    """Every response, outcome and choice that is spoken of is declared, with its own base type."""
    responses = {each.get("identifier"): each for each in found(item, "responseDeclaration")}
    outcomes = {each.get("identifier") for each in found(item, "outcomeDeclaration")}
    asked = [
        each.get("responseIdentifier")
        for each in item.iter()
        if "responseIdentifier" in each.attrib
    ]
    assert sorted(asked) == sorted(responses)
    for each in found(item, "variable", "correct", "mapResponse", "setOutcomeValue"):
        assert each.get("identifier") in set(responses) | outcomes
    for each in found(item, "mapResponse"):
        assert next(found(responses[each.get("identifier")], "mapping"), None) is not None
    told = [each.get("identifier") for each in found(item, "modalFeedback")]
    assert len(set(told)) == len(told)
    chosen = {
        each.get("identifier")
        for each in found(item, "simpleChoice", "inlineChoice", "simpleAssociableChoice")
    }
    for name, declared in responses.items():
        kind = declared.get("baseType")
        values = [value.text or "" for value in found(declared, "value")]
        values += [entry.get("mapKey") for entry in found(declared, "mapEntry")]
        assert all(FORMS[kind].fullmatch(value) for value in values), (name, values)
        if kind in ("identifier", "directedPair"):
            assert {part for value in values for part in value.split(" ")} <= chosen
    for each in found(item, "baseValue"):
        assert FORMS[each.get("baseType")].fullmatch(each.text or "")
        if each.get("baseType") == "identifier":
            assert each.text in chosen | set(told)


def found(node: ElementTree.Element, *wanted: str):
    return (each for each in node.iter() if bare(each) in wanted)


def bare(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]
