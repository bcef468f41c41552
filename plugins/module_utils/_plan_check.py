# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a plan is whole and agrees with itself, before anybody buys or builds by it.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O. A plan may have been edited, cut
off or made by another version; what it says is compared with the drives that it lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable

from ansible_collections.eucaim.local_node.plugins.module_utils._filesystem import FilesystemError, ext4, xfs
from ansible_collections.eucaim.local_node.plugins.module_utils._plan import FORMAT, KIND, MD_LAYOUTS
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_growth import (
    HORIZON,
    dataset_in,
    first_year_without_room,
    with_headroom,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_judge import WAYS, findings
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_layout import CHUNK_BYTES
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_request import (
    FILE_SYSTEMS,
    PLANNED_LEVELS,
    POLICIES,
    Request,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_shape import shape_faults
from ansible_collections.eucaim.local_node.plugins.module_utils._plan_words import PARTS
from ansible_collections.eucaim.local_node.plugins.module_utils._raid import Raid, RaidError, figures, md_usable_bytes
from ansible_collections.eucaim.local_node.plugins.module_utils._register import is_known
from ansible_collections.eucaim.local_node.plugins.module_utils._size import human_size
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_needs import NEEDS

Plan = Mapping[str, Any]

ROLES = ("system", "member", "spare")


def check_plan(plan: object) -> list[str]:
    """Return what is wrong with a plan, each in one sentence; nothing if it can be built.

    A plan that is not whole is told so and not looked at further.
    """
    if not isinstance(plan, Mapping) or plan.get("kind") != KIND:
        return [f"this is no plan: the kind {KIND} does not stand in it"]
    if plan.get("format") != FORMAT:
        return [f"the format {plan.get('format')!r} is not known to this version, which reads {FORMAT}: plan again"]
    broken = shape_faults(plan)
    if broken:
        return [f"the plan is not whole, or was edited: {fault}" for fault in broken]
    return [fault for check in _CHECKS for fault in check(plan)]


def _of(plan: Plan, role: str) -> list[int]:
    """Return the bytes of the drives with a role."""
    return [drive["bytes"] for drive in plan["drives"] if drive["role"] == role]


def _words(plan: Plan) -> Iterator[str]:
    """Find words that this version does not know."""
    known = (
        ("request.tier", plan["request"]["tier"], tuple(NEEDS["d5.11"])),
        ("request.profile", plan["request"]["profile"], tuple(NEEDS)),
        ("array.level", plan["array"]["level"], PLANNED_LEVELS),
        ("array.consistency_policy", plan["array"]["consistency_policy"], POLICIES),
        ("file_system.kind", plan["file_system"]["kind"], FILE_SYSTEMS),
    )
    for place, word, words in known:
        if word not in words:
            yield f"{place} is {word!r}, and only {', '.join(str(one) for one in words)} are known"
    for place in ("requirements", "buy", "warnings"):
        for row in plan[place]:
            if not is_known(row["requirement"]):
                yield f"{place} names {row['requirement']!r}, which is no requirement of the register"
    strange = sorted({drive["role"] for drive in plan["drives"]} - set(ROLES))
    if strange:
        yield f"drives are for {', '.join(strange)}, and only {', '.join(ROLES)} are known"
    for kind in sorted({step["kind"] for step in plan["growth"]} - set(WAYS)):
        yield f"growth is by {kind!r}, and only {', '.join(WAYS)} are known"


def _places(plan: Plan) -> Iterator[str]:
    """Compare the drives with the slots of the case and with the numbers of the array."""
    slots, array = plan["slots"], plan["array"]
    taken = [drive["slot"] for drive in plan["drives"] if drive["slot"] is not None]
    if len(set(taken)) < len(taken) or any(not 1 <= slot <= slots["total"] for slot in taken):
        yield f"the slots of the drives are not different ones of the {slots['total']} that there are"
    if slots["used"] != len(taken) or slots["free"] != slots["total"] - slots["used"]:
        yield f"{slots['total']} slots are not {len(taken)} taken ones and {slots['free']} free ones"
    if len(_of(plan, "system")) != 1 or plan["system"]["bytes"] not in _of(plan, "system"):
        yield "there is not exactly one drive for the system, of the size that the partitions are for"
    for role, count in (("member", array["members"]), ("spare", array["spares"])):
        if len(_of(plan, role)) != count:
            yield f"the array has {count} {role}s, and {len(_of(plan, role))} drives are listed for that"


def _array(plan: Plan) -> Iterator[str]:
    """Compare the array with what its level makes of the drives."""
    array = plan["array"]
    raid = _raid(plan)
    if isinstance(raid, str):
        yield raid
        return
    sums = figures(raid)
    policy = array["consistency_policy"]
    try:
        device = md_usable_bytes(raid, ppl=policy == "ppl")
    except RaidError as error:
        yield str(error)
        return
    expected = {
        "member_bytes": sums.member_bytes,
        "tolerance": sums.tolerance,
        "is_a_mirror": sums.mirror,
        "data_members": sums.data_members,
        "device_bytes": device,
        "chunk_bytes": None if raid.level == "raid1" else CHUNK_BYTES,
        "layout": MD_LAYOUTS.get(raid.level),
        "metadata": "1.2",
    }
    for name, value in expected.items():
        if array[name] != value:
            yield f"array.{name} is {array[name]}, and these drives in {raid.level} make it {value}"
    spares = _of(plan, "spare")
    if spares and min(spares) < max(_of(plan, "member")):
        yield f"a spare of {human_size(min(spares))} cannot replace a member of {human_size(max(_of(plan, 'member')))}"


def _raid(plan: Plan) -> Raid | str:
    """Return the array of the listed drives, or why there can be none."""
    members, spares = _of(plan, "member"), _of(plan, "spare")
    try:
        return Raid(plan["array"]["level"], tuple(members + spares), len(spares))
    except RaidError as error:
        return str(error)


def _file_system(plan: Plan) -> Iterator[str]:
    """Compare the file system with what its program makes on the array."""
    found = plan["file_system"]
    if found["kind"] == "ext4" and found["reserve_percent"] is None:
        yield "file_system.reserve_percent is not known, which ext4 has"
        return
    device, members = plan["array"]["device_bytes"], plan["array"]["data_members"]
    try:
        if found["kind"] == "ext4":
            volume = ext4(device, CHUNK_BYTES, members, found["reserve_percent"])
        else:
            volume = xfs(device, CHUNK_BYTES, members)
    except FilesystemError as error:
        yield str(error)
        return
    for name in ("total_bytes", "reserved_bytes", "available_bytes"):
        if found[name] != getattr(volume, name):
            yield f"file_system.{name} is {found[name]}, and on this array it is {getattr(volume, name)}"
    if found["mkfs_options"] != list(volume.mkfs_options) or found["geometry"] != volume.geometry:
        yield f"the options of the file system do not fit the array: they are {' '.join(volume.mkfs_options)}"


def _ledger(plan: Plan) -> Iterator[str]:
    """Compare the parts of the bytes with the whole, and with what else the plan says of them."""
    raw = sum(_of(plan, "member")) + sum(_of(plan, "spare"))
    parts = {row["part"]: row["bytes"] for row in plan["bytes"]}
    if sum(row["bytes"] for row in plan["bytes"]) != raw:
        yield f"the parts of the bytes do not add up to the {human_size(raw)} of the data drives"
    if sorted(parts) != sorted(PARTS) or len(plan["bytes"]) != len(PARTS):
        yield f"the parts of the bytes are not {', '.join(PARTS)}"
        return
    room = plan["room"]
    expected = {
        "spare": sum(_of(plan, "spare")),
        "reserve": plan["file_system"]["reserved_bytes"],
        "dataset": room["dataset_bytes"],
        "growth": room["dataset_later_bytes"] - room["dataset_bytes"],
        "free": room["free_later_bytes"],
    }
    for part, size in expected.items():
        if parts[part] != size:
            yield f"of the bytes, {parts[part]} are for {part}, and elsewhere in the plan they are {size}"


def _asked(plan: Plan) -> Request:
    """Return what the plan says was asked, as far as growth is concerned."""
    asked = plan["request"]
    return Request(
        dataset_bytes=asked["dataset_bytes"],
        growth_bytes=asked["growth_bytes_a_year"],
        growth_share=round(100 * asked["growth_percent_a_year"]),
        years=min(asked["years"], HORIZON),
        headroom=round(100 * asked["headroom_percent"]),
    )


def _room(plan: Plan) -> Iterator[str]:
    """Compare the room with the data set and its growth; a data set that does not fit is no plan."""
    room, request = plan["room"], _asked(plan)
    if plan["request"]["years"] > HORIZON:
        yield f"request.years is {plan['request']['years']}, and nobody plans for more than {HORIZON}"
        return
    later = dataset_in(request, request.years)
    available = plan["file_system"]["available_bytes"]
    expected = {
        "available_bytes": available,
        "dataset_bytes": request.dataset_bytes,
        "dataset_later_bytes": later,
        "needed_bytes": with_headroom(request, later),
        "free_now_bytes": available - request.dataset_bytes,
        "free_later_bytes": available - later,
        "full_in_year": first_year_without_room(request, available),
    }
    for name, value in expected.items():
        if room[name] != value:
            yield f"room.{name} is {room[name]}, and what is asked makes it {value}"
    if with_headroom(request, later) > available:
        yield f"the data set needs {human_size(with_headroom(request, later))}, and there are {human_size(available)}"


def _verdicts(plan: Plan) -> Iterator[str]:
    """Compare the verdicts with those that the parts in the plan get."""
    if any(_words(plan)):
        return  # told already, and nothing can be judged by an unknown profile
    claimed = {(row["requirement"], row["item"]): row for row in plan["requirements"]}
    judged = {(finding.requirement, finding.item): finding.as_dict() for finding in findings(plan)}
    for requirement, item in sorted(set(claimed) | set(judged)):
        if claimed.get((requirement, item)) != judged.get((requirement, item)):
            yield f"what the plan says of {requirement} ({item}) is not what its parts are worth"


def _power(plan: Plan) -> Iterator[str]:
    power = plan["power"]
    if sum(part["watts"] for part in power["parts"]) != power["watts"]:
        yield f"the parts of the power do not add up to {power['watts']} W"


def _shopping(plan: Plan) -> Iterator[str]:
    """Compare the list of what to buy with the drives and their prices."""
    for what, role in (
        ("Data drive", "member"),
        ("Spare drive", "spare"),
        ("Drive for the operating system", "system"),
    ):
        count = sum(item["quantity"] for item in plan["buy"] if item["what"] == what)
        if count != len(_of(plan, role)):
            yield f"the list has {count} of {what!r}, and the plan needs {len(_of(plan, role))}"
    prices = [drive["price"] for drive in plan["drives"] if drive["role"] != "system"]
    price = plan["price"]
    if (price is None) != (None in prices):
        yield "the price of the drives is not known of all, or of none"
    elif price is not None and round(100 * price["data_drives"]) != sum(round(100 * one) for one in prices):
        yield f"the prices of the data drives do not add up to {price['data_drives']}"


def _partitions(plan: Plan) -> Iterator[str]:
    parts = plan["system"]["partitions"]
    if sum(part["bytes"] for part in parts) > plan["system"]["bytes"]:
        yield f"the partitions are larger than their drive of {human_size(plan['system']['bytes'])}"
    if len({part["mount"] for part in parts}) < len(parts):
        yield "two partitions are mounted at the same place"


def _growth(plan: Plan) -> Iterator[str]:
    """Find steps of growth that bring nothing, or come in another year than the one in which it gets tight."""
    request = _asked(plan)
    before = plan["room"]["available_bytes"]
    for step in plan["growth"]:
        after = step["available_bytes"]
        full = first_year_without_room(request, after)
        until = None if full is None else full - 1
        if after <= before or step["year"] != first_year_without_room(request, before) or step["enough_until"] != until:
            yield f"the step of growth {step['kind']!r} does not bring more room in the year in which it gets tight"
        before = after


def _comparison(plan: Plan) -> Iterator[str]:
    """Compare the array with its own row in the tables of what it could have been."""
    drives = {"members": _of(plan, "member"), "spares": _of(plan, "spare"), "level": plan["array"]["level"]}
    chosen = [row for row in plan["levels"] if row["chosen"]]
    proposed = [row for row in plan["layouts"] if row["name"] == "proposed"]
    for table, rows in (("levels", chosen), ("layouts", proposed)):
        if len(rows) != 1 or any(rows[0].get(name) != value for name, value in drives.items()):
            yield f"what the table {table} has chosen is not the array of the plan"


_CHECKS: tuple[Callable[[Plan], Iterator[str]], ...] = (
    _words,
    _places,
    _array,
    _file_system,
    _ledger,
    _room,
    _verdicts,
    _power,
    _shopping,
    _partitions,
    _growth,
    _comparison,
)
