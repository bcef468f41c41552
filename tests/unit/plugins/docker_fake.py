# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of Docker's modules share: a stand-in for AnsibleModule, and two public keys made for these tests."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest

KEY = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawQ5sRYJKwYBBAHaRw8BAQdAwWD2zfYgUwoqyJMmmiXfz0W4DGqMePuMcgLA
ywoqywW0GHBhY2thZ2VzQGV4YW1wbGUuaW52YWxpZIiQBBMWCAA4FiEErorSbIeF
nnmZYoqsHX4f+uPGs7AFAmsEObECGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AA
CgkQHX4f+uPGs7CewQEAvz2S5FkH4v22v9dVpkWMPVAVQEYIb4ObwUFHY7OdHQ4B
AKUP+a8PLedgBwfgCDMHXnp+6YYi5RPdrIZeHnjtpqUH
=Trfi
-----END PGP PUBLIC KEY BLOCK-----
"""
FINGERPRINT = "AE8AD26C87859E7999628AAC1D7E1FFAE3C6B3B0"
STRANGER = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawQ5sRYJKwYBBAHaRw8BAQdAJzRpsvT+9XNOzEzEBDw3OgD4z53wBBe3M2o9
JVqS+HC0GHN0cmFuZ2VyQGV4YW1wbGUuaW52YWxpZIiQBBMWCAA4FiEEHmpmukNa
OHro6tqSyRBGC3nAg44FAmsEObECGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AA
CgkQyRBGC3nAg44SJAEAthrwdEiWdjmHU4NJ+Lib+xBiZZfzI2MHafq5IwrA0V4B
ANm//0QkAA01sCKp4a6Hr6PAOfj58ud3/y2CCoZv0hYJ
=Z1UA
-----END PGP PUBLIC KEY BLOCK-----
"""
STRANGERS_FINGERPRINT = "1E6A66BA435A387AE8EADA92C910460B79C0838E"

Answer = tuple[int, str, str]
Program = Callable[[Sequence[str], Any], Answer]


class Ended(Exception):
    """The module has ended, well or badly."""

    def __init__(self, failed: bool, result: dict[str, Any]) -> None:
        super().__init__(str(result.get("msg", result)))
        self.failed = failed
        self.result = result


class Node:
    """A node whose programs answer as a test says, and what was asked of them."""

    def __init__(self, tmpdir: Path) -> None:
        self.tmpdir = tmpdir
        self.check_mode = False
        self.programs: dict[str, Program] = {}
        self.calls: list[list[str]] = []
        self.warned: list[str] = []

    def says(self, program: str, code: int = 0, out: str = "", err: str = "") -> None:
        """Let a program always answer the same."""
        self.programs[program] = lambda _argv, _data: (code, out, err)

    def called(self, program: str) -> list[list[str]]:
        """Return the arguments of each call of a program."""
        return [argv[1:] for argv in self.calls if argv[0] == program]

    def module(self, params: Mapping[str, Any]) -> Any:
        """Return a module with these parameters, its class's defaults left aside."""
        return FakeModule(self, params, {})

    def run(self, monkeypatch: pytest.MonkeyPatch, tested: ModuleType, **params: Any) -> dict[str, Any]:
        """Run a module to its good end and return its result."""
        ended = self.end(monkeypatch, tested, **params)
        assert not ended.failed, ended.result
        return ended.result

    def refuse(self, monkeypatch: pytest.MonkeyPatch, tested: ModuleType, **params: Any) -> str:
        """Run a module to its bad end and return what it said."""
        ended = self.end(monkeypatch, tested, **params)
        assert ended.failed, ended.result
        return str(ended.result["msg"])

    def end(self, monkeypatch: pytest.MonkeyPatch, tested: ModuleType, **params: Any) -> Ended:
        """Run a module and return how it ended."""
        monkeypatch.setattr(
            tested, "AnsibleModule", lambda argument_spec, **_rest: FakeModule(self, params, argument_spec)
        )
        with pytest.raises(Ended) as caught:
            tested.main()
        return caught.value


class FakeModule:
    """What the modules need of AnsibleModule."""

    def __init__(self, node: Node, params: Mapping[str, Any], spec: Mapping[str, Mapping[str, Any]]) -> None:
        unknown = sorted(set(params) - set(spec)) if spec else []
        assert not unknown, f"unknown options: {unknown}"
        self.node = node
        self.check_mode = node.check_mode
        self.tmpdir = str(node.tmpdir)
        self.params = {name: copy.deepcopy(option.get("default")) for name, option in spec.items()}
        self.params.update(params)

    def get_bin_path(self, arg: str, opt_dirs: Sequence[str] | None = None) -> str | None:
        """Say where a program is."""
        return f"/usr/bin/{arg}" if arg == "timeout" or arg in self.node.programs else None

    def run_command(self, args: Sequence[str], data: Any = None, **options: Any) -> Answer:
        """Answer as a program would."""
        assert options["environ_update"]["LC_ALL"] == "C"
        argv = [os.path.basename(args[0]), *args[1:]]
        if argv[0] == "timeout":
            argv = argv[4:] if argv[1] == "--kill-after" else argv[2:]
        self.node.calls.append(argv)
        program = self.node.programs.get(argv[0])
        return program(argv[1:], data) if program else (127, "", f"{argv[0]}: not found")

    def add_cleanup_file(self, path: str) -> None:
        """Take note of a file; the test's folder goes anyway."""
        assert path

    def warn(self, warning: str) -> None:
        """Note a warning."""
        self.node.warned.append(warning)

    def exit_json(self, **result: Any) -> NoReturn:
        """End well."""
        raise Ended(False, result)

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        """End badly."""
        raise Ended(True, {"msg": msg, **result})
