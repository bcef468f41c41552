# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the bundle to an answered query with no network at all; and bundles that were damaged on the way."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.hospital.isolated import CARRIED, CONTROL, INVENTORY, NODE, TARGET, Site, made, make_bundle
from tests.site.driver import SCRATCH, Run, playbook

BUNDLE = SCRATCH / "offline" / "bundle"
SITE = "eucaim.local_node.site"
# A name outside is asked for, and a connection made to addresses there.
OUTSIDE = """
import socket, sys
try:
    print("resolved", socket.getaddrinfo(sys.argv[1], 443))
except OSError:
    pass
for address in (("1.1.1.1", 443), ("151.101.2.132", 80)):
    try:
        socket.create_connection(address, 3)
        print("reached", address)
    except OSError:
        pass
print("asked")
"""


@pytest.fixture(scope="module")
def bundle() -> Path:
    """A bundle of this checkout, made anew."""
    shutil.rmtree(BUNDLE, ignore_errors=True)
    make_bundle(BUNDLE).succeeded()
    return BUNDLE


@pytest.fixture(scope="module")
def site(bundle: Path) -> Iterator[Site]:
    """The site, with the bundle installed on its control machine and the inventory filled in."""
    with made(bundle) as here:
        _code, said = here.control.do(f"{CARRIED}/install --target {TARGET}")
        assert "installed eucaim.local_node" in said
        here.write_inventory()
        yield here


def test_a_bundle_that_is_complete_is_left_as_it_is(bundle: Path) -> None:
    """And one that is not there is foretold in check mode, and not made."""
    before = (bundle / "SHA256SUMS").read_bytes()
    assert make_bundle(bundle).succeeded().changed == 0
    assert (bundle / "SHA256SUMS").read_bytes() == before


def test_the_bundle_has_a_sum_for_every_file(bundle: Path) -> None:
    """In the form that sha256sum reads, nothing left out, and no key that could sign more."""
    files = {str(path.relative_to(bundle)) for path in bundle.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    lines = (bundle / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    assert sorted(line.split("  ", 1)[1] for line in lines) == sorted(files)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=bundle, check=True)
    assert {path.split("/")[0] for path in files} >= {"collections", "images", "install", "packages", "wheels"}
    assert not [path for path in files if "PRIVATE" in (bundle / path).read_bytes()[:200].decode(errors="replace")]
    settings = yaml.safe_load((bundle / "offline.yml.in").read_text(encoding="utf-8"))
    assert sorted(settings["federation_images"]) == ["beam_proxy", "focus", "mediator"]


def flip(path: Path) -> None:
    """Change one byte in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)


DAMAGES: list[tuple[str, Callable[[Path], None], str]] = [
    ("packages/debian13-amd64.tar", flip, "found packages/debian13-amd64.tar with another content"),
    ("install", flip, "found install with another content"),
    ("images/focus.tar", Path.unlink, "found no file images/focus.tar"),
    ("collections/eucaim-local_node.tar.gz", flip, "found collections/eucaim-local_node.tar.gz with another content"),
    ("wheels/3.13/more.whl", Path.touch, "found wheels/3.13/more.whl, which is not of this bundle"),
    ("SHA256SUMS", Path.unlink, "found no SHA256SUMS in"),
]


@pytest.mark.parametrize(("name", "damage", "words"), DAMAGES, ids=[item[0] for item in DAMAGES])
def test_a_damaged_bundle_is_refused_by_name(
    bundle: Path, tmp_path: Path, name: str, damage: Callable[[Path], None], words: str
) -> None:
    """Nothing is installed, and no other file is accused."""
    copy = SCRATCH / "offline" / "damaged"
    shutil.rmtree(copy, ignore_errors=True)
    subprocess.run(["cp", "-al", str(bundle), str(copy)], check=True)
    try:
        damage(copy / name)
        # The installer of the good bundle judges the other, as its own may be what was damaged.
        command = [
            sys.executable,
            str(bundle / "install"),
            "--bundle",
            str(copy),
            "--target",
            str(tmp_path / "control"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(copy)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("found ") == 1
    assert "Nothing was installed." in done.stderr
    assert not (tmp_path / "control").exists()


def entry(name: str, directory: Path) -> Run:
    """Run another entry point of the role on a folder."""
    task = {
        "name": "Call the role",
        "ansible.builtin.import_role": {"name": "eucaim.local_node.bundle", "tasks_from": name},
    }
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
    path = directory.parent / f"{name}.yml"
    path.write_text(json.dumps([play]), encoding="utf-8")
    return playbook(str(path), "-e", f"bundle_directory={directory}", inventory=directory.parent / "no-hosts.yml")


def test_the_role_proves_and_takes_away(bundle: Path) -> None:
    """A damaged bundle is not proven; what is no bundle is not deleted."""
    copy = SCRATCH / "offline" / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    subprocess.run(["cp", "-al", str(bundle), str(copy)], check=True)
    assert entry("verify", copy).succeeded().changed == 0
    flip(copy / "README.md")
    damaged = entry("verify", copy)
    assert damaged.rc != 0
    assert "found README.md with another content" in damaged.output
    assert entry("remove", copy).succeeded().changed == 1
    assert not copy.exists()
    copy.mkdir()
    assert entry("remove", copy).succeeded().changed == 0
    copy.rmdir()


def test_the_sum_that_was_told_over_another_way(bundle: Path, tmp_path: Path) -> None:
    """Somebody who changes a file and its sum is found out by it."""
    command = [sys.executable, str(bundle / "install"), "--target", str(tmp_path / "control"), "--expect", "0" * 64]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "needed: the sum 000000" in done.stderr) == (1, True)


def test_there_is_no_network(site: Site) -> None:
    """Neither the node nor its control machine resolves a name outside or reaches an address there."""
    assert site.control.do("python3 - pypi.org", stdin=OUTSIDE)[1] == "asked\n"
    assert site.world.node.exec("python3 - deb.debian.org", stdin=OUTSIDE).stdout == "asked\n"
    # The way that there is.
    assert site.control.do(f"ssh operator@{NODE} 'echo $SSH_CONNECTION'")[1].split()[0] == CONTROL


def test_from_the_bundle_to_an_answered_query(site: Site) -> None:
    """The same commands as with a network; the second run changes nothing, and the report has no unmet row."""
    control, world = site.control, site.world
    control.playbook("eucaim.local_node.preflight").succeeded()
    told = control.playbook(SITE, "--check", "--diff").succeeded()
    assert told.changed > 0
    assert world.node.exec("dpkg-query -W docker.io", check=False).returncode != 0
    first = control.playbook(SITE).succeeded()
    site.sign()
    answer = world.far_end.query(world.provider, timeout=90)
    assert len(answer["collections"]) == 2
    again = control.playbook(SITE).succeeded()
    assert again.changed == 0, again.output[-6000:]
    assert first.changed > 0
    control.playbook("eucaim.local_node.verify").succeeded()
    _code, evidence = control.do(f"cat {INVENTORY}/reports/{world.node.name}/evidence.json")
    rows = {row["requirement"]: row for row in json.loads(evidence)["rows"]}
    assert [name for name, row in rows.items() if row["status"] == "unmet"] == []
    assert "package source is on the node itself" in rows["OS-DEVICES"]["measured"]
    assert rows["OS-UPDATE"]["status"] == rows["CT-DOCKER"]["status"] == rows["FED-PROBE"]["status"] == "met"
    used = world.node.exec("apt-cache policy docker.io").stdout
    assert "file:/var/lib/eucaim/packages/" in used
    assert "deb.debian.org" not in used
    # Another network, another site: without the bundle the node has its own sources again.
    control.do(f"sed -i /^base_package_archive/d {INVENTORY}/group_vars/local_nodes/offline.yml")
    control.playbook(SITE, "--tags", "base_install", "-e", "base_upgrade=none").succeeded()
    assert "deb.debian.org" in world.node.exec("apt-get update --print-uris").stdout
    assert world.node.exec("ls -d /var/lib/eucaim/packages", check=False).returncode != 0
