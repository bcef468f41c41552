# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what lscpu prints. The first text was recorded on a virtual machine of ours, the others are made up."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._lscpu import (
    Kind,
    LscpuError,
    Topology,
    parse_lscpu,
    parse_topology,
)
from hypothesis import given
from hypothesis import strategies as st

# util-linux 2.38, in a virtual machine under KVM.
VIRTUAL = """\
Architecture:                            x86_64
CPU op-mode(s):                          32-bit, 64-bit
Address sizes:                           48 bits physical, 48 bits virtual
Byte Order:                              Little Endian
CPU(s):                                  2
On-line CPU(s) list:                     0,1
Vendor ID:                               AuthenticAMD
Model name:                              AMD EPYC
CPU family:                              25
Model:                                   17
Thread(s) per core:                      1
Core(s) per socket:                      2
Socket(s):                               1
Stepping:                                1
BogoMIPS:                                5192.26
Flags:                                   fpu vme de hypervisor lahf_lm
Hypervisor vendor:                       KVM
Virtualization type:                     full
L1d cache:                               64 KiB (2 instances)
NUMA node(s):                            1
NUMA node0 CPU(s):                       0,1
Vulnerability Retbleed:                  Not affected
"""
# util-linux 2.30 on a server with two sockets, in a language with a comma in numbers.
SERVER = """\
Architecture:          x86_64
CPU(s):                64
On-line CPU(s) list:   0-63
Thread(s) per core:    2
Core(s) per socket:    16
Socket(s):             2
NUMA node(s):          2
Vendor ID:             GenuineIntel
Model name:            Intel(R) Xeon(R) CPU 9999 @ 2.60GHz
CPU MHz:               1200.123
CPU max MHz:           3700,0000
CPU min MHz:           1200,0000
"""
# util-linux 2.38 on a board with cores of two kinds.
UNEQUAL = """\
Architecture:           aarch64
  CPU op-mode(s):       32-bit, 64-bit
CPU(s):                 6
  On-line CPU(s) list:  0-5
Vendor ID:              ARM
  Model name:           Cortex-A53
    Model:              4
    Thread(s) per core: 1
    Core(s) per socket: 4
    Socket(s):          1
    CPU max MHz:        1416.0000
  Model name:           Cortex-A72
    Model:              2
    Thread(s) per core: 1
    Core(s) per socket: 2
    Socket(s):          1
    CPU max MHz:        1800.0000
"""
CLUSTERS = UNEQUAL[: UNEQUAL.index("    Core(s)")] + "    Core(s) per cluster: 4\n    Socket(s): -\n    Cluster(s): 2\n"
MAINFRAME = """\
Architecture:          s390x
CPU(s):                24
Thread(s) per core:    2
Core(s) per socket:    3
Socket(s) per book:    1
Book(s) per drawer:    2
Drawer(s):             2
Vendor ID:             IBM/S390
"""


def test_a_virtual_machine() -> None:
    found = parse_lscpu(VIRTUAL)
    assert (found.architecture, found.cpus, found.offline, found.vendor) == ("x86_64", 2, "", "AuthenticAMD")
    assert found.kinds == (Kind("AMD EPYC", 1, 2, 1),)
    assert (found.numa_nodes, found.max_mhz, found.firmware_model) == (1, None, "")
    assert (found.hypervisor, found.virtualisation) == ("KVM", "full")
    assert found.counts_cores
    assert found.flags == {"fpu", "vme", "de", "hypervisor", "lahf_lm"}


def test_an_old_layout_with_two_sockets() -> None:
    found = parse_lscpu(SERVER)
    assert found.kinds == (Kind("Intel(R) Xeon(R) CPU 9999 @ 2.60GHz", 2, 32, 2),)
    assert (found.cpus, found.numa_nodes, found.max_mhz, found.flags) == (64, 2, 3700, frozenset())
    assert not found.counts_cores


def test_two_kinds_of_cores() -> None:
    found = parse_lscpu(UNEQUAL)
    assert found.kinds == (Kind("Cortex-A53", 1, 4, 1), Kind("Cortex-A72", 1, 2, 1))
    assert (found.cpus, found.max_mhz) == (6, 1416)


def test_clusters_stand_for_sockets() -> None:
    assert parse_lscpu(CLUSTERS).kinds == (Kind("Cortex-A53", 1, 8, None),)


def test_a_mainframe_has_sockets_in_books_in_drawers() -> None:
    assert parse_lscpu(MAINFRAME).kinds == (Kind("", 2, 12, 4),)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Core(s) per socket:    16", Kind("Intel(R) Xeon(R) CPU 9999 @ 2.60GHz", 2, None, 2)),
        ("Socket(s):             2", Kind("Intel(R) Xeon(R) CPU 9999 @ 2.60GHz", 2, None, None)),
        ("Thread(s) per core:    2", Kind("Intel(R) Xeon(R) CPU 9999 @ 2.60GHz", None, 32, 2)),
    ],
)
def test_what_is_missing_is_none(line: str, kind: Kind) -> None:
    assert parse_lscpu(SERVER.replace(line, "")).kinds == (kind,)
    assert parse_lscpu(SERVER.replace(line, line[: line.index(":")] + ": -")).kinds == (kind,)


def test_clocks_of_nothing() -> None:
    assert parse_lscpu(SERVER.replace("3700,0000", "0.0000")).max_mhz is None
    assert parse_lscpu(SERVER.replace("3700,0000", "-")).max_mhz is None


def test_cpus_that_are_off() -> None:
    assert parse_lscpu(SERVER + "Off-line CPU(s) list: 32-63\n").offline == "32-63"


def test_json_holds_the_same() -> None:
    rows: list[dict[str, Any]] = []
    last = [rows, rows, rows]
    for line in UNEQUAL.splitlines():
        name, _colon, value = line.partition(":")
        depth = (len(line) - len(line.lstrip())) // 2
        row: dict[str, Any] = {"field": f"{name.strip()}:", "data": value.strip(), "children": []}
        last[depth].append(row)
        last[depth + 1 :] = [row["children"]] * 2
    assert parse_lscpu(json.dumps({"lscpu": rows})) == parse_lscpu(UNEQUAL)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "but nothing"),
        ("  \n", "but nothing"),
        ("Architektur:    x86_64\nCPU(s):   4\n", "something else, or another language"),
        ("Architecture :   x86_64\nProcesseur(s) :   4\n", "something else, or another language"),
        ("# dmidecode 3.3\n", "something else, or another language"),
        ("{}", "something else, or another language"),
        ("{", "this is not the JSON of lscpu"),
        ('{"a":' * 20000, "this is not the JSON of lscpu"),
    ],
)
def test_what_is_not_lscpu_is_refused(text: str, reason: str) -> None:
    with pytest.raises(LscpuError, match=reason):
        parse_lscpu(text)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["0,0,0", "1,0,0", "2,1,0", "3,1,0"], Topology(4, 2, 1, False)),
        (["0,0,0", "1,1,0", "2,0,1", "3,1,1"], Topology(4, 4, 2, False)),
        (["0,0,0", "1,0,0", "2,1,0", "3,2,0"], Topology(4, 3, 1, True)),
    ],
    ids=["two threads a core", "two sockets", "unequal cores"],
)
def test_the_list_tells_cores_by_core_and_socket(rows: list[str], expected: Topology) -> None:
    head = "# The following is the parsable format\n# CPU,Core,Socket\n"
    assert parse_topology(head + "\n".join(rows) + "\n") == expected


@pytest.mark.parametrize("text", ["", "# CPU,Core,Socket\n", "0,0,0\n1,0\n", "0,0,\n", "a,b,c\n", VIRTUAL])
def test_what_is_no_such_list_is_refused(text: str) -> None:
    with pytest.raises(LscpuError, match="no list of lscpu"):
        parse_topology(text)


@given(st.integers(0, len(UNEQUAL)), st.integers(0, len(UNEQUAL)), st.text(max_size=20))
def test_no_damage_makes_it_fail(start: int, end: int, put: str) -> None:
    """A text with any part missing and anything in its place is read, or refused."""
    with suppress(LscpuError):
        found = parse_lscpu(UNEQUAL[:start] + put + UNEQUAL[end:])
        assert found.kinds
