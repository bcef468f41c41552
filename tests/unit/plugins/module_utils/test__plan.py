# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan as a whole: what D5.11's example says, what it overlooks, and that no plan contradicts itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._plan import make_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_check import check_plan
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_page import as_page
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import KEYS, PlanError
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_text import as_markdown, as_terminal
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size
from ansible_collections.eucaim.local_node.tests.unit.plugins.plan_requests import JUNK, REQUESTS, TIER_3
from hypothesis import given
from hypothesis import strategies as st

TB, GB = 10**12, 10**9


def row(plan: dict[str, Any], table: str, key: str, value: str) -> dict[str, Any]:
    (found,) = [item for item in plan[table] if item[key] == value]
    return dict(found)


@pytest.mark.parametrize("tier", [2, 3])
def test_the_example_of_the_deliverable(tier: int) -> None:
    """Section 2.2: two (four) drives of 4 TB, 8 TB (16 TB) in all, 240 GB (480 GB) for the system; table 3: spares."""
    plan = make_plan({"dataset_size": "4TB", "tier": tier})
    least = row(plan, "layouts", "name", "stated_minimum")
    assert (least["members"], least["raw_bytes"]) == ([4 * TB] * 2, 8 * TB)
    assert (least["spares"], least["system_bytes"], least["level"]) == ([4 * TB], 240 * GB, "raid5")
    most = row(plan, "layouts", "name", "stated_recommended")
    assert (most["members"], most["raw_bytes"]) == ([4 * TB] * 4, 16 * TB)
    assert (most["spares"], most["system_bytes"], most["level"]) == ([4 * TB] * 2, 480 * GB, "raid5")


@pytest.mark.parametrize(("file_system", "least_share", "most_share"), [("xfs", 0.985, 0.995), ("ext4", 0.97, 0.98)])
def test_what_the_example_overlooks(file_system: str, least_share: float, most_share: float) -> None:
    """A full data set does not fit on the stated minimum, which is a mirror; one drive more is enough."""
    plan = make_plan({"dataset_size": "4TB", "file_system": file_system})
    least = row(plan, "layouts", "name", "stated_minimum")
    assert not least["fits_now"]
    assert least_share < least["available_bytes"] / (4 * TB) < most_share
    enough = row(plan, "layouts", "name", "least_that_fits")
    assert (enough["members"], enough["spares"], enough["fits_now"]) == ([4 * TB] * 3, [4 * TB], True)
    names = [warned["name"] for warned in plan["warnings"]]
    overlooked = ["stated-minimum-does-not-fit", "two-drives-are-a-mirror", "spares-must-replace", "multiples-are-raw"]
    assert names[:4] == overlooked
    text = plan["warnings"][0]["text"]
    assert "2 x 4 TB in RAID 5" in text
    assert "A full data set of 4 TB does not fit" in text
    assert {"units", "one-system-drive", "raid-is-no-backup", "growth-not-given"} <= set(names)
    assert ("ext4-reserve" in names) == (file_system == "ext4")


@pytest.mark.parametrize("tier", [2, 3])
def test_the_proposal_for_4_tb(tier: int) -> None:
    plan = make_plan({"dataset_size": "4TB", "tier": tier})
    assert plan["title"] == "3 x 8 TB in RAID 5 and 1 x 8 TB as spare, 480 GB SSD for the system"
    assert plan["room"]["free_now_bytes"] > 11 * TB
    assert plan["array"]["device_bytes"] < 16 * TB
    assert plan["slots"] == {"total": 8, "used": 5, "free": 3, "given": False}
    verdicts = {finding["requirement"]: finding["verdict"] for finding in plan["requirements"]}
    assert set(verdicts.values()) <= {"recommended", "met", "not_applicable"}
    assert (verdicts["HW-GPU"] == "not_applicable") == (tier == 2)
    bought = {item["what"]: item["quantity"] for item in plan["buy"]}
    assert (bought["Data drive"], bought["Spare drive"], bought.get("Graphics processor", 0)) == (3, 1, tier - 2)
    assert sum(part["bytes"] for part in plan["bytes"]) == 32 * TB


def test_a_growing_data_set_in_a_chosen_machine() -> None:
    plan = make_plan(TIER_3, "node1")
    assert plan["name"] == "node1"
    assert plan["array"]["level"] == "raid6"
    assert plan["drives"][0]["slot"] is None
    assert plan["slots"]["used"] == len(plan["drives"]) - 1
    assert plan["price"] == {"currency": "EUR", "data_drives": 4455.0, "system_drive": 95.5, "drives": 4550.5}
    assert plan["room"]["full_in_year"] == plan["growth"][0]["year"] == 6
    assert plan["machine"]["supplies"] == 2
    assert plan["machine"]["supply_watts"] >= plan["power"]["watts"]
    assert [item["quantity"] for item in plan["buy"] if item["what"] == "Graphics processor"] == [2]
    assert plan["file_system"]["reserve_percent"] == 1
    assert "raid6-was-chosen" in [warned["name"] for warned in plan["warnings"]]


def test_a_machine_that_is_not_enough_is_said_to_be_so() -> None:
    given = {"memory": {"size": "16GiB", "ecc": False}, "processor": {"cores": 4}, "spares": 0, "gpu": {"name": "x"}}
    plan = make_plan({"dataset_size": "4TB", "tier": 3, **given})
    verdicts = {(finding["requirement"], finding["item"]): finding["verdict"] for finding in plan["requirements"]}
    for item in (("HW-RAM", "memory"), ("HW-RAM", "error correction"), ("HW-CPU", "cores"), ("ST-SPARE", "spares")):
        assert verdicts[item] == "unmet"
    assert verdicts["HW-GPU", "card 1, x"] == "unanswered"
    assert "Not met, as it was asked for: HW-CPU, HW-RAM, ST-SPARE." in as_terminal(plan)
    assert check_plan(plan) == []


def test_the_handbook_asks_for_less() -> None:
    plan = make_plan({"dataset_size": "4TB", "profile": "handbook", "tier": 3})
    assert [item["name"] for item in plan["layouts"]] == ["proposed"]
    assert plan["array"]["spares"] == 0
    assert "stated-minimum-does-not-fit" not in [warned["name"] for warned in plan["warnings"]]


def test_levels_are_compared_by_the_same_need() -> None:
    plan = make_plan({"dataset_size": "4TB", "bays": 8})
    assert [item["level"] for item in plan["levels"] if item["chosen"]] == ["raid5"]
    assert [item["level"] for item in plan["levels"] if item["built_here"]] == ["raid1", "raid5", "raid6", "raid10"]
    for item in plan["levels"]:
        if item["possible"]:
            assert item["available_bytes"] >= plan["target"]["need"]
            assert sum(item["members"]) >= plan["target"]["raw"]
    assert not row(plan, "levels", "level", "raid60")["possible"]
    without = row(plan, "levels", "level", "raid0")
    assert (without["tolerance"], without["rebuild_seconds"], without["read_error_probability"]) == (0, None, None)
    assert without["mttdl_years"] < 100 < row(plan, "levels", "level", "raid5")["mttdl_years_with_read_errors"]


def test_the_least_may_need_a_slot_more() -> None:
    """The smaller drive of the system, which is enough at the minimum, takes the last slot of the data drives."""
    offers = [{"size": "240GB", "price": 1}, {"size": "480GB", "price": 2, "interface": "m.2"}]
    data = [{"size": "8TB", "price": 1}]
    given_ = {"bays": 5, "level": "raid6", "system_drive_offers": offers, "drive_offers": data}
    plan = make_plan({"dataset_size": "4TB", **given_})
    assert plan["slots"] == {"total": 5, "used": 5, "free": 0, "given": True}
    assert [item["name"] for item in plan["layouts"]] == ["stated_minimum", "stated_recommended", "proposed"]
    assert [step["kind"] for step in plan["growth"]] == ["node"]


def test_a_mirror_of_two_in_raid_5_is_said_to_be_one() -> None:
    plan = make_plan({"dataset_size": "1TB", "level": "raid5", "bays": 3, "spares": 0})
    assert (plan["array"]["members"], plan["array"]["is_a_mirror"]) == (2, True)
    texts = [warned["text"] for warned in plan["warnings"] if warned["name"] == "array"]
    assert len(texts) == 1
    assert "RAID 5 is a mirror" in texts[0]


def test_a_wide_and_risky_array_is_warned_of() -> None:
    offers = [{"size": "2TB", "read_errors": "1e-14"}]
    plan = make_plan({"dataset_size": "30TB", "level": "raid5", "aim": "minimum", "drive_offers": offers})
    names = [warned["name"] for warned in plan["warnings"]]
    assert "rebuild-is-risky" in names
    assert "array-is-wide" in names
    assert "usual-drives" not in names


def test_a_price_of_the_system_drive_may_be_missing() -> None:
    offers = [{"size": "8TB", "price": 200}]
    plan = make_plan({"dataset_size": "4TB", "drive_offers": offers})
    assert plan["price"]["data_drives"] == 800
    assert plan["price"]["drives"] is None
    assert "The data drives and spares cost 800.00 EUR." in as_terminal(plan)


def planned(request: dict[str, Any]) -> tuple[dict[str, Any], list[Refusal]]:
    """Return the plan, or an empty one and why there is none."""
    try:
        return make_plan(request, "node"), []
    except PlanError as error:
        return {}, error.refusals


@given(request=REQUESTS)
def test_no_plan_contradicts_itself(request: dict[str, Any]) -> None:
    plan, refusals = planned(request)
    assert bool(plan) != bool(refusals)
    assert all(refusal.found and refusal.needed and refusal.remedy for refusal in refusals)
    if not plan:
        return
    again = json.loads(json.dumps(plan))
    assert again == plan == planned(request)[0]
    assert check_plan(again) == []
    assert plan["room"]["available_bytes"] >= plan["room"]["needed_bytes"] >= plan["room"]["dataset_bytes"]
    assert as_page(plan).count("<section") == as_page(plan).count("</section>") == 11
    assert all(len(line) <= 80 for line in as_terminal(plan).splitlines())
    assert as_markdown(plan).endswith("|\n")


@given(request=st.dictionaries(st.sampled_from([*KEYS, "dataset", 5]), JUNK))
def test_nothing_that_a_person_writes_breaks_the_planner(request: dict[str, Any]) -> None:
    plan, refusals = planned(request)
    assert bool(plan) != bool(refusals)


@pytest.mark.parametrize(
    ("profile", "detail"),
    [
        ("d5.11", "at least 16 cores and 32 threads, base clock at least 3 GHz"),
        ("handbook", "at least 4 cores and 8 threads"),
    ],
)
def test_the_processor_to_buy_is_what_the_profile_asks(profile: str, detail: str) -> None:
    bought = make_plan({"dataset_size": "4TB", "tier": 2, "profile": profile})["buy"]
    assert [item["detail"] for item in bought if item["what"] == "Processor"] == [detail]


@pytest.mark.parametrize(("size", "verdict"), [("32GB", "met"), ("64GB", "recommended")])
def test_memory_as_it_is_sold_is_enough(size: str, verdict: str) -> None:
    plan = make_plan({"dataset_size": "4TB", "memory": {"size": size}})
    found = [item for item in plan["requirements"] if (item["requirement"], item["item"]) == ("HW-RAM", "memory")]
    assert [(item["found"], item["verdict"]) for item in found] == [(f"{size[:2]} GiB", verdict)]


def texts_of(plan: dict[str, Any]) -> dict[str, str]:
    return {warned["name"]: warned["text"] for warned in plan["warnings"]}


@pytest.mark.parametrize(
    ("processor", "way"),
    [({}, "name the processor's watts, or take a larger one"), ({"watts": 300}, "take a larger one")],
)
def test_a_settled_power_supply_may_be_too_small(processor: dict[str, Any], way: str) -> None:
    plan = make_plan({"dataset_size": "4TB", "processor": processor, "power_supply": {"watts": 200}})
    said = f"A power supply of 200 W is settled, and up to {plan['power']['watts']} W may be needed; {way}."
    assert texts_of(plan)["power-supply-may-be-small"] == said
    assert f"- {said}" in as_markdown(plan).replace("\\", "").partition("## ")[0]
    assert row(plan, "buy", "what", "Power supply")["detail"] == "200 W"


@pytest.mark.parametrize(("supply", "end"), [({}, " or more"), ({"watts": 2000}, "2000 W")])
def test_a_power_supply_that_is_enough(supply: dict[str, Any], end: str) -> None:
    plan = make_plan({"dataset_size": "4TB", "power_supply": supply})
    assert "power-supply-may-be-small" not in texts_of(plan)
    assert "is settled" not in as_terminal(plan)
    assert row(plan, "buy", "what", "Power supply")["detail"].endswith(end)


def test_a_partial_parity_log_that_cannot_be_is_said() -> None:
    plan = make_plan({"dataset_size": "60TB", "consistency_policy": "ppl"})
    assert (plan["array"]["level"], plan["array"]["consistency_policy"]) == ("raid6", "bitmap")
    assert "this RAID 6 gets a bitmap" in texts_of(plan)["ppl-became-bitmap"]
    plan = make_plan({"dataset_size": "4TB", "consistency_policy": "ppl"})
    assert (plan["array"]["level"], plan["array"]["consistency_policy"]) == ("raid5", "ppl")
    assert "ppl-became-bitmap" not in texts_of(plan)


@pytest.mark.parametrize(
    ("processor", "detail"),
    [
        ({"cores": 4}, "4 cores and 8 threads, base clock at least 3 GHz"),
        ({"cores": 64, "sockets": 2}, "64 cores and 128 threads together, base clock at least 3 GHz"),
        ({"threads": 48, "base_mhz": 2500}, "48 threads and at least 16 cores, base clock 2.5 GHz"),
        ({"threads": 8}, "8 threads and at least 8 cores, base clock at least 3 GHz"),
        ({"name": "EPYC"}, "EPYC: at least 16 cores and 32 threads, base clock at least 3 GHz"),
        ({"cores": 24, "threads": 24}, "24 cores and 24 threads, base clock at least 3 GHz"),
    ],
)
def test_of_a_processor_only_what_is_open_is_asked_at_least(processor: dict[str, Any], detail: str) -> None:
    plan = make_plan({"dataset_size": "4TB", "processor": processor})
    assert row(plan, "buy", "what", "Processor")["detail"] == detail


def test_a_raid_0_has_no_spare() -> None:
    plan = make_plan({"dataset_size": "4TB"})
    assert row(plan, "levels", "level", "raid0")["spares"] == []
    assert row(plan, "levels", "level", "raid6")["spares"] != []


def test_what_is_not_bought_yet_is_planned_and_estimated() -> None:
    plan = make_plan({"dataset_size": "4TB"})
    found = {(item["requirement"], item["item"]): item for item in plan["requirements"]}
    rooms = {name: item["found"] for (requirement, name), item in found.items() if name.startswith("room in")}
    assert rooms["room in /"] == "64 GiB planned"
    assert set(rooms) == {"room in /", "room in /var", "room in /var/log", "room in /home"}
    sizes = {part["mount"]: human_size(part["bytes"], binary=True) for part in plan["system"]["partitions"]}
    assert all(text == f"{sizes[name[len('room in ') :]]} planned" for name, text in rooms.items())
    assert found["HW-PSU", "power"]["minimum"] == f"{plan['power']['watts']} W (estimated)"
