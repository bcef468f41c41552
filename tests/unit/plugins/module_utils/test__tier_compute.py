# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on processor, memory, graphics processors and power supply: at each limit, and one below it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Gpu, Machine, PowerSupply
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_compute import judge_compute
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_finding import Finding, Fitted, Stated, Wanted
from ansible_collections.eucaim.local_node.tests.unit.plugins.tier_machine import (
    A40,
    GIB,
    GOOD,
    HANDBOOK,
    SYSTEM,
    TIER_2,
    WANTED,
    changed,
    data_drive,
    of,
)

MIB = 2**20


def judged(requirement: str, item: str | None = None, machine: Machine = GOOD, wanted: Wanted = WANTED) -> Finding:
    return of(judge_compute(machine, wanted), requirement, item)


def test_a_machine_as_recommended() -> None:
    found = judge_compute(GOOD, WANTED)
    assert [(each.requirement, each.item, each.verdict) for each in found] == [
        ("HW-CPU", "cores", "recommended"),
        ("HW-CPU", "threads", "recommended"),
        ("HW-CPU", "base clock", "recommended"),
        ("HW-RAM", "memory", "recommended"),
        ("HW-RAM", "error correction", "recommended"),
        ("HW-GPU", "card 1, NVIDIA A40", "recommended"),
        ("HW-PSU", "power", "met"),
    ]


# ---------------------------------------------------------------------- HW-CPU


@pytest.mark.parametrize(
    ("wanted", "field", "item", "value", "verdict"),
    [
        (TIER_2, "cores", "cores", 7, "unmet"),
        (TIER_2, "cores", "cores", 8, "met"),
        (TIER_2, "cores", "cores", 15, "met"),
        (TIER_2, "cores", "cores", 16, "recommended"),
        (TIER_2, "cores", "cores", None, "unanswered"),
        (TIER_2, "threads", "threads", 15, "unmet"),
        (TIER_2, "threads", "threads", 16, "met"),
        (TIER_2, "threads", "threads", 32, "recommended"),
        (TIER_2, "threads", "threads", None, "unanswered"),
        (WANTED, "cores", "cores", 15, "unmet"),
        (WANTED, "cores", "cores", 16, "met"),
        (WANTED, "cores", "cores", 32, "recommended"),
        (WANTED, "threads", "threads", 31, "unmet"),
        (WANTED, "threads", "threads", 63, "met"),
        (WANTED, "threads", "threads", 64, "recommended"),
        (WANTED, "base_mhz", "base clock", 2450, "unmet"),
        (WANTED, "base_mhz", "base clock", 2487, "unmet"),
        (WANTED, "base_mhz", "base clock", 2488, "met"),
        (WANTED, "base_mhz", "base clock", 2500, "met"),
        (WANTED, "base_mhz", "base clock", 2984, "met"),
        (WANTED, "base_mhz", "base clock", 2985, "recommended"),
        (WANTED, "base_mhz", "base clock", None, "unanswered"),
    ],
)
def test_processors_at_each_limit(wanted: Wanted, field: str, item: str, value: int | None, verdict: str) -> None:
    changes: dict[str, Any] = {field: value}
    assert judged("HW-CPU", item, changed("cpu", **changes), wanted).verdict == verdict


def test_processors_are_shown_with_their_limits() -> None:
    machine = changed("cpu", base_mhz=2450, base_source="model name")
    expected = Finding("HW-CPU", "base clock", "2.45 GHz", "2.5 GHz", "3 GHz", "unmet", "model name")
    assert judged("HW-CPU", "base clock", machine) == expected
    assert judged("HW-CPU", "cores") == Finding("HW-CPU", "cores", "32", "16", "32", "recommended")
    assert judged("HW-CPU", "base clock", changed("cpu", base_source=None)).reason == ""


@pytest.mark.parametrize(
    ("item", "changes", "reason"),
    [
        ("threads", {"threads": 32}, "one thread a core: two are not there, or switched off in the firmware"),
        ("threads", {"threads": 32, "cores": None}, ""),
        ("cores", {"hybrid": True}, "cores of unequal kinds, all counted"),
        ("threads", {"hybrid": True}, ""),
    ],
)
def test_what_is_odd_about_processors_is_said(item: str, changes: dict[str, Any], reason: str) -> None:
    assert judged("HW-CPU", item, changed("cpu", **changes)).reason == reason


@pytest.mark.parametrize(
    ("key", "reason"),
    [("cpu.cores", "lscpu is missing"), ("cpu", "nothing of it"), ("memory", "not measured")],
)
def test_an_unknown_says_what_is_missing(key: str, reason: str) -> None:
    text = reason if key != "memory" else "not this"
    machine = replace(changed("cpu", cores=None), unknown={key: text})
    assert judged("HW-CPU", "cores", machine) == Finding("HW-CPU", "cores", "unknown", "16", "32", "unanswered", reason)


@pytest.mark.parametrize(
    ("cores", "mhz", "verdicts"),
    [
        (16, 1800, ["met", "recommended", "met"]),
        (12, 3000, ["met", "recommended", "recommended"]),
        (12, 2900, ["unmet", "recommended", "met"]),
        (11, 3000, ["unmet", "recommended", "recommended"]),
        (16, 1700, ["met", "recommended", "unmet"]),
        (32, 3000, ["recommended", "recommended", "recommended"]),
        (12, None, ["met", "recommended", "unanswered"]),
    ],
)
def test_the_handbook_has_two_ways_for_a_processor(cores: int, mhz: int | None, verdicts: list[str]) -> None:
    found = judge_compute(changed("cpu", cores=cores, base_mhz=mhz), HANDBOOK)
    assert [each.verdict for each in found if each.requirement == "HW-CPU"] == verdicts


def test_the_handbooks_tier_2_asks_for_no_clock_and_recommends_nothing() -> None:
    found = [each for each in judge_compute(GOOD, replace(HANDBOOK, tier=2)) if each.requirement == "HW-CPU"]
    assert found == [
        Finding("HW-CPU", "cores", "32", "4", "", "met"),
        Finding("HW-CPU", "threads", "64", "8", "", "met"),
    ]


def test_the_handbooks_tier_3_recommends_threads_without_asking_for_any() -> None:
    expected = Finding("HW-CPU", "threads", "unknown", "", "64", "met", "not measured")
    assert judged("HW-CPU", "threads", changed("cpu", threads=None), HANDBOOK) == expected


# ---------------------------------------------------------------------- HW-RAM


@pytest.mark.parametrize(
    ("wanted", "size", "verdict"),
    [
        (TIER_2, 32 * GIB - 1, "unmet"),
        (TIER_2, 32 * 10**9, "unmet"),
        (TIER_2, 32 * GIB, "met"),
        (TIER_2, 64 * GIB - 1, "met"),
        (TIER_2, 64 * GIB, "recommended"),
        (WANTED, 64 * GIB - 1, "unmet"),
        (WANTED, 64 * GIB, "met"),
        (WANTED, 128 * GIB - 1, "met"),
        (WANTED, 128 * GIB, "recommended"),
    ],
)
def test_installed_memory_at_each_limit(wanted: Wanted, size: int, verdict: str) -> None:
    found = judged("HW-RAM", "memory", changed("memory", installed_bytes=size), wanted)
    assert (found.verdict, found.reason) == (verdict, "memory modules")


@pytest.mark.parametrize(
    ("usable", "verdict"),
    [
        (128 * GIB, "recommended"),
        (125 * GIB, "met"),
        (64 * GIB, "met"),
        (62 * GIB, "unanswered"),
        (32 * GIB, "unanswered"),
        (32 * GIB - 1, "unmet"),
        (None, "unanswered"),
    ],
)
def test_what_the_kernel_has_proves_only_so_much(usable: int | None, verdict: str) -> None:
    machine = changed("memory", installed_bytes=None, usable_bytes=usable, source=None)
    assert judged("HW-RAM", "memory", machine).verdict == verdict


def test_what_the_kernel_has_is_named_as_that() -> None:
    machine = replace(
        changed("memory", installed_bytes=None, usable_bytes=62 * GIB), unknown={"memory": "dmidecode needs root"}
    )
    assert judged("HW-RAM", "memory", machine) == Finding(
        "HW-RAM",
        "memory",
        "62 GiB left by the kernel",
        "64 GiB",
        "128 GiB",
        "unanswered",
        "what is installed is not known: dmidecode needs root",
    )
    nothing = changed("memory", machine, usable_bytes=None)
    assert judged("HW-RAM", "memory", nothing).found == "unknown"
    assert judged("HW-RAM", "memory", changed("memory", source=None)).reason == ""


@pytest.mark.parametrize(
    ("ecc", "virtualisation", "wanted", "found", "verdict", "words"),
    [
        (True, "", WANTED, "ECC", "recommended", "wider"),
        (False, "", WANTED, "no ECC", "unmet", "wider"),
        (None, "", WANTED, "unknown", "unanswered", "wider"),
        (True, "kvm", WANTED, "unknown", "unanswered", "a virtual machine (kvm) cannot see"),
        (False, "kvm", WANTED, "unknown", "unanswered", "a virtual machine (kvm) cannot see"),
        (True, None, WANTED, "unknown", "unanswered", "not known whether this is a virtual machine"),
        (True, "", HANDBOOK, "ECC", "recommended", "wider"),
        (False, "", HANDBOOK, "no ECC", "met", "wider"),
        (None, "", HANDBOOK, "unknown", "met", "wider"),
    ],
)
def test_error_correction(
    ecc: bool | None, virtualisation: str | None, wanted: Wanted, found: str, verdict: str, words: str
) -> None:
    machine = changed("system", changed("memory", ecc=ecc), virtualisation=virtualisation)
    finding = judged("HW-RAM", "error correction", machine, wanted)
    assert (finding.found, finding.verdict) == (found, verdict)
    assert words in finding.reason


def test_error_correction_says_why_it_is_unknown() -> None:
    machine = replace(changed("memory", ecc=None, ecc_reason=None), unknown={"memory.ecc": "dmidecode needs root"})
    assert judged("HW-RAM", "error correction", machine).reason == "dmidecode needs root"
    assert judged("HW-RAM", "error correction", changed("memory", ecc_reason=None)).reason == ""


def test_the_handbooks_tier_2_asks_for_no_error_correction() -> None:
    found = judge_compute(GOOD, replace(HANDBOOK, tier=2))
    assert [each.item for each in found if each.requirement == "HW-RAM"] == ["memory"]


@pytest.mark.parametrize(
    ("slots", "verdict", "reason"), [(3, "unmet", ""), (4, "met", ""), (None, "unanswered", "not measured")]
)
def test_the_handbooks_tier_3_asks_for_slots(slots: int | None, verdict: str, reason: str) -> None:
    found = judged("HW-RAM", "slots", changed("memory", slots=slots), HANDBOOK)
    assert (found.minimum, found.recommended, found.verdict, found.reason) == ("4", "", verdict, reason)


# ---------------------------------------------------------------------- HW-GPU


@pytest.mark.parametrize(
    ("cores", "mib", "verdict"),
    [
        (150, 24576, "unmet"),
        (151, 24576, "met"),
        (300, 24576, "met"),
        (301, 24576, "recommended"),
        (301, 14999, "unmet"),
        (301, 15000, "met"),
        (301, 22499, "met"),
        (301, 22500, "recommended"),
        (None, 24576, "unanswered"),
        (301, None, "unanswered"),
        (None, 14999, "unmet"),
        (150, None, "unmet"),
    ],
)
def test_one_card_at_each_limit(cores: int | None, mib: int | None, verdict: str) -> None:
    card = replace(A40, tensor_cores=cores, vram_bytes=None if mib is None else mib * MIB)
    assert judged("HW-GPU", machine=replace(GOOD, gpus=(card,))).verdict == verdict


def test_a_card_is_shown_with_its_limits() -> None:
    assert judged("HW-GPU") == Finding(
        "HW-GPU",
        "card 1, NVIDIA A40",
        "336 tensor cores (table), 45 GiB",
        "more than 150 tensor cores and 16 GiB",
        "more than 300 tensor cores and 24 GiB",
        "recommended",
    )


def test_an_unknown_card_says_why() -> None:
    found = judged("HW-GPU", machine=replace(GOOD, gpus=(Gpu("NVIDIA A40-8Q"),)))
    assert found.found == "unknown tensor cores, unknown"
    assert found.reason == (
        "tensor cores: a vGPU is a share of a card; judge the whole card on its host; memory: not measured"
    )
    said = {"gpus.0000:3b:00.0.tensor_cores": "the driver is not loaded", "gpus.vram_bytes": "no nvidia-smi"}
    card = Gpu("GA102GL", pci="0000:3b:00.0")
    found = judged("HW-GPU", machine=replace(GOOD, gpus=(card,), unknown=said))
    assert found.reason == "tensor cores: the driver is not loaded; memory: no nvidia-smi"


def test_every_card_is_judged_and_unequal_ones_are_named() -> None:
    weak = Gpu("NVIDIA T400", vram_bytes=2 * GIB, tensor_cores=0, tensor_source="table")
    found = [each for each in judge_compute(replace(GOOD, gpus=(A40, weak)), WANTED) if each.requirement == "HW-GPU"]
    assert [(each.item, each.verdict) for each in found] == [
        ("card 1, NVIDIA A40", "recommended"),
        ("card 2, NVIDIA T400", "unmet"),
    ]
    assert all("unequal cards in one node (NVIDIA A40, NVIDIA T400)" in each.reason for each in found)
    equal = [each for each in judge_compute(replace(GOOD, gpus=(A40, A40)), WANTED) if each.requirement == "HW-GPU"]
    assert [each.reason for each in equal] == ["", ""]


def test_no_card_and_no_knowledge_of_cards() -> None:
    assert judged("HW-GPU", machine=replace(GOOD, gpus=())).verdict == "unmet"
    unknown = judged("HW-GPU", machine=replace(GOOD, gpus=None, unknown={"gpus": "no PCI bus"}))
    assert (unknown.verdict, unknown.reason) == ("unanswered", "no PCI bus")


def test_tier_2_asks_for_no_card() -> None:
    found = judged("HW-GPU", machine=replace(GOOD, gpus=()), wanted=TIER_2)
    assert (found.verdict, found.reason) == ("not_applicable", "asked of Tier 3 only")


def test_the_handbook_recommends_no_better_card() -> None:
    found = judged("HW-GPU", wanted=HANDBOOK)
    assert (found.verdict, found.recommended) == ("met", "")


# ---------------------------------------------------------------------- HW-PSU

# 280 W processor, 300 W card, 6 x 11.3 = 68 W, 10 W, 20 W, 100 W are 778 W; a quarter more, rounded up, is 973 W.
# At the least 120 + 300 + 68 + 5 + 12 + 50 = 555 W.
NEEDED, LEAST = 973, 555


def supplied(*watts: int | None, present: bool | None = True) -> Machine:
    return replace(GOOD, power_supplies=tuple(PowerSupply(f"PS{n}", each, present) for n, each in enumerate(watts)))


@pytest.mark.parametrize(
    ("watts", "verdict"),
    [
        ([NEEDED], "met"),
        ([NEEDED - 1], "unanswered"),
        ([LEAST], "unanswered"),
        ([LEAST - 1], "unmet"),
        ([NEEDED, NEEDED], "met"),
        ([NEEDED, NEEDED - 1], "unanswered"),
        ([LEAST - 1, 2000], "unmet"),
        ([NEEDED // 2 + 1] * 3, "met"),
        ([NEEDED, None], "unanswered"),
        ([None], "unanswered"),
        ([], "unanswered"),
    ],
)
def test_power_supplies_at_each_limit(watts: list[int | None], verdict: str) -> None:
    found = judged("HW-PSU", machine=supplied(*watts))
    assert found.verdict == verdict
    assert f"= {NEEDED} W" in found.reason
    assert found.minimum == f"{NEEDED} W"


def test_power_supplies_are_shown_as_they_count() -> None:
    assert judged("HW-PSU").found == "1600 W + 1600 W (measured), 1600 W when one has failed"
    assert judged("HW-PSU", machine=supplied(1000)).found == "1000 W (measured)"


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (supplied(), "the firmware lists none"),
        (replace(GOOD, power_supplies=None, unknown={"power_supplies": "dmidecode needs root"}), "needs root"),
        (supplied(2000, None), "not every power supply tells its watts"),
        (supplied(2000, present=None), "not every power supply tells its watts"),
        (supplied(2000, present=False), "the firmware lists none"),
        (changed("system", virtualisation="kvm"), "a virtual machine (kvm) cannot see the power supply"),
        (changed("cpu", sockets=None), "the number of processors is not known"),
        (replace(GOOD, gpus=None), "the graphics processors are not known"),
        (changed("memory", modules=None), "the memory modules are not known"),
        (replace(GOOD, drives=None), "not every drive is known: not measured"),
        (
            replace(GOOD, drives=(SYSTEM, replace(SYSTEM, behind_raid=True))),
            "the drives behind a RAID controller are not",
        ),
        (replace(GOOD, drives=(SYSTEM, replace(SYSTEM, behind_raid=None))), "a RAID controller may hide drives"),
        (replace(GOOD, drives=(SYSTEM, replace(SYSTEM, medium=None))), "not every drive tells what it is"),
        (replace(GOOD, drives=(SYSTEM, replace(SYSTEM, transport=None))), "not every drive tells what it is"),
    ],
)
def test_power_is_unanswered_where_something_is_unknown(machine: Machine, words: str) -> None:
    found = judged("HW-PSU", machine=machine)
    assert found.verdict == "unanswered"
    assert words in found.reason


def test_a_supply_may_be_too_small_for_what_is_known_alone() -> None:
    machine = replace(supplied(LEAST - 301), gpus=None)
    assert judged("HW-PSU", machine=machine).verdict == "unmet"
    assert "draw at the least" in judged("HW-PSU", machine=machine).reason


def test_the_order_tells_the_rating_where_the_firmware_does_not() -> None:
    ordered = replace(WANTED, fitted=Fitted(power_supply_watts=1000, power_supplies=2))
    found = judged("HW-PSU", machine=supplied(), wanted=ordered)
    assert (found.found, found.verdict) == ("1000 W + 1000 W (by the order), 1000 W when one has failed", "met")
    single = replace(WANTED, fitted=Fitted(power_supply_watts=500))
    assert judged("HW-PSU", machine=supplied(None), wanted=single).verdict == "unmet"
    assert judged("HW-PSU", machine=supplied(2000), wanted=single).found == "2000 W (measured)"


def test_what_is_stated_settles_an_estimate() -> None:
    stated = replace(WANTED, stated=Stated(processor_watts=155, staggered_spin_up=True))
    assert judged("HW-PSU", machine=supplied(820), wanted=stated).verdict == "met"
    assert judged("HW-PSU", machine=supplied(820)).verdict == "unanswered"
    at_once = replace(WANTED, stated=Stated(staggered_spin_up=False))
    assert judged("HW-PSU", machine=supplied(NEEDED), wanted=at_once).verdict == "unanswered"
    assert "to settle it, state: the rated power" in judged("HW-PSU", machine=supplied(NEEDED - 1)).reason


def test_only_drives_inside_draw_from_the_supply() -> None:
    outside = data_drive("sdz", transport="usb")
    machine = replace(supplied(NEEDED), drives=(*(GOOD.drives or ()), outside))
    assert judged("HW-PSU", machine=machine).verdict == "met"
    behind = replace(machine, drives=(replace(SYSTEM, behind_raid=True),), raid_drives=GOOD.drives)
    assert judged("HW-PSU", machine=behind).verdict == "met"
    one_more = replace(machine, drives=(*(GOOD.drives or ()), data_drive("sdz")))
    assert judged("HW-PSU", machine=one_more).verdict == "unanswered"
