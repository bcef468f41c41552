# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide of messages is read out of the sources, and says all that a person needs."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _diagnosis as diagnosis
from ansible_collections.eucaim.local_node.plugins.module_utils import _register as register

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "scripts" / "lib" / "message_guide.py"
IMPORT = "from ansible_collections.eucaim.local_node.plugins.module_utils"
OTHER = """
LIMIT, LEAST = 63, 1
KINDS = ("omop", "sql")
REASONS = {"a": "because of a", "b": "because of b"}


@dataclass
class Problem:
    found: str
    remedy: str


def problems(options):
    if options:
        return [Problem("a bad key", "take the key out")]
    return [Problem("nothing", remedy="")]


def fault(line):
    if line:
        return "it is cut"
    return ""
"""
CODE = f"""
{IMPORT} import _other
{IMPORT}._other import KINDS, REASONS, fault, problems

NAME = "thing_name"


def one(variable, found, needed, remedy, requirement="FED-ENV"):
    return Refusal(requirement, variable, found, needed, remedy)


def check(values, person):
    needed = "the first"
    if values:
        one(NAME, shown(values), needed, f"at most {{_other.LIMIT}} of {{', '.join(KINDS)}}")
    needed = "the second"
    remedy = "do this now"
    if values == 1:
        remedy = "do that now"
    one("thing_other", f"{{values.count}} of {{person}}", needed, remedy, "FED-NET")
    for name, word in (("thing_a", "an a"), ("thing_b", "a b")):
        one(name, f"{{hidden(name)}}, but {{fault(word)}}", word, f"leave it at {{word}}")
    for problem in problems(values):
        one("thing_options", problem.found, "good options", problem.remedy)
    why = REASONS.get(values, "because of more")
    one("thing_why", "x" if values else "y", f"z ({{why}})", "say it " + "again, please")
    return [one("thing_list", item, "one item", "take it away, please") for item in ("first", "second")]
"""
FINDING = """
OWNER = {GONE: "FED-KEY"}
GONE = "gone"


def diagnose(seen):
    return Finding(GONE, f"It has gone {span(seen.time)} ago.", "Bring it back.")


def other(seen):
    return Finding("odd", "It is odd.", "Look at it.", "FED-MED")
"""
TASKS = """
- name: Refuse
  block:
    - name: Look
      ansible.builtin.assert:
        that: x
        fail_msg: >-
          [FED-NET] thing_net: found {{ __thing.net | join(', ') }} there; needed: none; remedy: take it away.
    - name: Hand on
      ansible.builtin.fail:
        msg: "{{ __thing.refusals | join }}"
    - name: Go on
      ansible.builtin.debug:
        msg: nothing
"""


@pytest.fixture(name="guide", scope="module")
def _guide() -> ModuleType:
    found = importlib.util.spec_from_file_location("message_guide", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules["message_guide"] = module
    found.loader.exec_module(module)
    return module


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    for name, text in (
        ("plugins/module_utils/_thing.py", CODE),
        ("plugins/module_utils/_other.py", OTHER),
        ("plugins/module_utils/_diagnosis.py", FINDING),
        ("roles/thing/tasks/main.yml", TASKS),
        ("docs/docsite/rst/keep", ""),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_every_way_to_build_a_text_is_followed(guide: ModuleType, root: Path) -> None:
    found = {
        (entry.variable, entry.found, entry.needed, entry.remedy): entry.requirement
        for entry in guide.all_refusals(root)
    }
    secret = "a value of <number> characters (hidden), but it is cut"
    assert set(found) == {
        ("thing_name", ("<value>",), ("the first",), ("at most 63 of omop, sql",)),
        ("thing_other", ("<count> of <person>",), ("the second",), ("do that now", "do this now")),
        ("thing_a", (secret,), ("an a",), ("leave it at an a",)),
        ("thing_b", (secret,), ("a b",), ("leave it at a b",)),
        ("thing_options", ("a bad key",), ("good options",), ("take the key out",)),
        (
            "thing_why",
            ("x", "y"),
            ("z (because of a)", "z (because of b)", "z (because of more)"),
            ("say it again, please",),
        ),
        ("thing_list", ("first", "second"), ("one item",), ("take it away, please",)),
        ("thing_net", ("<net> there",), ("none",), ("take it away",)),
    }
    assert {key[0] for key, requirement in found.items() if requirement == "FED-NET"} == {"thing_other", "thing_net"}


def test_the_page(guide: ModuleType, root: Path) -> None:
    text = guide.page(root)
    assert "Variables of the role thing\n---------------------------\n" in text
    assert (
        "thing_list [FED-ENV]\n"
        "  | found, one of:\n  |   first\n  |   second\n"
        "  | needed: one item\n  | remedy: take it away, please\n"
    ) in text
    assert "gone [FED-KEY]\n  | message: It has gone <time> ago.\n  | remedy: Bring it back.\n" in text
    assert "odd [FED-MED]\n" in text


def test_write_then_check(guide: ModuleType, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert guide.main(["--check", "--root", str(root)]) == 1
    assert "run python scripts/lib/message_guide.py" in capsys.readouterr().out
    assert guide.main(["--root", str(root)]) == 0
    assert guide.main(["--check", "--root", str(root)]) == 0
    source = root / "plugins" / "module_utils" / "_thing.py"
    source.write_text(CODE.replace("the second", "another"), encoding="utf-8")
    assert guide.main(["--check", "--root", str(root)]) == 1


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("plugins/module_utils/_bad.py", 'Refusal("FED-ENV", "x", "y", "z", "")', "a refusal without remedy"),
        (
            "roles/thing/tasks/more.yml",
            "- {name: Stop, ansible.builtin.fail: {msg: it is wrong}}",
            "Stop: no refusal with all its parts",
        ),
    ],
)
def test_a_refusal_that_leaves_a_part_out_is_no_refusal(
    guide: ModuleType, root: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, complaint: str
) -> None:
    (root / name).write_text(text, encoding="utf-8")
    assert guide.main(["--root", str(root)]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(("said", "fits"), [('"a" of 3 b', True), ("a of", False), ("only x and y", True)])
def test_a_message_is_found_again(guide: ModuleType, said: str, fits: bool) -> None:
    entry = guide.Entry(
        "<requirement>",
        "thing[<number>].x",
        ("nothing", "<value> of 3 <other>", "only <name>, ..."),
        ("n",),
        ("r",),
        "s",
    )
    message = {"requirement": "FED-ENV", "variable": "thing[0].x", "found": said, "needed": "n", "remedy": "r"}
    assert entry.fits(message) is fits


# ------------------------------------------------------------------ of this collection


def test_the_guide_is_what_the_sources_say(guide: ModuleType) -> None:
    written = (ROOT / guide.PAGE).read_text(encoding="utf-8")
    assert written == guide.page(ROOT), "run python scripts/lib/message_guide.py"


def test_every_refusal_says_what_was_found_what_is_needed_and_what_to_do(guide: ModuleType) -> None:
    entries = guide.all_refusals(ROOT)
    assert len(entries) > 100
    lazy = [
        f"{entry.variable}: {text}" for entry in entries for text in entry.remedy if len(re.findall(r"\w+", text)) < 3
    ]
    assert lazy == [], "a remedy says what to do"
    unknown = [
        f"{entry.variable} [{entry.requirement}]"
        for entry in entries
        if not register.is_known(entry.requirement) and entry.requirement != "<requirement_of>"
        if entry.requirement != "<requirement>"
    ]
    assert unknown == []


def test_no_refusal_is_overlooked(guide: ModuleType) -> None:
    """Every place in the plugins that makes a refusal is one that the guide was written from."""
    places = {
        (path.name, node.lineno)
        for path in (ROOT / "plugins").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal"
    }
    found = guide.Sources(ROOT / "plugins").said("Refusal", guide.FIELDS)
    assert {(module.path.name, call.lineno) for module, call, _texts in found} == places


def test_a_variable_of_a_module_stands_under_the_role_that_names_it(guide: ModuleType) -> None:
    """Nobody would look for storage_erase under another heading."""
    text = guide.page(ROOT)
    section = text.partition("Variables of the role storage\n")[2].partition("\nVariables of the role")[0]
    for variable in ("storage_erase", "storage_drives", "storage_encrypted", "storage_volume_group"):
        assert f"\n{variable} [" in section
    assert "<prefix>" not in section


def test_every_cause_of_the_diagnosis_is_in_the_guide_with_a_remedy(guide: ModuleType) -> None:
    causes = guide.causes(guide.Sources(ROOT / "plugins"))
    named = {cause.name for cause in causes}
    assert named >= set(diagnosis.OWNER)
    assert named >= diagnosis.PASSING
    assert [cause.name for cause in causes if cause.name not in guide.ALL_WELL and not all(cause.remedies)] == []
    assert [
        cause.name for cause in causes if cause.name not in guide.ALL_WELL and not register.is_known(cause.owner)
    ] == []
