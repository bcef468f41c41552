# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read out of the sources what the collection can say: every call of a class, with the texts it is given.

A text is followed to where it is written: through f-strings, local variables, constants of other modules, parameters
(to each caller), loops over tables, and functions that return texts. What is known only at run time becomes a hole,
such as <name>. Nothing is imported and nothing is run.
"""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = "ansible_collections.eucaim.local_node.plugins"
DEEPEST = 6
# More ways to say a thing than a reader wants to see.
MOST = 12
# Functions that show a value, and what stands for it.
SHOWING = {
    "shown": "<value>",
    "hidden": "a value of <number> characters (hidden)",
    "found_text": "<value>",
    "_without_credentials": "<value>",
    "without_secrets": "<message>",
    "span": "<time>",
    "said_skew": "a clock that is <time> fast or slow",
    "dumps": "<value>",
    "needed_text": "<its_type>",
    "_needed": "<its_type_and_meaning>",
    "purpose_of": "<its_meaning>",
}

Function = ast.FunctionDef
Known = Mapping[str, tuple[str, ...]]


class Module:
    """One source file: its functions, constants, imports, and which node stands in which."""

    def __init__(self, path: Path) -> None:
        """Read a file."""
        self.path = path
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.functions: dict[str, Function] = {}
        self.classes: dict[str, list[str]] = {}
        self.constants: dict[str, ast.expr] = {}
        self.imports: dict[str, tuple[str, str]] = {}
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(self.tree):
            self.parents.update(dict.fromkeys(ast.iter_child_nodes(node), node))
            if isinstance(node, ast.FunctionDef):
                self.functions[node.name] = node
            elif isinstance(node, ast.ClassDef):
                self.classes[node.name] = [
                    item.target.id
                    for item in node.body
                    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
                ]
            elif isinstance(node, ast.ImportFrom):
                self.imports.update({item.asname or item.name: (node.module or "", item.name) for item in node.names})
        for statement in self.tree.body:
            if isinstance(statement, ast.Assign):
                self.constants.update(dict(paired(statement.targets[0], statement.value)))
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
                self.constants[statement.target.id] = statement.value

    def function_of(self, node: ast.AST) -> Function | None:
        """Return the function in which a node stands."""
        found = self.parents.get(node)
        while found is not None and not isinstance(found, ast.FunctionDef):
            found = self.parents.get(found)
        return found

    def calls(self, name: str) -> Iterator[ast.Call]:
        """Return every call of a function, method or class of this name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and called(node) == name:
                yield node


@dataclass(frozen=True)
class Scope:
    """Where an expression stands, and what is known of the names there."""

    module: Module
    function: Function | None
    known: Known = field(default_factory=dict)
    depth: int = 0

    def at(self, module: Module, function: Function | None, known: Known | None = None) -> Scope:
        """Return another place, one step deeper."""
        return Scope(module, function, known or {}, self.depth + 1)

    def knowing(self, known: Known) -> Scope:
        """Return the same place, where more is known."""
        return Scope(self.module, self.function, {**self.known, **known}, self.depth)


def called(call: ast.Call) -> str:
    """Return the plain name of what a call calls."""
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def hole(name: str) -> tuple[str, ...]:
    """Return the mark of what is known only at run time."""
    return (f"<{name.strip('_') or '...'}>",)


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Return each text once."""
    return tuple(dict.fromkeys(texts))


def is_known(texts: Sequence[str]) -> bool:
    """Say whether a text has words of its own, beside holes."""
    return all(not (text.startswith("<") and text.endswith(">") and " " not in text) for text in texts)


class Sources:
    """The files of the collection's plugins, read together."""

    def __init__(self, folder: Path) -> None:
        """Read every file below a folder."""
        self.folder = folder
        self.modules = {path: Module(path) for path in sorted(folder.rglob("*.py"))}

    # ------------------------------------------------------------------ calls

    def said(self, name: str, fields: Sequence[str]) -> Iterator[tuple[Module, ast.Call, dict[str, tuple[str, ...]]]]:
        """Return the texts of every call of a class, in each of the ways in which it can come about."""
        for module in self.modules.values():
            for call in module.calls(name):
                arguments = self._arguments(call, fields)
                for scope in self._ways(module, call, list(arguments.values())):
                    texts = {key: self.texts(node, scope) for key, node in arguments.items()}
                    yield module, call, {key: texts.get(key, ("",)) for key in fields}

    def table(self, path: Path, name: str) -> dict[str, str]:
        """Return a constant of a file that is a dictionary of texts."""
        module = self.modules[path]
        literal = module.constants[name]
        assert isinstance(literal, ast.Dict)
        scope = Scope(module, None)
        pairs = zip(literal.keys, literal.values, strict=True)
        return {self.texts(key, scope)[0]: self.texts(value, scope)[0] for key, value in pairs if key}

    @staticmethod
    def _arguments(call: ast.Call, fields: Sequence[str]) -> dict[str, ast.expr]:
        given = dict(zip(fields, call.args, strict=False))
        return given | {item.arg: item.value for item in call.keywords if item.arg and item.arg in fields}

    def _ways(self, module: Module, call: ast.AST, arguments: Sequence[ast.expr]) -> list[Scope]:
        """Return the places from which a call can be made: each caller, and each row of a table that it loops over."""
        function = module.function_of(call)
        names = self._reached(arguments, function)
        return [
            way for scope in self._callers(Scope(module, function), names) for way in self._rows(call, scope, names)
        ]

    def _reached(self, arguments: Sequence[ast.expr], function: Function | None) -> set[str]:
        """Return every name on which some expressions hang, through the function's own variables."""
        names: set[str] = set()
        todo = [node.id for argument in arguments for node in ast.walk(argument) if isinstance(node, ast.Name)]
        while todo:
            name = todo.pop()
            if name in names:
                continue
            names.add(name)
            for value in assigned(function, name):
                todo += [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
        return names

    def _callers(self, scope: Scope, names: set[str]) -> list[Scope]:
        """Return the scope once for each caller that gives it something that matters."""
        function = scope.function
        parameters = [item.arg for item in function.args.args] if function else []
        wanted = [name for name in parameters if name in names and name not in scope.known and name != "self"]
        if not wanted or function is None or scope.depth > DEEPEST:
            return [scope]
        found: list[Scope] = []
        for call in scope.module.calls(function.name):
            given = self._arguments(call, [name for name in parameters if name != "self"])
            around = Scope(scope.module, scope.module.function_of(call), {}, scope.depth + 1)
            theirs = self._reached(list(given.values()), around.function)
            for caller in self._callers(around, theirs):
                for way in self._rows(call, caller, theirs):
                    known = {name: self.texts(given[name], way) for name in wanted if name in given}
                    known |= {
                        name: self.texts(node, scope) for name, node in left_out(function, given) if name in wanted
                    }
                    found.append(scope.knowing(known))
        return found or [scope]

    # ------------------------------------------------------------------ loops and tables

    def _rows(self, node: ast.AST, scope: Scope, names: set[str]) -> list[Scope]:
        """Return the scope once for each row of the tables from which some names are taken."""
        scopes = [scope]
        parents = scope.module.parents
        inner, outer = node, parents.get(node)
        bindings: list[tuple[ast.expr, ast.expr]] = []
        while outer is not None and not isinstance(outer, ast.FunctionDef):
            if isinstance(outer, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
                bindings += [(part.target, part.iter) for part in reversed(outer.generators) if part is not inner]
            elif isinstance(outer, ast.For) and inner is not outer.iter:
                bindings.append((outer.target, outer.iter))
            inner, outer = outer, parents.get(outer)
        if scope.function:
            bindings += [
                (item.targets[0], item.value)
                for item in ast.walk(scope.function)
                if isinstance(item, ast.Assign) and isinstance(item.targets[0], (ast.Tuple, ast.Name))
            ]
        for target, value in reversed(bindings):
            if names & {item.id for item in ast.walk(target) if isinstance(item, ast.Name)}:
                scopes = [way for each in scopes for way in self._bound(target, value, each)]
        return scopes

    def _bound(self, target: ast.expr, value: ast.expr, scope: Scope) -> list[Scope]:
        """Return the scope once for each row that a target may be given."""
        if isinstance(target, ast.Tuple):
            names = [item.id if isinstance(item, ast.Name) else "" for item in target.elts]
            rows = self._tuples(value, len(names), scope)
            return [scope.knowing(dict(zip(names, row, strict=True))) for row in rows] or [scope]
        if not isinstance(target, ast.Name) or not isinstance(value, ast.Call):
            if isinstance(target, ast.Name) and isinstance(value, (ast.Tuple, ast.List)) and self._loops(target, scope):
                return [scope.knowing({target.id: self.texts(item, scope)}) for item in value.elts] or [scope]
            return [scope]
        return [
            scope.knowing({f"{target.id}.{key}": texts for key, texts in built.items()})
            for built in self._built(value, scope)
        ] or [scope]

    @staticmethod
    def _loops(target: ast.Name, scope: Scope) -> bool:
        parent = scope.module.parents.get(target)
        return isinstance(parent, (ast.For, ast.comprehension))

    def _tuples(self, value: ast.expr, size: int, scope: Scope) -> list[list[tuple[str, ...]]]:
        """Return the rows of a table: a literal, a variable or constant that holds one, or what a function returns."""
        rows: list[tuple[ast.Tuple, Scope]] = []
        for node, where in self._literals(value, scope):
            rows += [
                (item, where)
                for item in ast.walk(node)
                if isinstance(item, ast.Tuple) and len(item.elts) == size and isinstance(item.ctx, ast.Load)
                # Neither a table of rows, nor the types in an annotation.
                if not any(isinstance(cell, ast.Tuple) for cell in item.elts)
                and not isinstance(where.module.parents.get(item), ast.Subscript)
            ]
        return [[self.texts(cell, where) for cell in row.elts] for row, where in rows]

    def _literals(self, value: ast.expr, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        """Return the expressions in which the rows of a table are written."""
        if scope.depth > DEEPEST:
            return []
        if isinstance(value, (ast.Tuple, ast.List, ast.Dict, ast.ListComp, ast.GeneratorExp)):
            return [(value, scope)]
        if isinstance(value, (ast.Subscript, ast.Starred)):
            return self._literals(value.value, scope)
        if isinstance(value, ast.Name):
            local = [pair for item in assigned(scope.function, value.id) for pair in self._literals(item, scope)]
            home = self._constant(value.id, scope.module)
            return local or ([(home[1], scope.at(home[0], None))] if home else [])
        if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
            other = self._module(*scope.module.imports.get(value.value.id, ("", "")))
            constant = other.constants.get(value.attr) if other else None
            return [(constant, scope.at(other, None))] if other and constant else []
        if isinstance(value, ast.Call):
            target = self._function(value, scope.module)
            if target:
                module, function = target
                inner = scope.at(module, function)
                further = [
                    pair
                    for call in ast.walk(function)
                    if isinstance(call, ast.Call) and called(call) != function.name
                    for pair in self._literals(call, inner)
                ]
                return [(function, inner), *further]
        return []

    def _built(self, value: ast.Call, scope: Scope) -> list[dict[str, tuple[str, ...]]]:
        """Return the fields of what a function builds, once for each call of a dataclass in it."""
        home = self._function(value, scope.module)
        if not home or scope.depth > DEEPEST:
            return []
        module, function = home
        found = []
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and called(call) in module.classes:
                fields = module.classes[called(call)]
                arguments = self._arguments(call, fields)
                names = self._reached(list(arguments.values()), function)
                for way in self._rows(call, scope.at(module, function), names):
                    texts = {key: self.texts(node, way) for key, node in arguments.items()}
                    # A remedy is empty where nothing is wrong.
                    if texts.get("remedy") != ("",):
                        found.append(texts)
        return found

    # ------------------------------------------------------------------ texts

    def texts(self, node: ast.expr, scope: Scope) -> tuple[str, ...]:
        """Return the texts that an expression may come to."""
        if scope.depth > DEEPEST:
            return hole("...")
        found = unique(self._texts(node, scope))
        return found if 0 < len(found) <= MOST else hole("...")

    def _texts(self, node: ast.expr, scope: Scope) -> Iterable[str]:
        if isinstance(node, ast.Constant):
            return () if node.value is None else (str(node.value),)
        if isinstance(node, ast.JoinedStr):
            return self._product(node.values, scope)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._product([node.left, node.right], scope)
        if isinstance(node, ast.IfExp):
            return [text for branch in (node.body, node.orelse) for text in self._texts(branch, scope)]
        if isinstance(node, ast.BoolOp):
            # What stands behind an "or" is what is said when there is nothing to say.
            ways = [self.texts(value, scope) for value in node.values]
            return ways[0] if not is_known(ways[0]) else [text for way in ways for text in way if text]
        if isinstance(node, ast.Name):
            return self._name(node, scope)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope)
        if isinstance(node, ast.Call):
            return self._call(node, scope)
        if isinstance(node, ast.Subscript):
            key = node.slice.value if isinstance(node.slice, ast.Constant) else None
            if isinstance(key, str):
                return hole(key)
            return self._values(node.value, scope) or hole(named(node.value))
        return hole("...")

    def _values(self, node: ast.expr, scope: Scope) -> list[str]:
        """Return the values of a dictionary of texts."""
        return [
            text
            for literal, where in self._literals(node, scope)
            if isinstance(literal, ast.Dict)
            for value in literal.values
            for text in self.texts(value, where)
        ]

    def _product(self, nodes: Sequence[ast.expr], scope: Scope) -> Iterator[str]:
        """Return what texts in a row come to. While there are too many ways, the part that has the most is a hole."""
        inner = [node.value if isinstance(node, ast.FormattedValue) else node for node in nodes]
        parts = [self.texts(node, scope) for node in inner]
        while math.prod(len(part) for part in parts) > MOST:
            longest = max(range(len(parts)), key=lambda number: len(parts[number]))
            parts[longest] = hole(named(inner[longest]))
        return ("".join(each) for each in itertools.product(*parts))

    def _name(self, node: ast.Name, scope: Scope) -> Iterable[str]:
        if node.id in scope.known:
            return scope.known[node.id]
        values = [value for value in self._reaching(node, scope) if not refers_to(value, node.id)]
        if values:
            texts = [text for value in values for text in self.texts(value, scope.at(*self._here(scope)))]
            return texts if texts != ["<...>"] else hole(node.id)
        home = self._constant(node.id, scope.module)
        if home:
            module, value = home
            return self.texts(value, scope.at(module, None))
        return hole(node.id)

    @staticmethod
    def _reaching(node: ast.Name, scope: Scope) -> list[ast.expr]:
        """Return what a variable may have been given last before a place in a function."""
        found: list[ast.expr] = []
        parents = scope.module.parents
        inner: ast.AST = node
        while not isinstance(inner, (ast.FunctionDef, ast.Module)):
            outer = parents[inner]
            for block in ("body", "orelse", "finalbody"):
                statements = getattr(outer, block, None)
                if not isinstance(statements, list) or inner not in statements:
                    continue
                for statement in reversed(statements[: statements.index(inner)]):
                    found += assigned(statement, node.id)
                    if isinstance(statement, ast.Assign) and assigned(statement, node.id):
                        return found
            inner = outer
        return found

    @staticmethod
    def _here(scope: Scope) -> tuple[Module, Function | None, Known]:
        return scope.module, scope.function, scope.known

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Iterable[str]:
        if isinstance(node.value, ast.Name):
            known = scope.known.get(f"{node.value.id}.{node.attr}")
            if known:
                return known
            other = self._module(*scope.module.imports.get(node.value.id, ("", "")))
            if other and node.attr in other.constants:
                return self.texts(other.constants[node.attr], scope.at(other, None))
        return hole(node.attr)

    def _call(self, node: ast.Call, scope: Scope) -> Iterable[str]:
        name = called(node)
        if name in SHOWING:
            return (SHOWING[name],)
        if name == "join" and isinstance(node.func, ast.Attribute) and node.args:
            return self._joined(node.args[0], scope)
        if name == "get" and isinstance(node.func, ast.Attribute) and node.args:
            written = [
                *self._values(node.func.value, scope),
                *(self.texts(node.args[1], scope) if node.args[1:] else ()),
            ]
            key = node.args[0]
            return written if len(written) > 1 else hole(str(key.value) if isinstance(key, ast.Constant) else "...")
        if name in {"str", "_sentence"} and node.args:
            return self.texts(node.args[0], scope)
        if name in {"strip", "lower", "replace", "rstrip"} and isinstance(node.func, ast.Attribute):
            whole = self.texts(node.func.value, scope)
            return [text if name != "lower" or "<" in text else text.lower() for text in whole]
        home = self._function(node, scope.module)
        if home:
            module, function = home
            parameters = [item.arg for item in function.args.args]
            given = self._arguments(node, parameters)
            inner = scope.at(module, function, {key: self.texts(value, scope) for key, value in given.items()})
            returned = [item.value for item in ast.walk(function) if isinstance(item, ast.Return) and item.value]
            texts = [text for value in returned for text in self.texts(value, inner) if text]
            if texts and is_known(texts):
                return texts
        return hole("number" if name == "len" else name)

    def _joined(self, node: ast.expr, scope: Scope) -> Iterable[str]:
        """Return a list in words: its items where it is written down, else how one of them looks."""
        if isinstance(node, (ast.GeneratorExp, ast.ListComp)):
            return (f"{text}, ..." for text in self.texts(node.elt, scope))
        for literal, where in self._literals(node, scope):
            if isinstance(literal, (ast.GeneratorExp, ast.ListComp)):
                return (f"{text}, ..." for text in self.texts(literal.elt, where))
            if isinstance(literal, (ast.Tuple, ast.List)) and literal.elts:
                return (", ".join(self.texts(item, where)[0] for item in literal.elts),)
            if isinstance(literal, ast.Dict) and literal.keys:
                return (", ".join(self.texts(key, where)[0] for key in literal.keys if key),)
        return self.texts(node, scope) if isinstance(node, ast.Name) else hole("list")

    # ------------------------------------------------------------------ other modules

    def _module(self, name: str, item: str) -> Module | None:
        """Return one of our modules by the name under which it is imported."""
        if not name.startswith(PACKAGE):
            return None
        parts = [*name.removeprefix(PACKAGE).strip(".").split("."), item]
        for length in (len(parts), len(parts) - 1):
            path = self.folder.joinpath(*parts[:length]).with_suffix(".py")
            if path in self.modules:
                return self.modules[path]
        return None

    def _constant(self, name: str, module: Module) -> tuple[Module, ast.expr] | None:
        if name in module.constants:
            return module, module.constants[name]
        source, original = module.imports.get(name, ("", ""))
        other = self._module(source, original)
        return (other, other.constants[original]) if other and original in other.constants else None

    def _function(self, call: ast.Call, module: Module) -> tuple[Module, Function] | None:
        """Return the function of ours that is called by its name, or through its module; methods are not looked for."""
        name = called(call)
        if isinstance(call.func, ast.Attribute):
            holder = call.func.value
            other = self._module(*module.imports.get(holder.id, ("", ""))) if isinstance(holder, ast.Name) else None
            return (other, other.functions[name]) if other and name in other.functions else None
        if name in module.functions:
            return module, module.functions[name]
        source, original = module.imports.get(name, ("", ""))
        other = self._module(source, original)
        return (other, other.functions[original]) if other and original in other.functions else None


def paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Return the names that an assignment gives values to, one by one where both sides are written so."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its in zip(target.elts, value.elts, strict=True):
            yield from paired(one, its)


def left_out(function: Function, given: Mapping[str, ast.expr]) -> list[tuple[str, ast.expr]]:
    """Return the parameters that a call leaves at their defaults, with these."""
    names = [item.arg for item in function.args.args]
    defaults = function.args.defaults
    pairs = zip(names[len(names) - len(defaults) :], defaults, strict=True)
    return [(name, node) for name, node in pairs if name not in given]


def named(node: ast.expr) -> str:
    """Return a word for what an expression stands for."""
    if isinstance(node, ast.Call):
        return called(node)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "...")


def assigned(inside: ast.AST | None, name: str) -> list[ast.expr]:
    """Return every expression that a function or statement assigns to a variable."""
    if inside is None:
        return []
    return [
        node.value
        for node in ast.walk(inside)
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    ]


def refers_to(node: ast.expr, name: str) -> bool:
    """Say whether an expression uses a variable."""
    return any(isinstance(item, ast.Name) and item.id == name for item in ast.walk(node))
