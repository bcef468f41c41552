# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The initial file system that the role has made is the one that the machine starts from. It takes many minutes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.storage.world import Storage, machine, named

SIZE = 400 * (1 << 20)
POINT = "/srv/eucaim"
# The real program, with what this machine needs and not more, packed as fast as can be.
REAL = """set -e
rm /usr/sbin/update-initramfs
dpkg-divert --quiet --local --rename --remove /usr/sbin/update-initramfs
printf 'MODULES=dep\\nCOMPRESS=gzip\\nCOMPRESSLEVEL=1\\n' > /etc/initramfs-tools/conf.d/fast
rm -f /boot/initrd.img-*; touch /boot/initrd.img-$(uname -r)
"""


@pytest.fixture(scope="module")
def node() -> Iterator[Storage]:
    """A machine whose update-initramfs is the real one."""
    made = Storage(machine("storage-start", 22237, 3, SIZE), {"storage_drives": named(0, 1, 2)})
    try:
        made.machine.up()
        made.sh(REAL)
        yield made
    finally:
        made.machine.down()


def test_the_array_has_its_name_from_the_first_second_on(node: Storage) -> None:
    """mdadm.conf with the array is in the initial file system, which starts the array itself."""
    node.run().succeeded()
    node.settled()
    before = node.fill(f"{POINT}/images", count=5)
    initrd = node.machine.folder / "initrd"
    with initrd.open("wb") as stream:
        subprocess.run(
            ["ssh", "-F", str(node.machine.ssh_config), node.machine.name, "cat /boot/initrd.img-*"],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            check=True,
        )
    assert "etc/mdadm/mdadm.conf" in node.sh("lsinitramfs /boot/initrd.img-$(uname -r)")
    node.sh("sync; umount /srv/eucaim; mdadm --stop /dev/md/eucaim")
    node.machine.power_cut()
    node.machine.power_on(initrd)
    assert node.sh(f"findmnt -no SOURCE {POINT}") == node.sh("readlink -e /dev/md/eucaim")
    assert "md/eucaim" in node.sh("udevadm info -q symlink -n /dev/md/eucaim")
    assert node.sums(f"{POINT}/images") == before
    node.unchanged()
