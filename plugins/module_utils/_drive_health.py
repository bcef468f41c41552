# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SMART adds to the drives of a recorded machine, and the drives that hide behind a hardware RAID controller.

Private to this collection: nothing outside may import it. Pure: a Recording in, data out.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.eucaim.local_node.plugins.module_utils._hardware import Drive
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Recording
from ansible_collections.eucaim.local_node.plugins.module_utils._smart import Smart, parse_smart

_BEHIND = "smartctl /"


def with_smart(recording: Recording, drive: Drive) -> tuple[Drive, str]:
    """Return a drive with what SMART says of it, and why SMART says nothing.

    What the kernel and udev say stands; SMART fills what they leave open, for instance whether a drive turns.
    """
    output = recording.commands.get(f"smartctl {drive.name}")
    if drive.behind_raid:
        return drive, "it is a volume of a hardware RAID controller, and no drive"
    if output is None or output.problem:
        return drive, ""
    smart = parse_smart(output.stdout)
    medium = drive.medium
    if medium is None and smart.rotation_rpm is not None:
        medium = "hdd" if smart.rotation_rpm else "ssd"
    filled = replace(
        drive,
        medium=medium,
        model=drive.model or smart.model,
        serial=drive.serial or smart.serial,
        wwn=drive.wwn or smart.wwn,
        firmware=drive.firmware or smart.firmware,
        rotation_rpm=smart.rotation_rpm if drive.rotation_rpm is None else drive.rotation_rpm,
        health=smart.health,
        health_reason=smart.health_reason,
        wear_percent=smart.wear_percent,
        power_on_hours=smart.power_on_hours,
        temperature_celsius=smart.temperature_celsius,
    )
    return filled, smart.problem


def drives_behind(recording: Recording) -> tuple[Drive, ...]:
    """Return the drives behind hardware RAID controllers that smartctl found; their names are smartctl's."""
    found = []
    for name, output in recording.commands.items():
        if name.startswith(_BEHIND):
            found.append(_behind(name[len("smartctl ") :], parse_smart(output.stdout)))
    return tuple(found)


def _behind(name: str, smart: Smart) -> Drive:
    transport = {"ata": "sata", "scsi": "sas", "nvme": "nvme"}.get(smart.protocol or "")
    turns = smart.rotation_rpm
    return Drive(
        name=name,
        bytes=smart.bytes,
        medium=None if turns is None else "hdd" if turns else "ssd",
        transport=transport,
        model=smart.model,
        serial=smart.serial,
        wwn=smart.wwn,
        firmware=smart.firmware,
        rotation_rpm=turns,
        logical_sector=smart.logical_sector,
        physical_sector=smart.physical_sector,
        removable=False,
        health=smart.health,
        health_reason=smart.health_reason,
        wear_percent=smart.wear_percent,
        power_on_hours=smart.power_on_hours,
        temperature_celsius=smart.temperature_celsius,
        behind_raid=True,
    )
