# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ufw's own files: read, and written so that ufw itself reads them and writes them the same way (NET-FW).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
A rule stands in user.rules as a line `### tuple ###`, which ufw reads, and the iptables lines that it makes of it.
Ours carry a comment that begins with `eucaim: `; everything else is somebody else's and stays word for word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.eucaim.local_node.plugins.module_utils._firewall import (
    Entry,
    Rule,
    Span,
    canonical,
    inward,
    parse_port,
    same_family,
    span_text,
)

MARK = "eucaim: "
ANY4, ANY6 = "0.0.0.0/0", "::/0"
# iptables' multiport takes so many; a range counts twice.
MULTIPORT = 15
BEGIN, END = "### RULES ###", "### END RULES ###"
TUPLE = "### tuple ###"

_CHAINS = (
    *("user-input", "user-output", "user-forward"),
    *(f"{when}-logging-{way}" for when in ("before", "user", "after") for way in ("input", "output", "forward")),
    *("logging-deny", "logging-allow", "user-limit", "user-limit-accept"),
)


@dataclass(frozen=True)
class Tuple:
    """One rule of ufw, as its line says it."""

    action: str
    protocol: str
    dport: str
    destination: str
    sport: str
    source: str
    direction: str
    comment: str = ""

    @property
    def ours(self) -> bool:
        """Did this collection write it?"""
        return self.comment.startswith(MARK)

    @property
    def automatic(self) -> bool:
        """Did a program write it that bans whoever guesses passwords? It comes and goes by itself."""
        return "fail2ban" in self.comment.lower()

    @property
    def routed(self) -> bool:
        """Is it about what is passed on, not about the node itself?"""
        return self.action.startswith("route:")

    def text(self) -> str:
        """Return it in words, like `ufw status`."""
        port = "" if self.dport == "any" else f" {self.dport}"
        protocol = "" if self.protocol == "any" else f"/{self.protocol}"
        source = "" if self.source in (ANY4, ANY6) else f" from {self.source}"
        where = "" if self.destination in (ANY4, ANY6) else f" to {self.destination}"
        way = "" if self.direction == "in" else f" {self.direction.replace('_', ' on ')}"
        return f"{self.action.split('_', maxsplit=1)[0]}{port}{protocol}{source}{where}{way}"


@dataclass(frozen=True)
class Block:
    """A rule and the lines that ufw made of it."""

    rule: Tuple
    lines: tuple[str, ...]


def parse_tuple(line: str) -> Tuple | None:
    """Read a line `### tuple ### ...`; None when it is none."""
    words = line[len(TUPLE) :].split() if line.startswith(TUPLE) else []
    comment = ""
    if words and words[-1].startswith("comment="):
        try:
            comment = bytes.fromhex(words.pop()[len("comment=") :]).decode("utf-8", "replace")
        except ValueError:
            comment = ""
    if len(words) not in (7, 9):
        return None
    # With nine words the names of two applications stand before the direction.
    action, protocol, dport, destination, sport, source = words[:6]
    return Tuple(action, protocol, dport, destination, sport, source, words[-1], comment)


def parse_rules(text: str) -> list[Block]:
    """Return the rules of a file user.rules or user6.rules in their order."""
    blocks: list[Block] = []
    current: Tuple | None = None
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        found = parse_tuple(line)
        if current is not None and (found is not None or not line.strip()):
            blocks.append(Block(current, tuple(lines)))
            current = None
        if found is not None:
            current, lines = found, [line]
        elif current is not None:
            lines.append(line)
    return blocks


def ports_of(text: str) -> tuple[Span, ...] | None:
    """Read the ports of a tuple; None when it names an application instead."""
    if text == "any":
        return ()
    spans = [parse_port(part) for part in text.split(",")]
    return None if None in spans else tuple(span for span in spans if span is not None)


def entry_of(rule: Tuple) -> Entry | None:
    """Return what a rule does to what comes in to the node; None when it is about something else."""
    ports = ports_of(rule.dport)
    if rule.routed or not rule.direction.startswith("in") or ports is None:
        return None
    action = rule.action.split("_", maxsplit=1)[0]
    allow = action in ("allow", "limit")
    # A rule for one interface or one source port lets less in than it seems, so it is no reason to call a port open.
    if allow and (rule.direction != "in" or rule.sport != "any"):
        return None
    source = "" if rule.source in (ANY4, ANY6) else rule.source
    destination = "" if rule.destination in (ANY4, ANY6) else rule.destination
    return Entry(allow, rule.protocol, ports, source, destination)


def chunks(spans: Sequence[Span]) -> list[tuple[Span, ...]]:
    """Return ports in groups that one line of iptables takes."""
    groups: list[list[Span]] = [[]]
    used = 0
    for span in spans:
        weight = 1 if span[0] == span[1] else 2
        if used + weight > MULTIPORT:
            groups.append([])
            used = 0
        groups[-1].append(span)
        used += weight
    return [tuple(group) for group in groups if group]


def tuples(rules: Iterable[Rule], v6: bool) -> list[Tuple]:
    """Return our rules of one family."""
    anywhere = ANY6 if v6 else ANY4
    return [
        Tuple(
            "allow",
            rule.protocol,
            ",".join(span_text(span) for span in ports),
            destination or anywhere,
            "any",
            source or anywhere,
            "in",
            f"{MARK}{rule.name}",
        )
        for rule in inward(rules)
        for ports in chunks(rule.ports)
        for source in rule.sources or ("",)
        for destination in rule.destinations or ("",)
        if same_family(source, destination) and _belongs(source, v6) and _belongs(destination, v6)
    ]


def _belongs(address: str, v6: bool) -> bool:
    return not address or (":" in address) == v6


def render_tuple(rule: Tuple, v6: bool) -> list[str]:
    """Return the lines of one of our rules, as ufw writes them."""
    chain = "ufw6-user-input" if v6 else "ufw-user-input"
    many = "," in rule.dport or ":" in rule.dport
    ports = f"-m multiport --dports {rule.dport}" if many else f"--dport {rule.dport}"
    destination = "" if rule.destination in (ANY4, ANY6) else f" -d {rule.destination}"
    source = "" if rule.source in (ANY4, ANY6) else f" -s {rule.source}"
    order = f" {ports}{destination}{source}" if many else f"{destination} {ports}{source}"
    words = [TUPLE, rule.action, rule.protocol, rule.dport, rule.destination, rule.sport, rule.source, rule.direction]
    return [
        " ".join([*words, f"comment={rule.comment.encode().hex()}"]),
        f"-A {chain} -p {rule.protocol}{order} -j ACCEPT",
    ]


def render_rules(text: str, theirs: Iterable[Block], ours: Iterable[Tuple], v6: bool) -> str:
    """Return the file with these rules; what stands around them stays as it is."""
    lines: list[str] = []
    for block in theirs:
        lines += ["", *block.lines]
    for rule in ours:
        lines += ["", *render_tuple(rule, v6)]
    before, after = _frame(text, v6)
    return "\n".join([before, *lines, "", after])


def _frame(text: str, v6: bool) -> tuple[str, str]:
    """Return what stands before and after the rules: of the file, or of one that ufw has never written."""
    if BEGIN in text and END in text:
        head, _begin, rest = text.partition(BEGIN)
        return head + BEGIN, END + rest.partition(END)[2]
    prefix = "ufw6" if v6 else "ufw"
    head = "\n".join(["*filter", *(f":{prefix}-{chain} - [0:0]" for chain in _CHAINS), BEGIN])
    tail = [
        END,
        "",
        "### LOGGING ###",
        "### END LOGGING ###",
        "",
        "### RATE LIMITING ###",
        f'-A {prefix}-user-limit -m limit --limit 3/minute -j LOG --log-prefix "[UFW LIMIT BLOCK] "',
        f"-A {prefix}-user-limit -j REJECT",
        f"-A {prefix}-user-limit-accept -j ACCEPT",
        "### END RATE LIMITING ###",
        "COMMIT",
        "",
    ]
    return head, "\n".join(tail)


# ------------------------------------------------------------------------------------------ settings

SETTINGS = {"IPV6": "yes", "DEFAULT_INPUT_POLICY": '"DROP"'}


def value_of(text: str, key: str) -> str:
    """Return a setting of a file of shell assignments as it is written, quotes included; empty when there is none."""
    found = re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)
    return str(found[-1]).strip() if found else ""


def with_value(text: str, key: str, value: str) -> str:
    """Return the file with a setting; its other lines stay as they are."""
    if plain(value_of(text, key)) == plain(value):
        return text
    line = f"{key}={value}"
    if value_of(text, key):
        return re.sub(rf"^{key}=.*$", line, text, flags=re.MULTILINE)
    return f"{text.rstrip()}\n{line}\n" if text.strip() else f"{line}\n"


def plain(value: str) -> str:
    """Return a setting's value without quotes, in small letters."""
    return value.strip().strip("\"'").lower()


# ------------------------------------------------------------------------------------------ checking

_JUMP = re.compile(r"^-[AI] .*-j (ufw[\w-]+)", re.MULTILINE)
_APPENDED = re.compile(r"^-[AI] (ufw[\w-]+)", re.MULTILINE)
_DECLARED = re.compile(r"^:(\S+) ", re.MULTILINE)


def testable(text: str) -> str:
    """Return a file of rules that declares every chain it names, so that iptables-restore can test it by itself."""
    named = dict.fromkeys([*_JUMP.findall(text), *_APPENDED.findall(text)])
    declared = set(_DECLARED.findall(text))
    missing = "".join(f":{chain} - [0:0]\n" for chain in named if chain not in declared)
    return re.sub(r"^\*filter\n", f"*filter\n{missing}", text, count=1, flags=re.MULTILINE)


# ------------------------------------------------------------------------------------------ the kernel

_POLICY = re.compile(r"^:(INPUT|FORWARD|OUTPUT) (\S+)", re.MULTILINE)
_ACCEPTED = re.compile(r"^-A ufw6?-user-input (?P<match>.*)-j (?P<target>\S+)", re.MULTILINE)


def kernel_entries(text: str) -> list[Entry]:
    """Return the lines of ufw's list of what comes in, as `iptables-save` shows the kernel's own rules."""
    found: list[Entry] = []
    for match in _ACCEPTED.finditer(text):
        words = match.group("match")
        protocol = re.search(r"-p (\S+)", words)
        ports = re.search(r"--dports? (\S+)", words)
        source = re.search(r"(?<!! )-s (\S+)", words)
        destination = re.search(r"(?<!! )-d (\S+)", words)
        spans = ports_of(ports.group(1)) if ports else ()
        found.append(
            Entry(
                match.group("target") in ("ACCEPT", "ufw-user-limit-accept", "ufw6-user-limit-accept"),
                protocol.group(1) if protocol else "any",
                spans or (),
                canonical(source.group(1)) if source else "",
                canonical(destination.group(1)) if destination else "",
            )
        )
    return found


def policies(text: str) -> dict[str, str]:
    """Return what the kernel does with what no rule decides, by chain, as `iptables-save` shows its table filter."""
    return {"INPUT": "ACCEPT", "FORWARD": "ACCEPT", "OUTPUT": "ACCEPT", **dict(_POLICY.findall(_filter(text)))}


def _filter(text: str) -> str:
    """Return the table filter of what `iptables-save` shows."""
    return text.partition("*filter\n")[2].partition("COMMIT")[0]


def is_loaded(text: str) -> bool:
    """Say whether the kernel asks ufw's list: chain, jump and policy."""
    jumps = re.search(r"^-A INPUT -j ufw6?-before-input", text, re.MULTILINE)
    asked = re.search(r"^-A ufw6?-before-input -j ufw6?-user-input", text, re.MULTILINE)
    return bool(jumps and asked) and policies(text)["INPUT"] == "DROP"


def live(text: str) -> list[str]:
    """Return the lines of `iptables-save` that make ufw's decision, to see later whether somebody changed them."""
    wanted = re.compile(
        r"(:INPUT \S+|-[AI] (INPUT|OUTPUT|FORWARD) .*ufw|-A ufw6?-(user|before)-(input|output|forward) )"
    )
    return [line.split(" [", maxsplit=1)[0] for line in _filter(text).splitlines() if wanted.match(line)]


_OWN_JUMP = re.compile(r"-A ((?:INPUT|OUTPUT|FORWARD) -j ufw6?-\S+)\Z")
_OWN_CHAIN = re.compile(r"^:(ufw6?-[\w-]+) ", re.MULTILINE)


def leftovers(text: str) -> str:
    """Return what takes away the empty chains that ufw leaves in the kernel when it is switched off; empty for none."""
    part = _filter(text)
    chains = _OWN_CHAIN.findall(part)
    if not chains:
        return ""
    jumps = [f"-D {found.group(1)}" for found in map(_OWN_JUMP.match, part.splitlines()) if found]
    flushed, deleted = ([f"{how} {chain}" for chain in chains] for how in ("-F", "-X"))
    return "\n".join(["*filter", *jumps, *flushed, *deleted, "COMMIT", ""])
