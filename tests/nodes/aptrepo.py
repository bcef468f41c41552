# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small signed apt repository, as a hospital's mirror: Debian 13's engine and Compose, which install on Debian 12.

Debian 12's own packages lack Compose v2, and its docker.io does not go together with the docker-cli of Debian 13. So
the mirror carries the four packages of one release; what they need comes from Debian 12 itself.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.nodes import images
from tests.nodes.engine import LABEL, docker, exists, run

NAME = "mirror.hospital.test"
PACKAGES = ("docker.io", "docker-cli", "docker-compose", "docker-buildx")
SUITE, COMPONENT = "bookworm", "stable"
# The key is made with the image, and nobody knows its private half but the image.
BUILD = f"""set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -qy --no-install-recommends apt-utils gnupg python3-minimal libpython3-stdlib
mkdir -p /repository/pool /repository/dists/{SUITE}/{COMPONENT}
cd /repository/pool
apt-get -o APT::Sandbox::User=root download {" ".join(PACKAGES)}
cd /repository
architecture=$(dpkg --print-architecture)
mkdir dists/{SUITE}/{COMPONENT}/binary-$architecture
apt-ftparchive packages pool > dists/{SUITE}/{COMPONENT}/binary-$architecture/Packages
apt-ftparchive -o APT::FTPArchive::Release::Suite={SUITE} -o APT::FTPArchive::Release::Codename={SUITE} \
  -o APT::FTPArchive::Release::Components={COMPONENT} -o APT::FTPArchive::Release::Architectures=$architecture \
  release dists/{SUITE} > /Release
mv /Release dists/{SUITE}/Release
gpg --batch --quiet --passphrase '' --quick-generate-key 'Throw-away mirror <mirror@hospital.test>' ed25519 sign never
gpg --batch --yes --clearsign --output dists/{SUITE}/InRelease dists/{SUITE}/Release
gpg --armor --export > key.asc
gpg --with-colons --fingerprint | awk -F: '$1 == "fpr" {{ print $10; exit }}' > fingerprint
apt-get clean
"""


@dataclass(frozen=True)
class Mirror:
    """The repository, served over HTTP on a node's network; nothing happens before up()."""

    network: str
    ip: str

    @property
    def name(self) -> str:
        """Name of the container."""
        return f"{self.network}-mirror"

    @property
    def url(self) -> str:
        """The repository's URL."""
        return f"http://{NAME}"

    def image(self) -> str:
        """The image with repository and server, made once; returns its name."""
        wanted = hashlib.sha256((BUILD + images.mirror() + images.apt_proxy()).encode()).hexdigest()[:16]
        name = f"eucaim-mirror:{wanted}"
        if not exists("image", name):
            start = images.bare_image("debian13", print)
            builder = docker("create", "--label", f"{LABEL}=build", start, "sh", "-c", BUILD)
            try:
                with tempfile.TemporaryDirectory() as folder:
                    images.outside(Path(folder))
                    docker("cp", f"{folder}/.", f"{builder}:/")
                run(["docker", "start", "-a", builder])
                docker("commit", builder, name)
            finally:
                docker("rm", "-f", "-v", builder, check=False)
        return name

    def up(self) -> Mirror:
        """Serve the repository."""
        self.down()
        words = ["--detach", "--name", self.name, "--label", f"{LABEL}=mirror", "--network", self.network]
        words += ["--ip", self.ip, "--network-alias", NAME]
        docker("run", *words, self.image(), "python3", "-m", "http.server", "--directory", "/repository", "80")
        return self

    def down(self) -> None:
        """Take the server away; the image stays."""
        docker("rm", "-f", "-v", self.name, check=False)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the key."""
        return docker("exec", self.name, "cat", "/repository/fingerprint")

    def settings(self) -> dict[str, object]:
        """What an inventory says about it."""
        return {
            "docker_source": "mirror",
            "docker_mirror_url": self.url,
            "docker_key_url": f"{self.url}/key.asc",
            "docker_key_fingerprint": self.fingerprint,
            "docker_engine_packages": list(PACKAGES),
        }
