# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON as strict as the real program reads it, with the position of every value for its error texts.

Python's own reader is too kind (NaN, lone surrogates, no positions) and loses repeated keys.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field

MAX_DEPTH = 127
_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class ParseError(Exception):
    """The text or the value is not what was asked for."""


@dataclass
class Node:
    """One value. kind: null, bool, number, string, array or object; end: index behind it."""

    kind: str
    end: int
    text: str = ""
    number: float = 0.0
    truth: bool = False
    items: list[Node] = field(default_factory=list)
    members: list[tuple[str, Node]] = field(default_factory=list)


def position(text: str, index: int) -> str:
    before = text[:index]
    line = before.count("\n") + 1
    column = len(before[before.rfind("\n") + 1 :].encode("utf-8", "replace"))
    return f" at line {line} column {column}"


def behind(text: str, end: int) -> int:
    """Where the real program stands when it has given up the element of a list that ends at *end*."""
    match = re.compile(r"[ \t\n\r]*(\]|,[ \t\n\r]*)?").match(text, end)
    return match.end() if match else end


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, message: str, index: int | None = None) -> ParseError:
        return ParseError(message + position(self.text, self.at if index is None else index))

    def space(self) -> str:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def string(self) -> str:
        match = _STRING.match(self.text, self.at)
        if match is None:
            closed = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL).match(self.text, self.at)
            raise self.fail("invalid character or escape in string" if closed else "EOF while parsing a string")
        value = json.loads(match.group())
        self.at = match.end()
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self.fail("lone leading surrogate in hex escape") from None
        return str(value)

    def value(self, depth: int) -> Node:
        first = self.space()
        if depth > MAX_DEPTH:
            raise self.fail("recursion limit exceeded")
        if first == "":
            raise self.fail("EOF while parsing a value")
        if first == '"':
            text = self.string()
            return Node("string", self.at, text=text)
        if first == "{":
            return self.object(depth)
        if first == "[":
            return self.array(depth)
        for word in ("null", "true", "false"):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return Node("null" if word == "null" else "bool", self.at, truth=word == "true")
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise self.fail("expected value", self.at + 1)
        self.at = match.end()
        number = float(match.group())
        if math.isinf(number):
            raise self.fail("number out of range")
        return Node("number", self.at, text=match.group(), number=number)

    def array(self, depth: int) -> Node:
        self.at += 1
        items: list[Node] = []
        if self.space() == "]":
            self.at += 1
            return Node("array", self.at)
        while True:
            items.append(self.value(depth + 1))
            mark = self.space()
            self.at += 1
            if mark == "]":
                return Node("array", self.at, items=items)
            if mark != ",":
                raise self.fail("expected `,` or `]`" if mark else "EOF while parsing a list")

    def object(self, depth: int) -> Node:
        self.at += 1
        members: list[tuple[str, Node]] = []
        if self.space() == "}":
            self.at += 1
            return Node("object", self.at)
        while True:
            if self.space() != '"':
                raise self.fail("key must be a string" if self.space() else "EOF while parsing an object")
            key = self.string()
            if self.space() != ":":
                raise self.fail("expected `:`")
            self.at += 1
            members.append((key, self.value(depth + 1)))
            mark = self.space()
            self.at += 1
            if mark == "}":
                return Node("object", self.at, members=members)
            if mark != ",":
                raise self.fail("expected `,` or `}`" if mark else "EOF while parsing an object")


def parse(data: bytes) -> tuple[Node, str]:
    """The one value that *data* holds, and its text. ParseError on anything else."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ParseError("invalid unicode code point") from None
    reader = _Reader(text)
    node = reader.value(0)
    if reader.space():
        raise reader.fail("trailing characters", reader.at + 1)
    return node, text


_KINDS = {"null": "null", "array": "sequence", "object": "map"}


def describe(node: Node) -> str:
    """How the real program names an unexpected value."""
    if node.kind == "string":
        return f"string {json.dumps(node.text, ensure_ascii=False)}"
    if node.kind == "bool":
        return f"boolean `{'true' if node.truth else 'false'}`"
    if node.kind == "number":
        whole = re.fullmatch(r"-?[0-9]+", node.text)
        return f"integer `{node.text}`" if whole else f"floating point `{node.number!r}`"
    return _KINDS[node.kind]


@dataclass
class Fields:
    """The members of a structure: of an object (further keys are ignored) or of an array in the order of the names."""

    values: dict[str, Node]
    text: str
    end: int

    def need(self, name: str) -> Node:
        if name not in self.values:
            raise ParseError(f"missing field `{name}`" + position(self.text, self.end))
        return self.values[name]

    def string(self, name: str) -> str:
        return read_string(self.need(name), self.text)


def read_string(node: Node, text: str) -> str:
    if node.kind != "string":
        raise ParseError(f"invalid type: {describe(node)}, expected a string" + position(text, node.end))
    return node.text


def read_struct(node: Node, text: str, struct: str, names: tuple[str, ...]) -> Fields:
    if node.kind == "array":
        if len(node.items) != len(names):
            raise ParseError(
                f"invalid length {len(node.items)}, expected struct {struct} with {len(names)} elements"
                + position(text, node.end)
            )
        return Fields(dict(zip(names, node.items, strict=True)), text, node.end)
    if node.kind != "object":
        raise ParseError(f"invalid type: {describe(node)}, expected struct {struct}" + position(text, node.end))
    values: dict[str, Node] = {}
    for key, member in node.members:
        if key in names:
            if key in values:
                raise ParseError(f"duplicate field `{key}`" + position(text, member.end))
            values[key] = member
    return Fields(values, text, node.end)


def read_variant(node: Node, text: str, variants: tuple[str, ...]) -> str:
    """A name out of *variants*, plain or as the only key of an object with null."""
    chosen = node
    if node.kind == "object" and len(node.members) == 1 and node.members[0][1].kind == "null":
        chosen = Node("string", node.end, text=node.members[0][0])
    if chosen.kind != "string":
        raise ParseError(f"invalid type: {describe(node)}, expected string or map" + position(text, node.end))
    if chosen.text not in variants:
        names = [f"`{name}`" for name in variants]
        expected = " or ".join(names) if len(names) == 2 else "one of " + ", ".join(names)
        raise ParseError(f"unknown variant `{chosen.text}`, expected {expected}" + position(text, chosen.end))
    return chosen.text
