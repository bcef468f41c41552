# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One throw-away virtual machine: a node with a kernel, firmware tables and drives of its own, reached over loopback.

It runs under emulation, without the help of the processor, so that it works where virtual machines cannot be nested;
what starts many programs is slow. Its packages are baked into the image. Its drives are sparse files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.nodes import images
from tests.nodes.engine import CACHE, LABEL, docker, operator_key, operator_password, run
from tests.nodes.login import USER, Login

MACHINES = CACHE / "machines"
# What an installed server has beside the packages of a container: a kernel, a way to start it, and tools for drives.
STARTS = ("linux-image-amd64", "initramfs-tools", "kmod", "udev")
# These come when the initial file system has been made: what is in it is as on a server that got its drives later.
LATER = ("dmidecode", "e2fsprogs", "smartmontools", "mdadm", "xfsprogs", "lvm2", "cryptsetup", "fdisk")
# What reads /etc/crypttab while a node starts; a package of its own since Debian 13.
OPENS = {"debian13": ("systemd-cryptsetup",)}
DISK_BYTES = 6 * 2**30
FIRST_SECTOR = 2048
SECTOR = 512

BAKE = """set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
apt-get update -q
starts=
while [ "$1" != -- ]; do starts="$starts $1"; shift; done
shift
apt-get install -qy --no-install-recommends $starts
# Making an initial file system takes many minutes under emulation; what was asked for is noted instead.
dpkg-divert --quiet --local --rename --divert /usr/sbin/update-initramfs.real --add /usr/sbin/update-initramfs
printf '#!/bin/sh\\necho "$@" >> /var/log/initramfs-asked-for\\n' > /usr/sbin/update-initramfs
chmod 755 /usr/sbin/update-initramfs
apt-get install -qy --no-install-recommends "$@"
rm -f /var/log/initramfs-asked-for
rm -f /usr/sbin/policy-rc.d
systemctl unmask systemd-remount-fs.service dev-hugepages.mount
systemctl enable systemd-networkd.service
printf '[Match]\\nName=en*\\n[Network]\\nDHCP=ipv4\\n' > /etc/systemd/network/80-dhcp.network
printf '/dev/disk/by-label/root / ext4 defaults 0 1\\n' > /etc/fstab
ssh-keygen -q -A
install -d -m 700 -o operator -g users /home/operator/.ssh
apt-get clean
rm -rf /var/lib/apt/lists/*
"""


@dataclass(frozen=True)
class DriveSpec:
    """A drive to put into a machine: bytes, whether it turns, and the serial number by which Linux finds it."""

    bytes: int
    solid: bool = False
    serial: str = ""


@dataclass(frozen=True)
class Image:
    """What a machine starts from."""

    disk: Path
    kernel: Path
    initrd: Path


@dataclass(frozen=True)
class Machine(Login):
    """A virtual machine by its name and the port of loopback that leads to its sshd; nothing happens before up()."""

    name: str
    port: int = 22201
    distribution: str = "debian13"
    memory_mib: int = 1536
    # With two, a busy emulator may show one a half-written instruction of a kernel that patches itself, and it panics.
    cpus: int = 1
    drives: tuple[DriveSpec, ...] = ()
    # Network adapters, all on one switch.
    links: int = 1
    smbios: tuple[str, ...] = field(default=())

    ip = "127.0.0.1"
    pause = 1.0

    @property
    def folder(self) -> Path:
        """Where the machine's own files are."""
        return MACHINES / self.name

    def up(self, say: images.Say = print) -> Machine:
        """Make the machine and start it; returns when sshd lets the user in."""
        started = time.monotonic()
        image = ensure(self.distribution, say)
        self.down()
        self.folder.mkdir(parents=True)
        backing = ["-b", str(image.disk), "-F", "raw"]
        run(["qemu-img", "create", "-q", "-f", "qcow2", *backing, str(self.folder / "system.qcow2")])
        for number, drive in enumerate(self.drives):
            with self.drive_file(number).open("wb") as stream:
                stream.truncate(drive.bytes)
        self._trust(image)
        self.start(image)
        say(f"{self.name} is up on port {self.port} ({time.monotonic() - started:.1f} s)")
        return self

    def start(self, image: Image) -> None:
        """Switch the machine on."""
        drives = [part for number in range(len(self.drives)) for part in self._drive(number)]
        system = DriveSpec(DISK_BYTES, solid=True, serial="SYSTEM")
        (self.folder / "qmp").unlink(missing_ok=True)
        # Guards against spying between processes cost an emulated processor a quarter of its time.
        options = "root=/dev/disk/by-label/root rw console=ttyS0 quiet mitigations=off"
        command = [
            *("qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", "max", "-smp", str(self.cpus)),
            *("-m", str(self.memory_mib), "-display", "none", "-nodefaults", "-no-user-config"),
            *("-serial", f"file:{self.folder / 'console.log'}", "-pidfile", str(self.folder / "pid"), "-daemonize"),
            *("-qmp", f"unix:{self.folder / 'qmp'},server=on,wait=off"),
            *("-kernel", str(image.kernel), "-initrd", str(image.initrd)),
            *("-append", options),
            *self._links(),
            *("-device", "virtio-rng-pci", "-device", "virtio-scsi-pci,id=scsi0"),
            *drive_arguments(self.folder / "system.qcow2", 0, system, "qcow2"),
            *drives,
            *(part for table in self.smbios for part in ("-smbios", table)),
        ]
        run(command, timeout=60)
        self.wait(240)

    def _links(self) -> list[str]:
        """Return the way out, on the adapter itself or on a switch that several adapters share."""
        out = ["-netdev", f"user,id=net0,hostfwd=tcp:127.0.0.1:{self.port}-:22"]
        if self.links == 1:
            return [*out, "-device", "virtio-net-pci,netdev=net0"]
        out += ["-netdev", "hubport,id=uplink,hubid=0,netdev=net0"]
        for number in range(self.links):
            out += ["-netdev", f"hubport,id=port{number},hubid=0"]
            out += ["-device", f"virtio-net-pci,netdev=port{number},id=nic{number},mac={mac(number)}"]
        return out

    def cable(self, number: int, plugged: bool) -> None:
        """Put the cable of an adapter in, or pull it out."""
        assert self.monitor(f"set_link nic{number} {'on' if plugged else 'off'}") == ""

    def _drive(self, number: int) -> list[str]:
        return drive_arguments(self.drive_file(number), number + 1, self.drives[number])

    def drive_file(self, number: int) -> Path:
        """The file behind a drive, which the hypervisor's side can read."""
        return self.folder / f"drive{number}.img"

    def power_cut(self) -> None:
        """Switch the machine off from one moment to the next. Its drives keep what they had said was written."""
        self._kill()

    def power_on(self, initrd: Path | None = None) -> None:
        """Switch the machine on again, with the drives as they are; perhaps from another initial file system."""
        image = ensure(self.distribution)
        self.start(replace(image, initrd=initrd) if initrd else image)

    def monitor(self, line: str) -> str:
        """Give the emulator a command, in the words of its monitor, and return what it says (QEMU, HMP)."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            # Relative: the name of a socket has little room.
            connection.connect(os.path.relpath(self.folder / "qmp"))
            with connection.makefile("rw", encoding="utf-8") as stream:
                stream.readline()
                answer: dict[str, Any] = {}
                for command in (
                    {"execute": "qmp_capabilities"},
                    {"execute": "human-monitor-command", "arguments": {"command-line": line}},
                ):
                    stream.write(json.dumps(command) + "\n")
                    stream.flush()
                    answer = json.loads(stream.readline())
                    while "event" in answer:
                        answer = json.loads(stream.readline())
                return str(answer["return"]).strip()

    def pull(self, number: int) -> None:
        """Pull a drive out while the machine runs."""
        assert self.monitor(f"device_del slot{number + 1}") == ""
        deadline = time.monotonic() + 60
        while f"d{number + 1}:" in self.monitor("info block"):
            assert time.monotonic() < deadline, f"drive {number} of {self.name} is still there"
            time.sleep(0.2)

    def plug(self, number: int) -> None:
        """Put a drive in while the machine runs: the one that was pulled, or whatever its file holds by now."""
        _drive, backend, _device, front = self._drive(number)
        assert self.monitor(f"drive_add 0 {backend}") in ("", "OK")
        assert self.monitor(f"device_add {front}") == ""

    def _trust(self, image: Image) -> None:
        """Write down the host key, which was made with the image, and how to log in."""
        key = image.disk.with_suffix(".pub").read_text(encoding="ascii")
        self.trust(f"[{self.ip}]:{self.port}", key, self.ip, self.port, 10)

    def variables(self) -> dict[str, Any]:
        """How Ansible reaches the machine: over a port of loopback."""
        return {**super().variables(), "ansible_port": self.port}

    def last_words(self) -> str:
        """Return the end of what stood on the console."""
        return (self.folder / "console.log").read_text(encoding="utf-8", errors="replace")[-1500:]

    def sudo(self, command: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root."""
        secret = operator_password().read_text(encoding="utf-8").strip()
        return self.ssh(f"sudo -S -p '' sh -c {quoted(command)}", stdin=f"{secret}\n", check=check)

    def down(self) -> None:
        """Switch the machine off and take its files away."""
        self._kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.forget()

    def _kill(self) -> None:
        pid = self.folder / "pid"
        if pid.exists():
            number = pid.read_text(encoding="ascii").strip()
            command = Path("/proc", number, "cmdline")
            # Only the process that this folder belongs to: a number may have been given to another one since.
            if command.exists() and str(self.folder) in command.read_text(encoding="utf-8", errors="replace"):
                run(["kill", "-9", number], check=False)
                while alive(number):
                    time.sleep(0.05)


def alive(number: str) -> bool:
    """Whether a process is still there. One that is dead and not yet waited for has let go of its files.

    Of one that was killed the first thread may be dead while another still holds the files.
    """
    for stat in Path("/proc", number, "task").glob("*/stat"):
        try:
            state = stat.read_text(encoding="utf-8", errors="replace").rpartition(") ")[2]
        except OSError:
            continue  # that thread has gone meanwhile
        if state[0] not in "ZX":
            return True
    return False


def mac(number: int) -> str:
    """Return the address of an adapter, by its number."""
    return f"52:54:00:e0:ca:{number + 0x10:02x}"


def quoted(text: str) -> str:
    """Return a text as one word for a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def drive_arguments(path: Path, number: int, drive: DriveSpec, form: str = "raw") -> list[str]:
    """Return how a file becomes a SCSI drive of the machine."""
    rate = 1 if drive.solid else 7200
    serial = drive.serial or f"EUCAIM{number:04d}"
    return [
        *("-drive", f"file={path},format={form},if=none,id=d{number},cache=unsafe,discard=unmap,detect-zeroes=unmap"),
        *(
            "-device",
            f"scsi-hd,id=slot{number},drive=d{number},bus=scsi0.0,scsi-id={number},rotation_rate={rate},serial={serial}",
        ),
    ]


def packages(distribution: str) -> tuple[str, ...]:
    """The packages of a machine, as the script that installs them takes them."""
    return (*STARTS, "--", *LATER, *OPENS.get(distribution, ()))


def recipe(distribution: str) -> str:
    """A hash over everything that the image is made from."""
    parts = [images.recipe(distribution), BAKE, *packages(distribution), str(DISK_BYTES)]
    parts += [operator_key().with_suffix(".pub").read_text(encoding="utf-8")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def ensure(distribution: str = "debian13", say: images.Say = print) -> Image:
    """The disk, kernel and initial file system of this recipe, made if they are not there yet."""
    need("qemu-system-x86_64", "qemu-system-x86", say)
    need("qemu-img", "qemu-utils", say)
    need("sfdisk", "fdisk", say)
    folder = MACHINES / "images"
    stem = f"{distribution}-{recipe(distribution)}"
    image = Image(folder / f"{stem}.raw", folder / f"{stem}.vmlinuz", folder / f"{stem}.initrd")
    if image.disk.exists():
        return image
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{distribution}-*"):
        old.unlink()
    say(f"making a virtual machine of {distribution} (about two minutes)")
    with tempfile.TemporaryDirectory(dir=folder) as name:
        tree = Path(name) / "tree"
        tree.mkdir()
        unpack(distribution, tree, say)
        admit(tree)
        kernel, initrd = (max((tree / "boot").glob(pattern)) for pattern in ("vmlinuz-*", "initrd.img-*"))
        shutil.copy(kernel, image.kernel)
        shutil.copy(initrd, image.initrd)
        shutil.copy(tree / "etc/ssh/ssh_host_ed25519_key.pub", image.disk.with_suffix(".pub"))
        part = image.disk.with_suffix(".part")
        make_disk(tree, part)
        part.rename(image.disk)
    return image


def need(program: str, package: str, say: images.Say) -> None:
    """Install a program of this machine, if it is missing."""
    if shutil.which(program) is None:
        say(f"installing {package}")
        run(["apt-get", "install", "-qy", "--no-install-recommends", package])


def unpack(distribution: str, tree: Path, say: images.Say) -> None:
    """Install the machine's packages into the image of a node, and lay its files out."""
    start = images.ensure(distribution, say)
    builder = docker("create", "-i", "--label", f"{LABEL}=build", start, "sh", "-s", "--", *packages(distribution))
    try:
        run(["docker", "start", "-ai", builder], stdin=BAKE)
        archive = tree.parent / "tree.tar"
        docker("export", "-o", str(archive), builder)
        run(["tar", "-C", str(tree), "--numeric-owner", "-xpf", str(archive)])
        archive.unlink()
    finally:
        docker("rm", "-f", "-v", builder, check=False)
    # The engine keeps these three to itself.
    (tree / ".dockerenv").unlink(missing_ok=True)
    (tree / "etc/hostname").write_text("machine\n", encoding="ascii")
    (tree / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1 machine\n", encoding="ascii")
    (tree / "etc/resolv.conf").write_text("nameserver 10.0.2.3\n", encoding="ascii")


def admit(tree: Path) -> None:
    """Let the user of the throw-away nodes in, with this checkout's key and password."""
    public = operator_key().with_suffix(".pub").read_text(encoding="utf-8")
    keys = tree / "home" / USER / ".ssh" / "authorized_keys"
    keys.write_text(public, encoding="utf-8")
    owner = keys.parent.stat()
    os.chown(keys, owner.st_uid, owner.st_gid)
    keys.chmod(0o600)
    secret = operator_password().read_text(encoding="utf-8").strip()
    run(["chroot", str(tree), "chpasswd"], stdin=f"{USER}:{secret}\n")


def make_disk(tree: Path, disk: Path) -> None:
    """Lay a file tree onto a partition of a new disk."""
    with disk.open("wb") as stream:
        stream.truncate(DISK_BYTES)
    run(["sfdisk", "--quiet", str(disk)], stdin=f"label: gpt\n{FIRST_SECTOR},,L\n")
    offset = FIRST_SECTOR * SECTOR
    size = DISK_BYTES - 2 * offset
    options = f"lazy_itable_init=0,lazy_journal_init=0,offset={offset}"
    run(
        [
            "mke2fs",
            "-q",
            "-F",
            "-t",
            "ext4",
            "-L",
            "root",
            "-E",
            options,
            "-d",
            str(tree),
            str(disk),
            f"{size // 1024}k",
        ]
    )
