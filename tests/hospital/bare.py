# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node as some installers leave it: no Python, no sudo, and a root whose password is known."""

from __future__ import annotations

from tests.nodes.engine import LABEL, docker, exists, operator_password, run
from tests.nodes.node import Node

REMOVE = """set -e
export SUDO_FORCE_REMOVE=yes DEBIAN_FRONTEND=noninteractive
apt-get -qy purge python3-minimal sudo
apt-get -qy autoremove --purge
! command -v python3 && ! command -v sudo
"""


def image_without(base: str) -> str:
    """The node image without Python and sudo; made once from the image that it is derived from."""
    name = f"eucaim-node-without:{base.partition(':')[2]}"
    wanted = docker("image", "inspect", "-f", "{{.Id}}", base)
    label = f'{{{{index .Config.Labels "{LABEL}.derived"}}}}'
    if exists("image", name) and docker("image", "inspect", "-f", label, name) == wanted:
        return name
    builder = docker("create", "--network=none", base, "sh", "-c", REMOVE)
    try:
        run(["docker", "start", "-ai", builder])
        docker("commit", "-c", f"LABEL {LABEL}.derived={wanted}", builder, name)
    finally:
        docker("rm", "-f", "-v", builder, check=False)
    return name


class BareNode(Node):
    """A node whose image has neither Python nor sudo."""

    def _create(self, image: str) -> None:
        super()._create(image_without(image))

    def _open(self) -> None:
        """Give root the password of this checkout: the image is everybody's who works on this machine."""
        super()._open()
        secret = operator_password().read_text(encoding="utf-8").strip()
        self.exec("chpasswd", stdin=f"root:{secret}\n")
