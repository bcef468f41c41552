# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which operating systems a node may run, and until when each gets security fixes (OS-LTS).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
The dates are the projects' own, read in November 2026; ``source`` names where.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

DEBIAN_SOURCE = "https://www.debian.org/releases/ and https://wiki.debian.org/LTS"
UBUNTU_SOURCE = "https://ubuntu.com/about/release-cycle"
RHEL_SOURCE = "https://access.redhat.com/support/policy/updates/errata"
ROCKY_SOURCE = "https://wiki.rockylinux.org/rocky/version/"
ALMA_SOURCE = "https://wiki.almalinux.org/release-notes/"
CENTOS_SOURCE = "https://www.centos.org/cl-vs-cs/"
ORACLE_SOURCE = "https://www.oracle.com/a/ocom/docs/elsp-lifetime-069338.pdf"

# What Ansible calls a distribution, for each ID of /etc/os-release.
ANSIBLE_NAMES = {
    "debian": "Debian",
    "ubuntu": "Ubuntu",
    "rhel": "RedHat",
    "rocky": "Rocky",
    "almalinux": "AlmaLinux",
    "centos": "CentOS",
    "ol": "OracleLinux",
}


@dataclass(frozen=True)
class Release:
    """One release of a distribution, and its three ends."""

    os_id: str
    version: str
    name: str
    standard_end: date  # the distribution's own security team
    public_end: date  # the last fix that everybody gets (Debian: LTS)
    contract_end: date  # the last fix that a contract buys
    contract: str
    source: str


def _el(os_id: str, name: str, nine: date, ten: date, contract: str, source: str, more_years: int) -> list[Release]:
    """Return releases 9 and 10 of a member of the RHEL family."""
    releases = []
    for version, end in (("9", nine), ("10", ten)):
        last = end.replace(year=end.year + more_years)
        releases.append(Release(os_id, version, f"{name} {version}", end, end, last, contract, source))
    return releases


RELEASES: tuple[Release, ...] = (
    Release(
        "debian", "12", "Debian 12 (bookworm)", date(2026, 7, 11), date(2028, 6, 30), date(2033, 6, 30),
        "Freexian ELTS", DEBIAN_SOURCE,
    ),
    Release(
        "debian", "13", "Debian 13 (trixie)", date(2028, 8, 9), date(2030, 6, 30), date(2035, 6, 30),
        "Freexian ELTS", DEBIAN_SOURCE,
    ),
    Release(
        "ubuntu", "22.04", "Ubuntu 22.04 LTS", date(2027, 6, 1), date(2027, 6, 1), date(2032, 4, 21),
        "Ubuntu Pro", UBUNTU_SOURCE,
    ),
    Release(
        "ubuntu", "24.04", "Ubuntu 24.04 LTS", date(2029, 5, 31), date(2029, 5, 31), date(2034, 4, 25),
        "Ubuntu Pro", UBUNTU_SOURCE,
    ),
    Release(
        "ubuntu", "26.04", "Ubuntu 26.04 LTS", date(2031, 5, 29), date(2031, 5, 29), date(2036, 4, 23),
        "Ubuntu Pro", UBUNTU_SOURCE,
    ),
    *_el("rhel", "Red Hat Enterprise Linux", date(2032, 5, 31), date(2035, 5, 31), "Red Hat ELS", RHEL_SOURCE, 3),
    *_el("rocky", "Rocky Linux", date(2032, 5, 31), date(2035, 5, 31), "", ROCKY_SOURCE, 0),
    *_el("almalinux", "AlmaLinux", date(2032, 5, 31), date(2035, 5, 31), "", ALMA_SOURCE, 0),
    *_el("centos", "CentOS Stream", date(2027, 5, 31), date(2030, 1, 1), "", CENTOS_SOURCE, 0),
    *_el("ol", "Oracle Linux", date(2032, 6, 30), date(2035, 6, 30), "Oracle Extended Support", ORACLE_SOURCE, 3),
)  # fmt: skip

NEEDED = (
    "a long-term release that still gets security fixes: Debian 12 or 13, Ubuntu 22.04, 24.04 or 26.04, "
    "or release 9 or 10 of RHEL, Rocky Linux, AlmaLinux, CentOS Stream or Oracle Linux"
)


@dataclass(frozen=True)
class Support:
    """What is said of a node's operating system on a day."""

    supported: bool
    found: str
    remedy: str


def find_release(os_id: str, version: str) -> Release | None:
    """Return the release with this ID and VERSION_ID of /etc/os-release; a minor release counts as its major one."""
    candidates = {version, version.split(".", maxsplit=1)[0]} if os_id != "ubuntu" else {version}
    for release in RELEASES:
        if release.os_id == os_id and release.version in candidates:
            return release
    return None


def os_id_of(distribution: str) -> str:
    """Return the ID of /etc/os-release for what Ansible calls a distribution."""
    for os_id, name in ANSIBLE_NAMES.items():
        if name == distribution:
            return os_id
    return distribution.lower()


def judge_support(os_id: str, version: str, name: str, today: date, with_contract: bool) -> Support:
    """Say whether an operating system still gets security fixes today.

    ``with_contract``: the site says that it bought the extended support of its distribution.
    """
    release = find_release(os_id, version)
    if release is None:
        return Support(
            supported=False,
            found=f"{name or 'an unknown system'}, which is not in the list",
            remedy="install a release from the list on this machine, Debian 13 if there is no house rule",
        )
    if today <= release.standard_end:
        return Support(True, f"{release.name}, security fixes until {release.public_end}", "")
    if today <= release.public_end:
        found = f"{release.name}, standard support ended {release.standard_end}, LTS fixes until {release.public_end}"
        return Support(True, found, "")
    if release.contract and today <= release.contract_end:
        found = f"{release.name}, public support ended {release.public_end}"
        if with_contract:
            return Support(True, f"{found}; the site has {release.contract} until {release.contract_end}", "")
        return Support(
            False,
            found,
            f"upgrade to a newer release, or if this machine has {release.contract} "
            f"(until {release.contract_end}) set preflight_extended_support: true",
        )
    return Support(False, f"{release.name}, all support ended {release.contract_end}", "upgrade to a newer release")
