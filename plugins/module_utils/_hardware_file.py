# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine in a file: as plain data and back, and the two kinds of files that are read.

Private to this collection: nothing outside may import it. Pure: data in, data out.

A file is either what hardware_info returned, saved as JSON, or the output of read_machine.sh. It may have been edited
by hand, or come from another version, so that nothing of it is believed before it was checked.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils import _hardware as hardware
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware_reading import read_machine
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import is_recording, read_recording

_SHAPES: dict[str, type] = {
    name: shape for name, shape in vars(hardware).items() if isinstance(shape, type) and dataclasses.is_dataclass(shape)
}
_PLAIN: dict[str, tuple[type, str]] = {
    "str": (str, "a text"),
    "int": (int, "a whole number"),
    "bool": (bool, "true or false"),
    "float": (float, "a number"),
}
_REMEDY = "save what hardware_info returns as hardware, or the output of read_machine.sh, without changing it"


class HardwareFileError(ValueError):
    """A file does not hold a machine; says where, what was found, what is needed and what to do."""

    def __init__(self, where: str, found: str, needed: str, remedy: str = _REMEDY) -> None:
        super().__init__(f"{where}: found {found}; needed: {needed}; remedy: {remedy}")


def machine_to_dict(machine: hardware.Machine) -> dict[str, Any]:
    """Return a machine as plain data that JSON can hold."""
    return {"format": hardware.FORMAT, **_plain(machine)}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


def machine_from_dict(data: Any) -> hardware.Machine:
    """Return the machine of plain data.

    A key that is missing is not known: Machine.unknown says that the file does not have it. Raises HardwareFileError
    for anything that is not as machine_to_dict writes it.
    """
    if not isinstance(data, Mapping):
        raise HardwareFileError("hardware", _shown(data), "an object")
    if isinstance(data.get("hardware"), Mapping):
        return machine_from_dict(data["hardware"])  # all that the module returned
    found = data.get("format")
    if "format" not in data or "kind" in data or "rows" in data:
        raise HardwareFileError("hardware", f"no machine, but {_kind_of(data)}", "a saved machine")
    if found != hardware.FORMAT or isinstance(found, bool):
        raise HardwareFileError("hardware.format", _shown(found), f"{hardware.FORMAT}, the format of this version")
    machine: hardware.Machine = _built(
        "Machine", {key: value for key, value in data.items() if key != "format"}, "hardware"
    )
    missing = dict.fromkeys(_missing(data), "the file does not say")
    return dataclasses.replace(machine, unknown={**missing, **machine.unknown})


def machine_from_text(text: str) -> hardware.Machine:
    """Return the machine that a file holds.

    Raises RecordingError for a recording that is cut off, and HardwareFileError for any other text without a machine.
    """
    if is_recording(text):
        return read_machine(read_recording(text))
    try:
        data = json.loads(text.lstrip("\ufeff"))
    except ValueError:
        raise HardwareFileError("content", _glimpse(text), "JSON, or a recording") from None
    return machine_from_dict(data)


def _kind_of(data: Mapping[str, Any]) -> str:
    """Return what an object is that is no machine, as far as its keys tell."""
    if str(data.get("kind", "")).endswith(".plan"):
        return "a plan of what to buy"
    if "rows" in data:
        return "evidence or a report"
    return f"an object with the keys {', '.join(map(str, list(data)[:5]))}" if data else "an empty object"


def _glimpse(text: str) -> str:
    """Return how a text begins that is neither of the two, if a person can read it."""
    start = text.strip()[:40]
    if not start:
        return "an empty file"
    return _shown(start) if start.isprintable() and "\ufffd" not in start else "no text"


def text_from_bytes(data: bytes) -> str:
    """Return the text of a file, also of one that a shell of Windows wrote, in UTF-16."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace")


def _built(shape: str, data: Mapping[str, Any], where: str) -> Any:
    """Return an instance of a dataclass of _hardware from plain data, every field checked."""
    kind = _SHAPES[shape]
    fields = {one.name: one for one in dataclasses.fields(kind)}
    for key in data:
        if key not in fields:
            near = difflib.get_close_matches(str(key), fields, 1)
            hint = f"did you mean {near[0]}?" if near else "take it away"
            raise HardwareFileError(where, f"the key {_shown(key)}", f"one of {', '.join(fields)}", hint)
    for name, one in fields.items():
        if name not in data and one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
            raise HardwareFileError(where, f"no {name}", f"a value for {name}")
    return kind(**{key: _checked(str(fields[key].type), value, f"{where}.{key}") for key, value in data.items()})


def _checked(annotation: str, value: Any, where: str) -> Any:
    """Return a value that fits a field's annotation, or raise HardwareFileError."""
    kinds = annotation.split(" | ")
    if value is None and "None" in kinds:
        return None
    kind = kinds[0]
    if kind in _PLAIN:
        return _checked_plain(kind, value, where, "null" if "None" in kinds else "")
    many = re.fullmatch(r"tuple\[(\w+), \.\.\.\]", kind)
    if many:
        if not isinstance(value, list):
            raise HardwareFileError(where, _shown(value), "a list")
        return tuple(_checked(many[1], each, f"{where}[{number}]") for number, each in enumerate(value))
    if not isinstance(value, Mapping):
        raise HardwareFileError(where, _shown(value), "an object")
    if kind.startswith("dict"):
        return {str(key): _checked_plain("str", each, f"{where}[{key}]", "") for key, each in value.items()}
    return _built(kind, value, where)


def _checked_plain(kind: str, value: Any, where: str, also: str) -> Any:
    wanted, words = _PLAIN[kind]
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise HardwareFileError(where, _shown(value), f"{words} or {also}" if also else words)
    if isinstance(value, (int, float)) and value < 0 and not where.endswith(("_celsius", ".value")):
        raise HardwareFileError(where, _shown(value), "0 or more")
    return value


def _missing(data: Mapping[str, Any]) -> list[str]:
    """Return the paths of the fields of a machine that a file leaves out."""
    paths = []
    for one in dataclasses.fields(hardware.Machine):
        inner = _SHAPES.get(str(one.type))
        if one.name not in data and one.name != "unknown":
            paths.append(one.name)
        elif inner is not None:
            paths += [
                f"{one.name}.{each.name}" for each in dataclasses.fields(inner) if each.name not in data[one.name]
            ]
    return paths


def _shown(value: Any) -> str:
    """Return a value in one short line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."
