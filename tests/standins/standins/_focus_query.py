# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Focus makes of the body of a task: base64, the query tree, the call of the mediator."""

from __future__ import annotations

import base64
import json
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

from standins import _focus_json as fj

CANNOT_PARSE = "Cannot parse query."
CANNOT_EXECUTE = "Failed to execute query."
UNKNOWN_PROJECT = "Unknown project specified."

_ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"


class QueryError(Exception):
    """Why a query fails: *str(error)* for the log, *answer* for the asker, *target* and *line* for a line before it."""

    def __init__(self, text: str, answer: str = CANNOT_EXECUTE, target: str = "", line: str = "") -> None:
        super().__init__(text)
        self.answer = answer
        self.target = target
        self.line = line


def decode_base64(text: str) -> bytes:
    """Standard alphabet, padded, no line breaks, no stray bits; QueryError names the place."""
    data = text.encode()
    for offset, byte in enumerate(data):
        tail = data[offset:]
        if chr(byte) not in _ALPHABET and not (tail in (b"=", b"==") and offset % 4 >= 2):
            raise QueryError(f"Decode error: Invalid symbol {byte}, offset {offset}.", CANNOT_PARSE)
    digits = data.rstrip(b"=")
    if len(digits) % 4 == 1:
        raise QueryError(f"Decode error: Invalid input length: {len(data)}", CANNOT_PARSE)
    if len(data) % 4:
        raise QueryError("Decode error: Invalid padding", CANNOT_PARSE)
    spare = {0: 0, 2: 4, 3: 2}[len(digits) % 4]
    if spare and _ALPHABET.index(chr(digits[-1])) & ((1 << spare) - 1):
        raise QueryError(f"Decode error: Invalid last symbol {digits[-1]}, offset {len(digits) - 1}.", CANNOT_PARSE)
    return base64.b64decode(data)


# --- the query tree ---------------------------------------------------------------------------------------------

OPERANDS = ("AND", "OR")
TYPES = ("EQUALS", "NOT_EQUALS", "IN", "BETWEEN", "LOWER_THAN", "GREATER_THAN", "CONTAINS")

Value = str | list[str] | bool | float | dict[str, float] | dict[str, str]


@dataclass(frozen=True)
class Condition:
    key: str
    type: str
    value: Value

    def plain(self) -> dict[str, object]:
        return {"key": self.key, "type": self.type, "value": self.value}


@dataclass(frozen=True)
class Operation:
    operand: str
    children: list[Operation | Condition]

    def plain(self) -> dict[str, object]:
        return {"operand": self.operand, "children": [child.plain() for child in self.children]}


@dataclass(frozen=True)
class Ast:
    ast: Operation
    id: str

    def pretty(self) -> str:
        """The exact text that the mediator gets."""
        return json.dumps({"ast": self.ast.plain(), "id": self.id}, indent=2, ensure_ascii=False)


def _read_value(node: fj.Node, text: str) -> Value:
    """The first form that fits: text, list of texts, truth value, number, range of numbers, range of texts."""
    if node.kind == "string":
        return node.text
    if node.kind == "array" and all(item.kind == "string" for item in node.items):
        return [item.text for item in node.items]
    if node.kind == "bool":
        return node.truth
    if node.kind == "number":
        return node.number
    limits = fj.read_struct(node, text, "range", ("min", "max"))
    low, high = limits.need("min"), limits.need("max")
    if low.kind == high.kind == "number":
        return {"min": low.number, "max": high.number}
    if low.kind == high.kind == "string":
        return {"min": low.text, "max": high.text}
    raise fj.ParseError("data did not match any variant of untagged enum ConditionValue")


def _read_operation(node: fj.Node, text: str) -> Operation:
    fields = fj.read_struct(node, text, "Operation", ("operand", "children"))
    operand = fj.read_variant(fields.need("operand"), text, OPERANDS)
    children = fields.need("children")
    if children.kind != "array":
        place = fj.position(text, children.end)
        raise fj.ParseError(f"invalid type: {fj.describe(children)}, expected a sequence{place}")
    return Operation(operand, [_read_child(child, text) for child in children.items])


def _read_child(node: fj.Node, text: str) -> Operation | Condition:
    try:
        return _read_operation(node, text)
    except fj.ParseError:
        pass
    try:
        fields = fj.read_struct(node, text, "Condition", ("key", "type", "value"))
        kind = fj.read_variant(fields.need("type"), text, TYPES)
        return Condition(fields.string("key"), kind, _read_value(fields.need("value"), text))
    except fj.ParseError:
        raise fj.ParseError(
            "data did not match any variant of untagged enum Child" + fj.position(text, fj.behind(text, node.end))
        ) from None


def read_ast(data: bytes) -> Ast:
    """QueryError unless *data* is a query tree."""
    try:
        node, text = fj.parse(data)
        fields = fj.read_struct(node, text, "Ast", ("ast", "id"))
        tree = _read_operation(fields.need("ast"), text)
        return Ast(tree, fields.string("id"))
    except fj.ParseError as error:
        raise QueryError(f"Serde parsing error: {error}", CANNOT_PARSE) from None


def read_query(body: str) -> Ast:
    """The query tree in the body of a task of the types omop, eucaim-api and eucaim-sql."""
    decoded = decode_base64(body)
    try:
        node, text = fj.parse(decoded)
        fields = fj.read_struct(node, text, "IntermediateRepQuery", ("lang", "query"))
        fields.string("lang")
        query = fields.string("query")
    except fj.ParseError as error:
        raise QueryError(f"Serde parsing error: {error}", CANNOT_PARSE) from None
    return read_ast(decode_base64(query))


# --- types eucaim-api and eucaim-sql ----------------------------------------------------------------------------

CATEGORIES = {
    "SNOMEDCT263495000": "gender",
    "SNOMEDCT439401001": "diagnosis",
    "RID10311": "modality",
    "SNOMEDCT123037004": "bodyPart",
    "C25392": "manufacturer",
}
CRITERIA = {
    "SNOMEDCT248153007": "male",
    "SNOMEDCT248152002": "female",
    "SNOMEDCT74964007": "other",
    "SNOMEDCT261665006": "unknown",
    **{f"SNOMEDCT{code}": f"SNOMEDCT{code}" for code in (363406005, 254837009, 363358000, 363484005, 399068003)},
    "RID10312": "MR",
    "RID10337": "PET",
    "RID10334": "SPECT",
    "RID10321": "CT",
    "SNOMEDCT76752008": "breast",
    "SNOMEDCT71854001": "colon",
    "SNOMEDCT39607008": "lung",
    "SNOMEDCT12921003": "pelvis",
    "SNOMEDCT41216001": "prostate",
    "C200140": "Siemens",
    "birnlex_3066": "Siemens",
    "birnlex_12833": "General%20Electric",
    "birnlex_3065": "Philips",
    "birnlex_3067": "Toshiba",
}


def criteria(ast: Ast, target: str) -> list[tuple[str, str]]:
    """Category and criterion of every condition that is known, in the order of the query; the rest is dropped.

    Only one AND of ORs of at most one condition each is understood. The type of a condition is not looked at.
    """
    try:
        if len(ast.ast.children) > 1:
            raise _Unsupported("Too many children! AND/OR queries not supported.")
        found = [_criterion(leaf) for branch in ast.ast.children for leaf in _leaves(branch)]
    except _Unsupported as error:
        raise QueryError("EUCAIM query generation error", CANNOT_EXECUTE, target, str(error)) from None
    return [pair for pair in found if pair is not None]


class _Unsupported(Exception):
    """The query has a form that these types do not understand."""


def _leaves(branch: Operation | Condition) -> Iterator[Operation | Condition]:
    if isinstance(branch, Condition):
        raise _Unsupported("Condition found as first level child")
    if branch.operand == "OR":
        raise _Unsupported("OR found as first level operator")
    for group in branch.children:
        if isinstance(group, Condition):
            raise _Unsupported("Condition found as second level child")
        if group.operand == "AND":
            raise _Unsupported("AND found as second level operator")
        if len(group.children) > 1:
            raise _Unsupported("Too many children! OR operator between criteria of the same type not supported.")
        yield from group.children


def _criterion(leaf: Operation | Condition) -> tuple[str, str] | None:
    if isinstance(leaf, Operation):
        raise _Unsupported("Search tree has too many levels. Query not supported")
    category = CATEGORIES.get(leaf.key)
    if category is None:
        return None
    if not isinstance(leaf.value, str):
        raise _Unsupported("The only supported condition value type is string")
    criterion = CRITERIA.get(leaf.value)
    return None if criterion is None else (category, criterion)


def api_url(endpoint: str, ast: Ast) -> str:
    """Address of the GET call of type eucaim-api; *endpoint* is used as it is, whatever it ends in."""
    pairs = criteria(ast, "focus::eucaim_api")
    return endpoint + "?" + "&".join(f"{category}={criterion}" for category, criterion in pairs)


# --- metadata and the answer ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Metadata:
    project: str = "default_obfuscation"
    task_type: str | None = None
    transform: str = "NONE"


def read_metadata(value: object) -> Metadata:
    """The metadata of a task; anything that does not fit counts as metadata that is not there."""
    try:
        node, text = fj.parse(json.dumps(value).encode())
        names = ("project", "task_type", "transform")
        fields = fj.read_struct(node, text, "Metadata", names)
        task_type = None
        kind = fields.values.get("task_type")
        if kind is not None and kind.kind != "null":
            task_type = fj.read_variant(kind, text, ("EXECUTE", "CREATE", "STATUS"))
        transform = "NONE"
        if "transform" in fields.values:
            transform = fj.read_variant(fields.values["transform"], text, ("LENS", "NONE"))
        return Metadata(fields.string("project"), task_type, transform)
    except fj.ParseError:
        return Metadata()


def add_provider(answer: str, provider: str, icon: str) -> str:
    """Puts the two fields behind the first brace, wherever it stands and whatever the text is; nothing is escaped."""
    with_icon = answer.replace("{", '{"provider_icon":"' + icon + '",', 1)
    return with_icon.replace("{", '{"provider":"' + provider + '",', 1)


def header_is_valid(value: str) -> bool:
    """What may stand in an HTTP header: no control character but the tab."""
    return re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value) is None


def has_payload(decoded: bytes) -> bool:
    """Whether this is the body of a task of type sql: an object with the text payload."""
    try:
        node, text = fj.parse(decoded)
        fj.read_struct(node, text, "SqlQuery", ("payload",)).string("payload")
    except fj.ParseError:
        return False
    return True


def read_language(decoded: bytes) -> str | None:
    """The payload of a query for type blaze whose lang is ast; None when it is cql."""
    try:
        node, text = fj.parse(decoded)
        fields = fj.read_struct(node, text, "Language", ("lang", "payload", "lib", "measure"))
        if fj.read_variant(fields.need("lang"), text, ("cql", "ast")) == "cql":
            fields.need("lib")
            fields.need("measure")
            return None
        if "payload" not in fields.values:
            raise fj.ParseError("missing field `payload`")
        return fields.string("payload")
    except fj.ParseError as error:
        raise QueryError(f"Serde parsing error: {error}", CANNOT_PARSE) from None
