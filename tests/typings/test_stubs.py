# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our stubs of Ansible's API say nothing that the installed Ansible does not have.

Ansible ships no types, so `typings/` names what we use of it. Each name, each parameter, its order, kind and default
in a stub is compared with the real object.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

TYPINGS = Path(__file__).resolve().parents[2] / "typings"
STUBS = sorted(path for path in TYPINGS.rglob("*.pyi") if path.read_text().strip())


def module_of(stub: Path) -> str:
    """Give the dotted module name that a stub file describes."""
    parts = stub.relative_to(TYPINGS).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def stub_parameters(function: ast.FunctionDef) -> list[tuple[str, str, bool]]:
    """List a stub function's parameters as (name, kind, has a default)."""
    arguments = function.args
    positional = arguments.posonlyargs + arguments.args
    undefaulted = len(positional) - len(arguments.defaults)
    found = [(arg.arg, "positional", index >= undefaulted) for index, arg in enumerate(positional)]
    if arguments.vararg:
        found.append((arguments.vararg.arg, "*", False))
    found += [
        (arg.arg, "keyword", default is not None)
        for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if arguments.kwarg:
        found.append((arguments.kwarg.arg, "**", False))
    return found


KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional",
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_KEYWORD: "**",
}


def differences(function: ast.FunctionDef, real: object) -> list[str]:
    """Name what a stub function says that the real one does not."""
    if isinstance(real, property):
        decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
        good = "property" in decorators or f"{function.name}.setter" in decorators
        return [] if good else [f"{function.name}: a property in Ansible"]
    if not callable(real):
        return [f"{function.name}: not callable in Ansible"]
    signature = inspect.signature(real)
    actual = [
        (name, KINDS[parameter.kind], parameter.default is not inspect.Parameter.empty)
        for name, parameter in signature.parameters.items()
    ]
    problems = []
    position = {name: index for index, (name, kind, _unused) in enumerate(actual) if kind == "positional"}
    for index, (name, kind, has_default) in enumerate(stub_parameters(function)):
        if (name, kind, has_default) not in actual:
            problems.append(f"{function.name}: parameter {name} ({kind}, default {has_default}) is not in {signature}")
        elif kind == "positional" and position[name] != index:
            problems.append(f"{function.name}: parameter {name} stands at {position[name]}, the stub says {index}")
    stubbed = {entry[0] for entry in stub_parameters(function)}
    problems += [
        f"{function.name}: Ansible requires {name}, which the stub does not have"
        for name, kind, has_default in actual
        if kind in {"positional", "keyword"} and not has_default and name not in stubbed
    ]
    return problems


def attributes_of(klass: type) -> set[str]:
    """Names that a class or its methods set: class attributes, properties and `self.x = ...` of every base."""
    names: set[str] = set()
    for base in inspect.getmro(klass):
        names |= set(vars(base)) | set(getattr(base, "__annotations__", {}))
        if base is object:
            continue
        try:
            tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(base)))
        except (OSError, TypeError):
            continue
        names |= {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        }
    return names


def class_problems(stub: ast.ClassDef, real: type) -> list[str]:
    """Name what a stub class says that the real one does not."""
    problems = []
    known = attributes_of(real)
    for base in stub.bases:
        if ast.unparse(base) not in {parent.__name__ for parent in inspect.getmro(real)}:
            problems.append(f"{stub.name}: no {ast.unparse(base)}")
    for node in stub.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if node.target.id not in known:
                problems.append(f"{stub.name}.{node.target.id}: not set anywhere in Ansible's class")
        elif isinstance(node, ast.FunctionDef):
            found = inspect.getattr_static(real, node.name, None)
            if found is None:
                problems.append(f"{stub.name}.{node.name}: not in Ansible")
                continue
            target = found.__func__ if isinstance(found, classmethod) else found
            problems += [f"{stub.name}.{text}" for text in differences(node, target)]
    return problems


def test_there_are_stubs() -> None:
    """An empty folder must not pass as one without differences."""
    assert len(STUBS) >= 10


@pytest.mark.parametrize("stub", STUBS, ids=module_of)
def test_stub_agrees_with_ansible(stub: Path) -> None:
    """Every class, method, function and attribute of the stub is in the installed Ansible."""
    real = importlib.import_module(module_of(stub))
    problems = []
    for node in ast.parse(stub.read_text()).body:
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            continue
        target = getattr(real, node.name, None)
        if target is None:
            problems.append(f"{module_of(stub)}.{node.name}: not in Ansible")
        elif isinstance(node, ast.ClassDef):
            problems += class_problems(node, target)
        else:
            problems += differences(node, target)
    assert problems == []
