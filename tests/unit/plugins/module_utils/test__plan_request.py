# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site may write, and what it is told when that is wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import (
    Hardware,
    Offer,
    PlanError,
    Request,
    parse_request,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal
from ansible_collections.eucaim.local_node.plugins.module_utils._register import is_known

TB = 10**12


def asked(**given: Any) -> Request:
    return parse_request({"dataset_size": "4TB", **given})


def refused(**given: Any) -> list[Refusal]:
    with pytest.raises(PlanError) as error:
        asked(**given)
    assert str(error.value) == "\n".join(refusal.text() for refusal in error.value.refusals)
    assert all(is_known(refusal.requirement) for refusal in error.value.refusals)
    return error.value.refusals


def one(**given: Any) -> Refusal:
    (refusal,) = refused(**given)
    return refusal


def test_the_size_of_the_data_set_is_all_that_has_to_be_said() -> None:
    request = asked()
    assert request == Request(dataset_bytes=4 * TB, offers=request.offers, system_offers=request.system_offers)
    assert [offer.size // TB for offer in request.offers] == [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]
    assert [offer.size // 10**9 for offer in request.system_offers] == [240, 480, 960]
    assert {offer.medium for offer in request.system_offers} == {"ssd"}
    assert not request.offers_given


def test_extra_variables_are_texts() -> None:
    request = asked(
        tier="3",
        years="2",
        headroom_percent="12.5",
        spares="0",
        reserve_percent="5",
        bays="8",
        rebuild_risk_percent="7",
        profile="handbook",
        aim="minimum",
        level="RAID6",
        file_system="ext4",
        consistency_policy="resync",
        mount_point="/data/eucaim.1",
        currency="CHF",
    )
    assert (request.tier, request.years, request.headroom, request.spares, request.reserve) == (3, 2, 1250, 0, 5)
    assert (request.bays, request.rebuild_risk, request.profile, request.aim) == (8, 700, "handbook", "minimum")
    assert (request.level, request.file_system, request.policy) == ("raid6", "ext4", "resync")
    assert (request.mount_point, request.currency) == ("/data/eucaim.1", "CHF")


def test_what_is_empty_is_not_given() -> None:
    nothing = ("growth", "years", "tier", "spares", "level", "bays", "mount_point", "drive_offers", "processor")
    assert asked(**dict.fromkeys(nothing, " ")) == asked(**dict.fromkeys(nothing)) == asked()
    assert asked(bays=0) == asked()


@pytest.mark.parametrize(
    ("growth", "share", "size", "known"),
    [
        ("20%", 2000, 0, True),
        ("7.25 %", 725, 0, True),
        ("0", 0, 0, True),
        ("0%", 0, 0, True),
        ("500GB", 0, 5 * 10**11, True),
        ("1 TiB", 0, 2**40, True),
        ("", 0, 0, False),
    ],
)
def test_growth_is_a_share_or_bytes(growth: str, share: int, size: int, known: bool) -> None:
    request = asked(growth=growth)
    assert (request.growth_share, request.growth_bytes, request.growth_known) == (share, size, known)


@pytest.mark.parametrize("growth", ["20", "20 percent", "-5%", "much", ["20%"], "2EB"])
def test_growth_needs_its_unit(growth: Any) -> None:
    refusal = one(growth=growth)
    assert (refusal.requirement, refusal.variable) == ("ST-GROW", "growth")


@pytest.mark.parametrize(
    ("key", "value", "requirement"),
    [
        ("dataset_size", "4T", "ST-DATA"),
        ("dataset_size", 4, "ST-DATA"),
        ("dataset_size", None, "ST-DATA"),
        ("dataset_size", "1GB", "ST-DATA"),
        ("dataset_size", "500PB", "ST-DATA"),
        ("dataset_size", "0B", "ST-DATA"),
        ("tier", 1, "TIER-2"),
        ("tier", True, "TIER-2"),
        ("years", 21, "ST-GROW"),
        ("years", "two", "ST-GROW"),
        ("headroom_percent", -1, "ST-DATA"),
        ("headroom_percent", "12.345", "ST-DATA"),
        ("headroom_percent", 1e26, "ST-DATA"),
        ("headroom_percent", "nan", "ST-DATA"),
        ("headroom_percent", "x", "ST-DATA"),
        ("headroom_percent", True, "ST-DATA"),
        ("profile", "d4.3", "TIER-2"),
        ("aim", "best", "ST-DATA"),
        ("level", "raid0", "ST-RAID"),
        ("level", "raidz2", "ST-RAID"),
        ("spares", -1, "ST-SPARE"),
        ("file_system", "btrfs", "ST-DATA"),
        ("consistency_policy", "journal", "ST-RAID"),
        ("reserve_percent", 51, "ST-DATA"),
        ("bays", 101, "ST-GROW"),
        ("rebuild_risk_percent", 101, "ST-RAID"),
        ("mount_point", "/var/lib/data", "OS-PART"),
        ("mount_point", "/", "OS-PART"),
        ("mount_point", "/srv/../etc", "OS-PART"),
        ("mount_point", "/proc/data", "OS-PART"),
        ("mount_point", "srv", "OS-PART"),
        ("currency", "pieces of eight", "ST-DATA"),
        ("currency", ["EUR"], "ST-DATA"),
        ("currency", "E\x07", "ST-DATA"),
        ("drive_offers", "8TB", "ST-DATA"),
        ("drive_offers", ["8TB"], "ST-DATA"),
        ("drive_offers", [{"size": "8TB"}] * 65, "ST-DATA"),
        ("processor", "Xeon", "HW-PSU"),
        ("unknown", 1, "ST-DATA"),
    ],
)
def test_what_is_wrong_is_told_with_its_name(key: str, value: Any, requirement: str) -> None:
    refusal = one(**{key: value})
    assert (refusal.requirement, refusal.variable) == (requirement, key)
    assert refusal.remedy


def test_everything_wrong_is_told_at_once_under_the_name_that_was_set() -> None:
    with pytest.raises(PlanError) as error:
        parse_request({"tier": 5, "level": "raid7", "drive_offers": [{"size": "8TB", "prize": 3}]}, "plan_")
    names = [refusal.variable for refusal in error.value.refusals]
    assert names == ["plan_dataset_size", "plan_tier", "plan_drive_offers[0].prize", "plan_level"]
    assert error.value.refusals[0].remedy == "set plan_dataset_size, such as 4TB"


@pytest.mark.parametrize("key", ["drive_offers", "system_drive_offers"])
def test_drives_of_which_there_are_none(key: str) -> None:
    refusal = one(**{key: [{"size": "8TB", "count": 0}, {"size": "4TB", "count": "0"}]})
    assert (refusal.variable, refusal.needed) == (f"{key}[0].count", "1 or more")
    assert asked(**{key: [{"size": "8TB", "count": 0}, {"size": "4TB", "count": 1}]})


@pytest.mark.parametrize("level", ["raid1", "raid6", "raid10"])
def test_a_partial_parity_log_is_for_raid_5(level: str) -> None:
    refusal = one(level=level, consistency_policy="ppl")
    assert (refusal.requirement, refusal.variable) == ("ST-RAID", "consistency_policy")
    assert refusal.found == f"ppl with {level}"
    assert asked(level="raid5", consistency_policy="ppl").policy == asked(consistency_policy="ppl").policy == "ppl"


def test_offers() -> None:
    given = {
        "size": "8TB",
        "name": " Nearline\t8 ",
        "medium": "hdd",
        "interface": "sas",
        "count": "6",
        "price": "210.50",
        "read_errors": 1e-14,
        "mb_per_second": 200,
    }
    request = asked(drive_offers=[given, {"size": "4TB", "medium": "ssd", "price": 0}])
    assert request.offers == (
        Offer("Nearline 8", 8 * TB, "hdd", "sas", 6, 21050, Decimal("1e-14"), 200),
        Offer("4 TB SSD", 4 * TB, "ssd", "sata", None, 0, Decimal("1e-17"), 450),
    )
    assert request.offers_given
    (system,) = asked(system_drive_offers=[{"size": "480GB", "interface": "m.2"}]).system_offers
    assert (system.medium, system.in_bay, request.offers[0].in_bay) == ("ssd", False, True)


@pytest.mark.parametrize(
    ("offer", "name"),
    [
        ({}, "size"),
        ({"size": "8"}, "size"),
        ({"size": "8GB"}, "size"),
        ({"size": "8TB", "medium": "tape"}, "medium"),
        ({"size": "8TB", "interface": "m.2"}, "interface"),
        ({"size": "8TB", "count": -1}, "count"),
        ({"size": "8TB", "price": -1}, "price"),
        ({"size": "8TB", "read_errors": 0}, "read_errors"),
        ({"size": "8TB", "read_errors": "often"}, "read_errors"),
        ({"size": "8TB", "read_errors": 1}, "read_errors"),
        ({"size": "8TB", "mb_per_second": 0}, "mb_per_second"),
        ({"size": "8TB", "name": "x" * 61}, "name"),
    ],
)
def test_an_offer_that_cannot_be(offer: dict[str, Any], name: str) -> None:
    refusal = one(drive_offers=[{"size": "4TB"}, offer])
    assert (refusal.requirement, refusal.variable) == ("ST-DATA", f"drive_offers[1].{name}")


def test_prices_are_known_of_all_or_of_none() -> None:
    refusal = one(system_drive_offers=[{"size": "480GB", "price": 60}, {"size": "960GB"}])
    assert (refusal.requirement, refusal.found) == ("ST-OS", "a price for 1 of 2 drives")


def test_the_rest_of_the_machine() -> None:
    hardware = asked(
        processor={"name": "EPYC", "sockets": 2, "cores": "32", "threads": 64, "base_mhz": 2500, "watts": 200},
        memory={"size": "128GiB", "ecc": "yes", "modules": 8},
        gpu={"name": "NVIDIA L4", "count": 1, "vram": "24GiB", "tensor_cores": 232, "watts": 72},
        power_supply={"watts": 1100, "redundant": True, "staggered_start": "False"},
    ).hardware
    cpu = ("EPYC", 2, 32, 64, 2500, 200)
    assert hardware == Hardware(
        *cpu, 2**37, True, 8, "NVIDIA L4", 1, 24 * 2**30, 232, 72, 1100, psu_redundant=True, staggered_start=False
    )


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("processor", "cores", 0),
        ("processor", "speed", 3),
        ("memory", "size", "64"),
        ("memory", "ecc", "perhaps"),
        ("gpu", "count", 17),
        ("power_supply", "watts", "1 kW"),
    ],
)
def test_a_part_that_cannot_be(part: str, key: str, value: Any) -> None:
    assert one(**{part: {key: value}}).variable == f"{part}.{key}"


@pytest.mark.parametrize(
    ("size", "gib"), [("32GB", 32), ("64GB", 64), ("64GiB", 64), ("32 GB", 32), ("1024GB", 1024), ("0.5TiB", 512)]
)
def test_memory_is_sold_in_gib_that_are_called_gb(size: str, gib: int) -> None:
    hardware = asked(memory={"size": size}, gpu={"vram": size}).hardware
    assert (hardware.memory_bytes, hardware.gpu_vram_bytes) == (gib * 2**30, gib * 2**30)


def test_a_core_has_a_thread() -> None:
    refusal = one(processor={"cores": 16, "threads": 15})
    assert (refusal.requirement, refusal.variable) == ("HW-CPU", "processor.threads")
    assert refusal.found == "15 threads on 16 cores"
    assert asked(processor={"cores": 16, "threads": 16}).hardware.cpu_threads == 16


def test_sizes_in_the_place_of_drives_are_written_out() -> None:
    with pytest.raises(PlanError) as failed:
        parse_request({"dataset_size": "4TB", "drive_offers": ["8TB"]}, "plan_")
    (refusal,) = failed.value.refusals
    assert (
        refusal.remedy == "write each below plan_drive_offers as - {size: 8TB, count: N}, with N for how many there are"
    )
