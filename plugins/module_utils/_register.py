# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The register: everything that EUCAIM's deliverable D5.11 asks of a local node, each requirement once.

Private to this collection: nothing outside may import it. The texts are our own words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# How a requirement is met: put in place by a role, measured by a module,
# carried by a generated document, or answered by a person.
MET_BY = ("enforce", "validate", "document", "attest")
TIERS = (1, 2, 3)


@dataclass(frozen=True)
class Requirement:
    """One requirement of the deliverable."""

    id: str
    section: str
    group: str
    text: str
    met_by: tuple[str, ...]
    tiers: tuple[int, ...]

    @property
    def tag(self) -> str:
        """Return the requirement's tag on tasks, such as C(os_users)."""
        return self.id.lower().replace("-", "_")


_ALL = (1, 2, 3)
_NODE = (2, 3)
_PROCESSING = (3,)

_E = ("enforce",)
_V = ("validate",)
_D = ("document",)
_A = ("attest",)
_EV = ("enforce", "validate")
_ED = ("enforce", "document")
_VD = ("validate", "document")
_AV = ("attest", "validate")

# group title, then (id, section, met by, tiers, text)
_Line = tuple[str, str, tuple[str, ...], tuple[int, ...], str]

_GROUPS: tuple[tuple[str, tuple[_Line, ...]], ...] = (
    (
        "Tiers and hardware",
        (
            (
                "TIER-1",
                "2",
                ("document", "enforce"),
                _ALL,
                "Every data set is described in EUCAIM's public catalogue, so that researchers can find it.",
            ),
            ("TIER-2", "2", _E, _NODE, "The node answers searches from the federation through Focus and a mediator."),
            (
                "TIER-3",
                "2",
                _E,
                _PROCESSING,
                "The node also makes its data available for processing that is sent to it.",
            ),
            (
                "HW-CPU",
                "2.1",
                _V,
                _NODE,
                (
                    "The processor has enough cores, threads and base clock for the tier "
                    "(Tier 2: 8 cores, 16 threads, 2.5 GHz; Tier 3: 16 cores, 32 threads, 2.5 GHz)."
                ),
            ),
            (
                "HW-RAM",
                "2.1",
                _V,
                _NODE,
                "There is enough error-correcting memory for the tier (Tier 2: 32 GB; Tier 3: 64 GB).",
            ),
            (
                "HW-GPU",
                "2.1",
                _V,
                _PROCESSING,
                "A Tier 3 node has a graphics processor with more than 150 tensor cores and at least 16 GB of memory.",
            ),
            (
                "HW-PSU",
                "2.1",
                _V,
                _NODE,
                "The power supply is large enough for the processor, the drives and the graphics processors.",
            ),
        ),
    ),
    (
        "Storage",
        (
            ("ST-OS", "2.2", _V, _NODE, "The operating system has a solid-state drive of its own of at least 240 GB."),
            ("ST-DATA", "2.2", _V, _NODE, "The data drives hold at least twice the size of the data set."),
            ("ST-RAID", "2.2", _E, _NODE, "The data drives form a RAID 5, so that one failed drive loses nothing."),
            ("ST-SPARE", "2.2", _E, _NODE, "Spare drives of at least the size of the data set are at hand."),
            ("ST-GROW", "2.2", _E, _NODE, "The storage can grow: more drives in this node, or more nodes."),
            ("ST-HEALTH", "2.2", _E, _NODE, "Drives and arrays are watched, and a failed drive is reported at once."),
        ),
    ),
    (
        "Network",
        (
            ("NET-RATE", "2.3", _V, _NODE, "The line carries 200 Mbps in both directions."),
            ("NET-REACH", "4.1.2", _V, _NODE, "The node reaches the Internet and EUCAIM's central broker."),
            ("NET-ADDR", "3.1", _EV, _NODE, "The node is on a cable and has a fixed address, or always gets one."),
            ("NET-GEANT", "2.3", _A, _NODE, "The site says whether it is behind the GEANT research network."),
            ("NET-REDUND", "4.1.2", _E, _NODE, "A second line or link takes over when one fails."),
            (
                "NET-FW",
                "4.1.2",
                _E,
                _NODE,
                "From outside only the ports 22, 80 and 443 are open, and connections to the outside are known.",
            ),
            (
                "NET-VPN",
                "10",
                _ED,
                _NODE,
                "Remote administration goes through a VPN, and EUCAIM's technical support knows of it.",
            ),
        ),
    ),
    (
        "Installation practice",
        (
            ("PH-INSPECT", "3.1", _A, _NODE, "The delivery was unpacked, inspected and compared with the order."),
            ("PH-RACK", "3.1", _A, _NODE, "The machine is mounted safely, with room to work on it."),
            ("PH-POWER", "3.1", _AV, _NODE, "An uninterruptible power supply carries the machine through a power cut."),
            ("PH-ELECTRIC", "3.2", _A, _NODE, "Outlets, circuits and surge protection have been inspected."),
            ("PH-CABLE", "3.2", _A, _NODE, "Cables are labelled and in order."),
            ("PH-ACCESS", "3.2", _A, _NODE, "Only authorised people can get to the machine."),
            ("PH-CCTV", "3.2", _A, _NODE, "The room is under surveillance, and the recordings are kept and reviewed."),
            ("PH-FIRE", "3.1", _A, _NODE, "The room is protected against fire."),
            ("PH-WATER", "3.2", _A, _NODE, "The machine stands where water cannot reach it."),
            ("PH-AIR", "3.2", _A, _NODE, "Air flows freely around the machine."),
            ("PH-DUST", "3.2", _A, _NODE, "The room is free of dust, chemicals, food and drink."),
            ("PH-SENSORS", "3.2", _AV, _NODE, "Sensors report smoke, humidity and an opened case."),
            (
                "PH-CLIMATE",
                "3.2",
                _AV,
                _NODE,
                "The room stays between 20 and 30 degrees Celsius and between 40 and 60 % relative humidity.",
            ),
            (
                "PH-RECORD",
                "3.1",
                _D,
                _NODE,
                "A record names the hardware, its serial numbers, its warranty and every change.",
            ),
        ),
    ),
    (
        "Operating system",
        (
            (
                "OS-MEDIA",
                "3.3",
                _A,
                _NODE,
                "The operating system was installed from the official image, whose checksum was verified.",
            ),
            (
                "OS-BOOT",
                "3.1",
                _V,
                _NODE,
                "The machine starts without errors and finds all memory, drives and network ports that are fitted.",
            ),
            ("OS-PART", "3.3", _VD, _NODE, "System and data are on separate partitions, each with room left."),
            (
                "OS-LTS",
                "3.3",
                _V,
                _NODE,
                "The operating system is a long-term release that still receives security updates.",
            ),
            ("OS-DEVICES", "3.3", _V, _NODE, "The system recognises all its hardware and has a way to the Internet."),
            ("OS-UPDATE", "4.1", _E, _NODE, "Packages are up to date, and security updates install themselves."),
            (
                "OS-USERS",
                "4.1",
                _E,
                _NODE,
                "People have accounts of their own, with either a basic or an administrator role.",
            ),
            (
                "OS-DIRS",
                "4.1",
                _E,
                _NODE,
                "The directories for EUCAIM's software and settings exist, with the right permissions.",
            ),
            ("OS-TOOLS", "4.1.1", _E, _NODE, "The basic tools wget, curl and git are installed."),
            (
                "OS-TIME",
                "5.1",
                _EV,
                _NODE,
                "The clock is right and stays right; a node with a wrong clock is shut out of the federation.",
            ),
        ),
    ),
    (
        "Containers",
        (
            ("CT-DOCKER", "4.1.1", _E, _NODE, "Docker is installed from a source whose signing key was verified."),
            ("CT-RUN", "4.1.1", _EV, _NODE, "Docker is running, starts with the machine and can run a container."),
            (
                "CT-GROUP",
                "4.1.1",
                _E,
                _NODE,
                "Only the people named for it may use Docker without becoming administrator.",
            ),
        ),
    ),
    (
        "Federation",
        (
            ("FED-NET", "5.1", _E, _NODE, "The federation's services have a container network of their own."),
            (
                "FED-BEAM",
                "5.1",
                _E,
                _NODE,
                "Beam-Proxy, the node's link to the central broker, is running and connected.",
            ),
            ("FED-FOCUS", "5.1", _E, _NODE, "Focus, which passes queries to the local data, is running."),
            ("FED-BUILD", "5.1", _E, _NODE, "The services run from exactly the program images that were chosen."),
            (
                "FED-ENV",
                "5.1",
                _E,
                _NODE,
                "The services' settings come from one place and were checked before anything started.",
            ),
            ("FED-KEY", "5.1", _E, _NODE, "The node has its own secret key and a valid certificate of the federation."),
            ("FED-REG", "5.2", _D, _NODE, "The site, its people and its services are registered with EUCAIM."),
            (
                "FED-LOGS",
                "5.1",
                _V,
                _NODE,
                "The services' logs can be read and say whether the node is connected, and why not.",
            ),
            ("FED-PROBE", "5.1", _V, _NODE, "A query from the federation is answered, from end to end."),
            ("FED-MED", "6", _EV, _NODE, "The data holder's mediator answers queries in the form that Focus expects."),
            ("FED-FP", "7", _E, _PROCESSING, "The services for federated processing run on a Tier 3 node."),
        ),
    ),
    (
        "Data tools",
        (
            (
                "DT-CATALOG",
                "8.1",
                _ED,
                _NODE,
                "It is known which data tool serves which tier and kind of data, and the tools needed are installed.",
            ),
            ("DT-VERIFY", "8.3.3", _E, _NODE, "Every downloaded tool is checked before it is installed."),
            ("DT-REQ", "8.2", _V, _NODE, "The node has what a tool needs before the tool is installed."),
            (
                "DT-META",
                "8.4.1",
                _E,
                _NODE,
                "The descriptive data of all images is extracted, ordered by data set, patient, study and series.",
            ),
            ("DT-WEB", "8.4.1", _E, _NODE, "The images can be reached on the node through DICOMweb."),
            ("DT-ETL", "8.4.2", _E, _NODE, "The pipeline that prepares clinical data is installed."),
            (
                "DT-DEID",
                "8.1",
                ("attest", "enforce"),
                _NODE,
                "Every data set was de-identified, and it is known how, when and by whom.",
            ),
            ("DT-LICENCE", "8.2", _A, _NODE, "The licence and terms of each tool were accepted."),
            ("DT-PUSH", "8.4.1", _E, _ALL, "Images can be sent to EUCAIM's central platform over DICOMweb."),
        ),
    ),
    (
        "Maintenance and monitoring",
        (
            ("MN-DISK", "9.1", _E, _NODE, "Disk usage is watched and needless files are cleaned up, never data."),
            ("MN-AUDIT", "9.1", _E, _NODE, "Weak points, firewall and VPN are audited regularly."),
            ("MN-HW", "9.1", _E, _NODE, "The hardware is checked regularly for wear."),
            (
                "MON-HEARTBEAT",
                "9.2",
                _E,
                _NODE,
                "The services are checked at intervals, and the days left on certificates are known.",
            ),
            ("MON-ES", "9.2", _E, _NODE, "Every alarm leaves a record in Elasticsearch."),
            ("MON-LOGSTASH", "9.2", _E, _NODE, "Every alarm sends a mail to the person in charge."),
            ("MON-KIBANA", "9.2", _E, _NODE, "The checks can be seen as graphs in Kibana."),
            (
                "MON-RES",
                "9.3",
                _E,
                _NODE,
                "Processor, memory, disk and network are watched, and reaching a limit raises an alarm.",
            ),
            ("MON-LOG", "9.3", _E, _NODE, "The logs are collected and can be searched."),
            ("MON-METRIC", "9.3", _E, _NODE, "The behaviour of the services over time can be seen as graphs."),
            ("MON-ANOMALY", "9.3", _E, _NODE, "Unusual behaviour is noticed."),
            (
                "SUP-DESK",
                "9.4",
                _D,
                _NODE,
                "It is known whom to ask for help, and who is the contact for security, network and configuration.",
            ),
        ),
    ),
    (
        "Security",
        (
            (
                "SEC-PATCH",
                "10",
                _E,
                _NODE,
                "The operating system installs security updates by itself, and outdated services are reported.",
            ),
            (
                "SEC-ACCT",
                "10",
                _E,
                _NODE,
                "Everyone has an account of their own, a strong password and a second factor.",
            ),
            ("SEC-SSH", "10", _E, _NODE, "Remote access works with keys only and only for the people who need it."),
            ("SEC-NET", "10", _E, _NODE, "Unused ports are closed, and the network is watched for intruders."),
            ("SEC-AUDIT", "10", _E, _NODE, "Access and changes of configuration are recorded and audited."),
            ("SEC-IRP", "10", _D, _NODE, "A plan says what to do in case of a security incident."),
            ("SEC-TRAIN", "10", _A, _NODE, "The staff is trained in security."),
        ),
    ),
    (
        "Backup and recovery",
        (
            ("BK-POLICY", "11", _ED, _NODE, "It is settled what is backed up, how often and to where."),
            (
                "BK-CLOSED",
                "11.1",
                _E,
                _NODE,
                "Closed projects are backed up on the first day of the month, every three months.",
            ),
            ("BK-ONGOING", "11.1", _E, _NODE, "Ongoing projects are backed up every Friday afternoon."),
            ("BK-WINDOW", "11.1", _E, _NODE, "Backups fit into the time in which the node may be busy with them."),
            (
                "BK-BORG",
                "11.1",
                _E,
                _NODE,
                "Backups can be made with Borg: encrypted, compressed and without repeating what is there already.",
            ),
            ("BK-RSYNC", "11.1", _E, _NODE, "Backups can be made with rsync, as plain copies."),
            ("BK-PLACE", "11.1", _E, _NODE, "Backups lie on another disk, better on another server in another place."),
            ("BK-QUIET", "11.1", _E, _NODE, "Data does not change while it is backed up, or the change is reported."),
            ("BK-RESTORE", "11.2", _E, _NODE, "The right backup can be found, restored and checked."),
            ("DR-RTO", "11.3", _V, _NODE, "It is settled, and measured, how long the node may be down."),
            ("DR-RPO", "11.3", _V, _NODE, "It is settled, and measured, how much work may be lost."),
            (
                "DR-INVENTORY",
                "11.3",
                _ED,
                _NODE,
                "Hardware and software are listed by importance and restored in that order.",
            ),
            (
                "DR-ROLES",
                "11.3",
                _D,
                _NODE,
                "It is settled who declares a disaster, who restores and who calls the vendors.",
            ),
            ("DR-SITES", "11.3", _D, _NODE, "The places where the service could go on are listed."),
            (
                "DR-REGISTER",
                "11.3",
                _D,
                _NODE,
                "People, data sets, hardware and sources of logs are listed, with versions.",
            ),
            ("DR-OFFSITE", "11.3", _A, _NODE, "The plan, the backup media and the keys are kept in another place too."),
            ("DR-ALT", "11.3", _D, _NODE, "It is settled how to work while the node is down."),
            ("DR-TRAIN", "11.3", _A, _NODE, "The staff is trained in recovery."),
        ),
    ),
)


def _build() -> dict[str, Requirement]:
    """Return the register by id, in the deliverable's order."""
    register: dict[str, Requirement] = {}
    for group, lines in _GROUPS:
        for identifier, section, met_by, tiers, text in lines:
            register[identifier] = Requirement(identifier, section, group, text, met_by, tiers)
    return register


REGISTER: dict[str, Requirement] = _build()


def groups() -> dict[str, list[Requirement]]:
    """Return the requirements by the title of their group, in order."""
    result: dict[str, list[Requirement]] = {}
    for requirement in REGISTER.values():
        result.setdefault(requirement.group, []).append(requirement)
    return result


def is_known(identifier: str) -> bool:
    """Say whether the register has this id."""
    return identifier in REGISTER


def in_order(identifiers: Iterable[str]) -> list[str]:
    """Return ids in the register's order; unknown ones come last, by name."""
    position = {identifier: number for number, identifier in enumerate(REGISTER)}
    return sorted(identifiers, key=lambda identifier: (position.get(identifier, len(position)), identifier))
