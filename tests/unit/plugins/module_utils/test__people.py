# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what accounts there are to what is wanted."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _people as people

PASSWD = """root:x:0:0:root:/root:/bin/bash
ada:x:1000:1000:Ada:/home/ada:/bin/bash
old:x:1001:1001::/srv/old:/bin/sh
broken line
odd:x:1:x::/:/bin/sh
"""
SHADOW = """root:*:1:0:99999:7:::
ada:$6$salt$hash:1:0:99999:7:::
old:!:1:0:99999:7::1:
short:x
"""
GROUP = """root:x:0:
ada:x:1000:
eucaim_basic:x:996:old
eucaim_admin:x:997:ada,stranger
broken
odd:x:y:
"""
GROUPS = ("eucaim_basic", "eucaim_admin")
NOW = people.parse(PASSWD, SHADOW, GROUP)


def steps(*persons: people.Person, groups: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the commands for people."""
    return [step.argv for step in people.plan(persons, groups, NOW, "/bin/bash")]


def test_parse() -> None:
    """The three files become accounts and groups; broken lines are left out."""
    assert set(NOW.accounts) == {"root", "ada", "old"}
    assert NOW.accounts["ada"].password == "$6$salt$hash"
    assert NOW.accounts["old"].expire_day == 1
    assert NOW.groups["eucaim_admin"].members == ("ada", "stranger")
    assert set(NOW.groups) == {"root", "ada", "eucaim_basic", "eucaim_admin"}
    assert people.parse("a:x:1:1::/:/bin/sh\n", "", "").accounts["a"].password == "x"


def test_new_person() -> None:
    """A missing account is made, with its comment and shell."""
    assert steps(people.Person("new")) == [
        ("useradd", "--create-home", "--user-group", "--shell", "/bin/bash", "--", "new")
    ]
    made = steps(people.Person("new", comment="New", shell="/bin/zsh"))
    assert made == [
        ("useradd", "--create-home", "--user-group", "--shell", "/bin/zsh", "--comment", "New", "--", "new")
    ]


def test_adopted_person() -> None:
    """An account that is right needs nothing; what is other is set."""
    assert steps(people.Person("ada")) == []
    assert steps(people.Person("ada", comment="Ada", shell="/bin/bash", password_hash="$6$salt$hash")) == []
    assert steps(people.Person("ada", comment="Other", shell="/bin/sh")) == [
        ("usermod", "--comment", "Other", "--", "ada"),
        ("usermod", "--shell", "/bin/sh", "--", "ada"),
    ]


def test_password_goes_to_standard_input() -> None:
    """A hash is never an argument, nor in the words."""
    (step,) = people.plan([people.Person("ada", password_hash="$6$other")], (), NOW, "/bin/sh")
    assert step.argv == ("chpasswd", "-e")
    assert step.data == "ada:$6$other"
    assert "$6$" not in step.text
    assert people.plan([people.Person("new", password_hash="h")], (), NOW, "/bin/sh")[1].data == "new:h"


def test_disabled_and_back() -> None:
    """Disabling expires an account; naming it again brings it back."""
    assert steps(people.Person("ada", state=people.DISABLED)) == [("usermod", "--expiredate", "1", "--", "ada")]
    assert steps(people.Person("old", state=people.DISABLED)) == []
    assert steps(people.Person("nobody-here", state=people.DISABLED)) == []
    assert steps(people.Person("old")) == [("usermod", "--expiredate", "", "--", "old")]


def test_absent() -> None:
    """Removal comes last and keeps the home."""
    assert steps(people.Person("old", state=people.ABSENT), people.Person("new"))[-1] == ("userdel", "--", "old")
    assert steps(people.Person("nobody-here", state=people.ABSENT)) == []


def test_groups_have_exactly_their_members() -> None:
    """Strangers go, the named come, the disabled are not named."""
    everyone = (
        people.Person("ada", group="eucaim_admin"),
        people.Person("old", state=people.DISABLED, group="eucaim_basic"),
    )
    assert steps(*everyone, groups=GROUPS) == [
        ("gpasswd", "--members", "", "eucaim_basic"),
        ("gpasswd", "--members", "ada", "eucaim_admin"),
    ]
    named = [step.text for step in people.plan(everyone, GROUPS, NOW, "/bin/sh")]
    assert named == [
        "old is in group eucaim_basic without being named",
        "stranger is in group eucaim_admin without being named",
    ]


def test_new_group() -> None:
    """A missing group is made first."""
    assert steps(people.Person("ada", group="team"), groups=("team",)) == [
        ("groupadd", "--system", "--", "team"),
        ("gpasswd", "--members", "ada", "team"),
    ]
    assert steps(groups=("team",)) == [("groupadd", "--system", "--", "team")]


@pytest.mark.parametrize(
    ("groups", "leaving", "removed"),
    [
        (("eucaim_basic",), (), []),
        (("eucaim_basic",), ("old",), ["eucaim_basic"]),
        (("ada",), (), []),
        (("no-such",), (), []),
        (("root", "eucaim_admin"), ("ada",), []),
    ],
)
def test_remove_groups(groups: tuple[str, ...], leaving: tuple[str, ...], removed: list[str]) -> None:
    """Only a group that nobody is in goes; nobody's own group does."""
    assert [step.argv[1] for step in people.plan_removal(groups, NOW, leaving)] == removed


def test_homes_and_own_groups() -> None:
    """Homes and groups are as passwd has them, or as useradd will make them."""
    assert people.home_of("old", NOW) == "/srv/old"
    assert people.home_of("new", NOW) == "/home/new"
    assert people.primary_group("ada", NOW) == "ada"
    assert people.primary_group("old", NOW) == "old"
    assert people.primary_group("new", NOW) == "new"


def test_keys() -> None:
    """Each key once, its spaces plain, quoted options untouched."""
    keys = ["ssh-ed25519  AAAA ada", "ssh-ed25519 AAAA ada", 'from="a,  b" ssh-ed25519 BBBB x ']
    assert people.keys_text(keys) == 'ssh-ed25519 AAAA ada\nfrom="a,  b" ssh-ed25519 BBBB x\n'
