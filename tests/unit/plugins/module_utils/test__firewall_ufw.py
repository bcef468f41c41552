# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ufw's own files, recorded from a node with ufw 0.36.2, and what is made of them."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall_ufw as ufw
from ansible_collections.eucaim.local_node.plugins.module_utils._firewall import Entry, Rule

# As the package brings it.
FRESH = """\
*filter
:ufw-user-input - [0:0]
:ufw-user-output - [0:0]
:ufw-user-forward - [0:0]
:ufw-user-limit - [0:0]
:ufw-user-limit-accept - [0:0]
### RULES ###
-A ufw-user-limit -m limit --limit 3/minute -j LOG --log-prefix "[UFW LIMIT BLOCK] "
-A ufw-user-limit -j REJECT
-A ufw-user-limit-accept -j ACCEPT
COMMIT
"""
# As ufw wrote it after an administrator's commands.
USED = """\
*filter
:ufw-user-input - [0:0]
:ufw-user-limit - [0:0]
### RULES ###

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment=65756361696d3a20737368
-A ufw-user-input -p tcp --dport 22 -j ACCEPT

### tuple ### allow tcp 8000:8010 0.0.0.0/0 any 10.0.0.0/8 in
-A ufw-user-input -p tcp -m multiport --dports 8000:8010 -s 10.0.0.0/8 -j ACCEPT

### tuple ### limit_log any 99 192.0.2.1 any 0.0.0.0/0 in_eth0 comment=zz
-A ufw-user-input -i eth0 -p tcp -d 192.0.2.1 --dport 99 -j ACCEPT
-A ufw-user-input -i eth0 -p udp -d 192.0.2.1 --dport 99 -j ACCEPT
### tuple ### deny any any 0.0.0.0/0 any 192.0.2.66 in comment=6279204661696c3242616e206166746572203520617474656d707473
-A ufw-user-input -s 192.0.2.66 -j DROP

### tuple ### allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 WWW%20Full - in
-A ufw-user-input -p tcp -m multiport --dports 80,443 -j ACCEPT -m comment --comment 'dapp_WWW%20Full'

### tuple ### route:allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-forward -p tcp --dport 80 -j ACCEPT

### END RULES ###

### LOGGING ###
-A ufw-logging-deny -j LOG
### END LOGGING ###
COMMIT
"""
SAVED = """\
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
COMMIT
*filter
:INPUT DROP [7:420]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-user-input - [0:0]
-A INPUT -j ufw-before-logging-input
-A INPUT -j ufw-before-input
-A FORWARD -j DOCKER-USER
-A FORWARD -j ufw-before-forward
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -j ufw-user-input
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw-user-input -s 10.0.0.0/8 -p tcp -m multiport --dports 8000:8010,99 -j ACCEPT
-A ufw-user-input -s 192.0.2.66/32 -d 198.51.100.1/32 -j DROP
-A ufw-user-input -p tcp -m tcp --dport 23 -j ufw-user-limit-accept
COMMIT
"""


def blocks(text: str = USED) -> list[ufw.Block]:
    """Return the rules of a file."""
    return ufw.parse_rules(text)


def test_rules_are_read_with_their_lines() -> None:
    found = blocks()
    assert [block.rule.text() for block in found] == [
        "allow 22/tcp",
        "allow 8000:8010/tcp from 10.0.0.0/8",
        "limit 99 to 192.0.2.1 in on eth0",
        "deny from 192.0.2.66",
        "allow 80,443/tcp",
        "route:allow 80/tcp",
    ]
    assert [block.rule.ours for block in found] == [True, False, False, False, False, False]
    assert [block.rule.automatic for block in found] == [False, False, False, True, False, False]
    assert [len(block.lines) for block in found] == [2, 2, 3, 2, 2, 2]
    assert blocks(FRESH) == []


def test_what_is_no_tuple_is_none() -> None:
    assert ufw.parse_tuple("-A ufw-user-input -j ACCEPT") is None
    assert ufw.parse_tuple("### tuple ### allow tcp 22") is None
    assert ufw.parse_tuple("### tuple ###") is None


def test_what_rules_do_to_what_comes_in() -> None:
    assert [ufw.entry_of(block.rule) for block in blocks()] == [
        Entry(True, "tcp", ((22, 22),)),
        Entry(True, "tcp", ((8000, 8010),), "10.0.0.0/8"),
        None,
        Entry(False, "any", (), "192.0.2.66"),
        Entry(True, "tcp", ((80, 80), (443, 443))),
        None,
    ]
    assert ufw.entry_of(ufw.Tuple("allow", "tcp", "ssh", ufw.ANY4, "any", ufw.ANY4, "in")) is None
    assert ufw.entry_of(ufw.Tuple("allow", "tcp", "22", ufw.ANY4, "1024", ufw.ANY4, "in")) is None
    assert ufw.entry_of(ufw.Tuple("deny", "tcp", "22", "192.0.2.1", "any", ufw.ANY4, "in_eth0")) == Entry(
        False, "tcp", ((22, 22),), "", "192.0.2.1"
    )
    assert ufw.entry_of(ufw.Tuple("allow", "tcp", "22", ufw.ANY4, "any", ufw.ANY4, "out")) is None


RULES = [
    Rule("ssh", ports=((22, 22),)),
    Rule("pacs", ports=((104, 104), (8000, 8010)), sources=("10.0.0.0/8", "2001:db8::/32")),
    Rule("one", protocol="udp", ports=((53, 53),), sources=("10.0.0.1",), destinations=("192.0.2.1", "2001:db8::1")),
    Rule("away", direction="out", ports=((443, 443),)),
]


def test_our_rules_by_family() -> None:
    four, six = ufw.tuples(RULES, False), ufw.tuples(RULES, True)
    assert [rule.text() for rule in four] == [
        "allow 22/tcp",
        "allow 104,8000:8010/tcp from 10.0.0.0/8",
        "allow 53/udp from 10.0.0.1 to 192.0.2.1",
    ]
    assert [rule.text() for rule in six] == ["allow 22/tcp", "allow 104,8000:8010/tcp from 2001:db8::/32"]
    assert all(rule.ours for rule in four + six)


def test_what_is_written_is_read_again() -> None:
    for v6 in (False, True):
        wanted = ufw.tuples(RULES, v6)
        text = ufw.render_rules(FRESH.replace("ufw-", "ufw6-") if v6 else FRESH, [], wanted, v6)
        assert [block.rule for block in blocks(text)] == wanted
        assert text.startswith("*filter\n:ufw")
        assert text.endswith("COMMIT\n")
        # And once more, now that the file has its marks.
        assert ufw.render_rules(text, [], wanted, v6) == text


def test_the_lines_are_ufws_own() -> None:
    text = ufw.render_rules("", [], ufw.tuples(RULES, False), False)
    assert "-A ufw-user-input -p tcp --dport 22 -j ACCEPT" in text
    assert "-A ufw-user-input -p tcp -m multiport --dports 104,8000:8010 -s 10.0.0.0/8 -j ACCEPT" in text
    assert "-A ufw-user-input -p udp -d 192.0.2.1 --dport 53 -s 10.0.0.1 -j ACCEPT" in text


def test_what_somebody_else_wrote_stays_word_for_word() -> None:
    theirs = [block for block in blocks() if not block.rule.ours]
    text = ufw.render_rules(USED, theirs, ufw.tuples(RULES[:1], False), False)
    assert [line for block in theirs for line in block.lines] == [
        line for block in blocks(text)[:-1] for line in block.lines
    ]
    assert blocks(text)[-1].rule.text() == "allow 22/tcp"
    assert text.endswith(USED[USED.index("### END RULES ###") :])


def test_many_ports_become_several_lines() -> None:
    spans = [(port, port) for port in range(1, 15)] + [(100, 200), (300, 300)]
    assert [len(group) for group in ufw.chunks(spans)] == [14, 2]
    assert ufw.chunks([]) == []


DEFAULTS = '# comment\nIPV6=no\nDEFAULT_INPUT_POLICY="ACCEPT"\n'


def test_settings() -> None:
    assert ufw.value_of(DEFAULTS, "DEFAULT_INPUT_POLICY") == '"ACCEPT"'
    assert ufw.value_of(DEFAULTS, "NONE") == ""
    assert ufw.with_value(DEFAULTS, "DEFAULT_INPUT_POLICY", '"DROP"') == DEFAULTS.replace("ACCEPT", "DROP")
    assert ufw.with_value("ENABLED=Yes\n", "ENABLED", "yes") == "ENABLED=Yes\n"
    assert ufw.with_value("a=b", "ENABLED", "yes") == "a=b\nENABLED=yes\n"
    assert ufw.with_value("", "ENABLED", "yes") == "ENABLED=yes\n"


def test_a_file_is_made_testable() -> None:
    text = "*filter\n:ufw-before-input - [0:0]\n-A ufw-before-input -j ufw-user-input\n-A ufw-x -j DROP\nCOMMIT\n"
    assert ufw.testable(text).splitlines()[1:4] == [
        ":ufw-user-input - [0:0]",
        ":ufw-x - [0:0]",
        ":ufw-before-input - [0:0]",
    ]


def test_the_kernels_rules() -> None:
    assert ufw.kernel_entries(SAVED) == [
        Entry(True, "tcp", ((22, 22),)),
        Entry(True, "tcp", ((8000, 8010), (99, 99)), "10.0.0.0/8"),
        Entry(False, "any", (), "192.0.2.66", "198.51.100.1"),
        Entry(True, "tcp", ((23, 23),)),
    ]
    assert ufw.policies(SAVED) == {"INPUT": "DROP", "FORWARD": "DROP", "OUTPUT": "ACCEPT"}
    assert ufw.policies("")["INPUT"] == "ACCEPT"


@pytest.mark.parametrize(
    ("text", "loaded"),
    [
        (SAVED, True),
        (SAVED.replace(":INPUT DROP", ":INPUT ACCEPT"), False),
        (SAVED.replace("-A INPUT -j ufw-before-input\n", ""), False),
        (SAVED.replace("-A ufw-before-input -j ufw-user-input\n", ""), False),
        ("", False),
    ],
)
def test_whether_the_kernel_asks_ufw(text: str, loaded: bool) -> None:
    assert ufw.is_loaded(text) is loaded


def test_the_lines_that_decide() -> None:
    lines = ufw.live(SAVED)
    assert lines[0] == ":INPUT DROP"
    assert "-A FORWARD -j ufw-before-forward" in lines
    assert "-A FORWARD -j DOCKER-USER" not in lines
    assert len(lines) == 10


def test_the_chains_that_ufw_leaves() -> None:
    assert ufw.leftovers(SAVED).splitlines() == [
        "*filter",
        "-D INPUT -j ufw-before-logging-input",
        "-D INPUT -j ufw-before-input",
        "-D FORWARD -j ufw-before-forward",
        "-F ufw-user-input",
        "-X ufw-user-input",
        "COMMIT",
    ]
    assert ufw.leftovers("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n") == ""
