# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the guide of messages out of the sources that say them.

It lists every refusal of the plugins, roles and playbooks, and every cause that a verification can name.
Without an option it writes the page; with --check it fails when the page is not what the sources say.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.lib.said import Sources, unique

PAGE = Path("docs/docsite/rst/guide_messages.rst")
FIELDS = ("requirement", "variable", "found", "needed", "remedy")
REFUSAL = re.compile(
    r"\[(?P<requirement>[^\]]+)\] (?P<variable>[^:]+): found (?P<found>.+); needed: (?P<needed>.+); "
    r"remedy: (?P<remedy>.+)"
)
TEMPLATE = re.compile(r"\{\{(.+?)\}\}")
# Sections that are no role's: which part of an inventory a variable belongs to.
INVENTORY, ANY, REACH = "The inventory", "Any variable", "Reaching a node"
DIAGNOSIS = "_diagnosis.py"
# Modules say a variable by the name that the role gave it, which is the option's with this in front.
PREFIX = "<prefix>"
PREFIXED = {"_layer_": "storage", "_md_": "storage", "_plan_": "plan"}
ALL_WELL = ("connected_and_answering", "enrolled")
HEAD = """\
..
  Copyright (c) 2026, EUCAIM local_node contributors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

..
  Written by scripts/lib/message_guide.py out of the sources. Change those, and run it.

.. _ansible_collections.eucaim.local_node.docsite.guide_messages:

Messages, and what to do
========================

A run that cannot work stops before it changes anything, and lists every reason at once. Each names the variable, the
requirement that asks for it, what was found, what is needed, and what to do:

.. code-block:: text

   1 refusal for node1; nothing was changed.
   1. federation_provider_id [FED-ENV]
      found: "My.Hospital"
      needed: lower-case letters, digits and hyphens, no dot and no underscore, ...
      remedy: take the id that the helpdesk confirmed; ...

Below, what only a run knows stands in angle brackets: ``<value>`` is what your inventory says. Secrets are never shown.

What Ansible itself says
------------------------

Some messages come before anything of this collection runs.

YAML parsing failed
  | A file of the inventory is no YAML, and Ansible may not name it. In the inventory's folder, this names it (and each
  | vault):
  | ``for f in hosts.yml group_vars/*/*.yml; do ansible localhost -m debug -e @$f >/dev/null 2>&1 || echo $f; done``
Attempting to decrypt but no vault secrets found
  | The inventory holds a vault. Add ``--ask-vault-pass`` to the command.
Decryption failed (no vault secrets were found that could decrypt)
  | The password of the vault is another one.
Host key verification failed
  | This machine has never met the node. Log in once with ``ssh``, compare the fingerprint with the node's, and say yes.
"""


class GuideError(Exception):
    """A message in the sources that does not say what a refusal must say."""


@dataclass(frozen=True)
class Entry:
    """One refusal: fixed words for what is wrong, and each way in which it can be found."""

    requirement: str
    variable: str
    found: tuple[str, ...]
    needed: tuple[str, ...]
    remedy: tuple[str, ...]
    source: str

    def fits(self, said: Mapping[str, str]) -> bool:
        """Say whether a refusal that somebody got is this one."""
        ways = {
            "requirement": (self.requirement,),
            "variable": (self.variable,),
            "found": self.found,
            "needed": self.needed,
            "remedy": self.remedy,
        }
        return all(any(matches(text, said[name]) for text in texts) for name, texts in ways.items())


@dataclass(frozen=True)
class Cause:
    """One cause that a verification names."""

    name: str
    owner: str
    sentences: tuple[str, ...]
    remedies: tuple[str, ...]


HOLE = re.compile(r"<[a-z0-9_.]+>")


def matches(pattern: str, text: str) -> bool:
    """Say whether a text is a message with its holes filled."""
    words = [re.escape(part) for part in re.split(rf"{HOLE.pattern}(?:, \.\.\.)?|, \.\.\.", pattern)]
    return re.fullmatch(".*".join(words), text, re.DOTALL) is not None


# ---------------------------------------------------------------------- collecting


def refusals(sources: Sources) -> Iterator[Entry]:
    """Return every refusal that a plugin can make."""
    for module, call, texts in sources.said("Refusal", FIELDS):
        missing = [name for name in FIELDS if not any(texts[name])]
        if missing:
            raise GuideError(f"{module.path.name}:{call.lineno}: a refusal without {', '.join(missing)}")
        source = module.path.stem
        for requirement in texts["requirement"]:
            for variable in texts["variable"]:
                yield Entry(requirement, variable, texts["found"], texts["needed"], texts["remedy"], source)


def tasks_in(items: Any) -> Iterator[Mapping[str, Any]]:
    """Return every task of a file of tasks or plays."""
    for item in items or []:
        if isinstance(item, Mapping):
            yield item
            for part in ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers"):
                yield from tasks_in(item.get(part))


def spoken(task: Mapping[str, Any]) -> str:
    """Return what a task says when it stops the run; nothing when it does not."""
    for module, key in (("ansible.builtin.assert", "fail_msg"), ("ansible.builtin.fail", "msg")):
        if isinstance(task.get(module), Mapping):
            return " ".join(str(task[module].get(key, "")).split())
    return ""


def without_templates(text: str) -> str:
    """Return a text whose templates are holes with the name of what stands there."""

    def named(match: re.Match[str]) -> str:
        words = re.findall(r"[A-Za-z_][A-Za-z0-9_.]*", match.group(1).split("|")[0])
        return f"<{words[0].split('.')[-1].strip('_')}>" if words else "<...>"

    return TEMPLATE.sub(named, text)


def refusals_of_tasks(root: Path) -> Iterator[Entry]:
    """Return every refusal that stands in the tasks of roles and playbooks."""
    for path in sorted([*root.glob("roles/*/tasks/*.yml"), *root.glob("playbooks/*.yml")]):
        for task in tasks_in(yaml.safe_load(path.read_text(encoding="utf-8"))):
            text = spoken(task)
            # A template alone hands on what a plugin said.
            if not text or TEMPLATE.fullmatch(text):
                continue
            match = REFUSAL.fullmatch(without_templates(text).rstrip("."))
            if match is None:
                raise GuideError(f"{path.relative_to(root)}: {task.get('name')}: no refusal with all its parts: {text}")
            part = match.groupdict()
            source = path.relative_to(root).parts[1] if path.is_relative_to(root / "roles") else "playbooks"
            yield Entry(
                part["requirement"], part["variable"], (part["found"],), (part["needed"],), (part["remedy"],), source
            )


def merged(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries with those that differ in what was found alone made one."""
    found: dict[tuple[Any, ...], Entry] = {}
    for entry in entries:
        key = (entry.requirement, entry.variable, entry.needed, entry.remedy)
        first = found.get(key)
        ways = unique([*(first.found if first else ()), *entry.found])
        found[key] = Entry(*key[:2], ways, *key[2:], first.source if first else entry.source)
    return list(found.values())


def causes(sources: Sources) -> list[Cause]:
    """Return every cause that a verification can name, in the order in which they are looked for."""
    owners = owners_of(sources)
    found = []
    for module, call, texts in sources.said("Finding", ("cause", "sentence", "remedy", "service")):
        # What is found about a machine's hardware is named alike, and is no cause.
        for name in texts["cause"] if module.path.name == DIAGNOSIS else ():
            owner = owners.get(name) or texts["service"][0]
            found.append((call.lineno, Cause(name, owner, texts["sentence"], texts["remedy"])))
    return list(dict.fromkeys(cause for _line, cause in sorted(found, key=lambda pair: pair[0])))


def owners_of(sources: Sources) -> dict[str, str]:
    """Return the requirement whose row carries a cause."""
    return sources.table(sources.folder / "module_utils" / DIAGNOSIS, "OWNER")


# ---------------------------------------------------------------------- writing


def role_names(root: Path) -> list[str]:
    """Return the names of all roles, the longest first."""
    return sorted(
        (path.name for path in (root / "roles").iterdir() if path.is_dir()), key=lambda name: (-len(name), name)
    )


def role_of_prefix(entry: Entry) -> str:
    """Return the role whose name stands in front of a refusal's variable; nothing where it is not left open."""
    if not entry.variable.startswith(PREFIX):
        return ""
    return next((role for source, role in PREFIXED.items() if entry.source.startswith(source)), "")


def section_of(entry: Entry, roles: Sequence[str]) -> str:
    """Return where a reader looks for a refusal: at the role of its variable."""
    role = role_of_prefix(entry)
    if role:
        return role
    if entry.variable.startswith("<"):
        return ANY
    if entry.variable.startswith("ansible_"):
        return REACH
    for text in (entry.variable, entry.source):
        for role in roles:
            if re.search(rf"(^|_){role}(_|$)", text) and (text is entry.source or text.startswith(f"{role}_")):
                return role
    return INVENTORY


def plain(text: str) -> str:
    """Return a text that reStructuredText shows as it is."""
    text = HOLE.sub(lambda match: match.group(0).replace("_", " "), re.sub(r" (?=\.$)", "", text))
    text = re.sub(r"([\\`*|])", r"\\\1", text)
    return re.sub(r"_(?=\W|$)", r"\\_", " ".join(text.split()))


def lines_of(word: str, texts: Sequence[str]) -> list[str]:
    """Return one line, or one for each way to say it. A colon at the end has nothing to say behind it."""
    texts = [text for text in texts if not text.rstrip().endswith(":")] or texts
    if len(texts) == 1:
        return [f"  | {word}: {plain(texts[0])}"]
    return [f"  | {word}, one of:", *[f"  |   {plain(text)}" for text in texts]]


def named(entry: Entry, text: str) -> str:
    """Return a text of a refusal with the variables in it as a person has written them, as far as that is known."""
    role = role_of_prefix(entry)
    return text.replace(PREFIX, f"{role}_") if role else text


def entry_lines(entry: Entry) -> list[str]:
    """Return a refusal as an item of a definition list."""
    where = "" if entry.requirement.startswith("<") else f" [{entry.requirement}]"
    name = named(entry, entry.variable)
    name = "the variable" if name.startswith("<") else name
    parts = (("found", entry.found), ("needed", entry.needed), ("remedy", entry.remedy))
    lines = [lines_of(word, [named(entry, text) for text in texts]) for word, texts in parts]
    return [f"{plain(name)}{where}", *itertools.chain(*lines), ""]


def cause_lines(cause: Cause) -> list[str]:
    """Return a cause as an item of a definition list."""
    return [
        f"{plain(cause.name)} [{cause.owner}]",
        *lines_of("message", cause.sentences),
        *lines_of("remedy", cause.remedies),
        "",
    ]


def title(text: str, line: str) -> list[str]:
    """Return a heading."""
    return [text, line * len(text), ""]


def all_refusals(root: Path) -> list[Entry]:
    """Return every refusal that the collection can make."""
    return merged([*refusals(Sources(root / "plugins")), *refusals_of_tasks(root)])


def page(root: Path) -> str:
    """Return the guide."""
    sources = Sources(root / "plugins")
    entries = all_refusals(root)
    roles = role_names(root)
    sections = {
        name: [entry for entry in entries if section_of(entry, roles) == name]
        for name in (*roles, INVENTORY, ANY, REACH)
    }
    lines = [*HEAD.splitlines(), ""]
    for name in (INVENTORY, REACH, ANY, *sorted(roles)):
        if sections[name]:
            lines += title(f"Variables of the role {name}" if name in roles else name, "-")
            for entry in sorted(
                sections[name], key=lambda entry: (named(entry, entry.variable), entry.found, entry.needed)
            ):
                lines += entry_lines(entry)
    lines += title("What a verification says", "-")
    lines += [
        "The playbook ``verify`` and the end of ``site`` name one cause in words, the first that explains why a node",
        "does not answer. The same sentence stands at the top of the report, and in the row of the requirement in",
        "brackets.",
        "",
    ]
    for cause in causes(sources):
        if cause.name not in ALL_WELL:
            lines += cause_lines(cause)
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is not as generated")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of the collection")
    options = parser.parse_args(arguments)
    path = options.root / PAGE
    try:
        text = page(options.root)
    except GuideError as error:
        print(error, file=sys.stderr)
        return 2
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return 0
    if options.check:
        print(f"{PAGE} is not what the sources say; run python scripts/lib/message_guide.py")
        return 1
    path.write_text(text, encoding="utf-8")
    print(f"{PAGE}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
