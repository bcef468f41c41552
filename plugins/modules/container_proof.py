# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_proof
short_description: Prove that the Docker engine runs containers, without a registry
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Packs one small program of the node with its libraries and a number made for this run into an image, runs it
    without a network, reads the number back, and takes container and image away again.
  - Nothing is fetched and nothing stays, so the module never reports a change.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
    details:
      - In check mode no container is run; the row says so.
  diff_mode:
    support: N/A
    details:
      - Nothing stays that could differ.
  platform:
    support: full
options:
  program:
    description: The program of the node that prints the number.
    type: path
    default: /bin/cat
  timeout:
    description: Seconds that each step may take.
    type: int
    default: 60
"""

EXAMPLES = r"""
- name: Prove that containers run
  eucaim.local_node.container_proof:
  register: __docker_proof
"""

RETURN = r"""
rows:
  description: One row of evidence about CT-RUN.
  returned: always
  type: list
  elements: dict
proven:
  description: Whether the container ran and gave the number back.
  returned: always
  type: bool
"""

import io
import os
import re
import secrets
import tarfile
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node

EXPECTED = "a container made on the node runs and gives back a number made for this run"
HOW = "docker import, docker run --network none, docker image rm"


def libraries(text: str) -> list[str]:
    """Return the files that a program loads, from the output of ldd; none for a static one."""
    found: list[str] = []
    for line in text.splitlines():
        match = re.match(r"^\s*(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)$", line)
        if match and match.group(1) not in found:
            found.append(match.group(1))
    return found


def pack(files: dict[str, tuple[bytes, int]]) -> bytes:
    """Return a tar archive of files `path -> (content, mode)`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, (content, mode) in sorted(files.items()):
            info = tarfile.TarInfo(path.lstrip("/"))
            info.size = len(content)
            info.mode = mode
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def image_content(program: str, ldd_output: str, number: str) -> bytes:
    """Return the image's file system: the program, what it loads, and the number."""
    files: dict[str, tuple[bytes, int]] = {"/number": (number.encode(), 0o444)}
    for path, name in [(program, "/program"), *((path, path) for path in libraries(ldd_output))]:
        with open(os.path.realpath(path), "rb") as handle:
            files[name] = (handle.read(), 0o555)
    return pack(files)


def docker(module: AnsibleModule, *arguments: str, data: bytes = b"") -> tuple[int, str, str]:
    """Run the docker command with a limit of time."""
    limit = ["timeout", "--kill-after", "5", str(module.params["timeout"])]
    return node.run(module, [*limit, "docker", *arguments], data=data or None)


def prove(module: AnsibleModule, number: str) -> tuple[bool, str]:
    """Make the image, run it, and say what came of it; takes everything away again."""
    name = f"eucaim-proof-{number[:16]}"
    code, _out, err = docker(module, "version", "--format", "{{.Server.Version}}")
    if code:
        return False, f"the engine does not answer: {brief(code, err)}"
    _code, loaded, _err = node.run(module, ["ldd", module.params["program"]])
    content = image_content(module.params["program"], loaded, number)
    try:
        code, _out, err = docker(module, "import", "-", f"{name}:latest", data=content)
        if code:
            return False, f"no image could be made: {brief(code, err)}"
        code, out, err = docker(
            module,
            *(
                "run",
                "--rm",
                "--name",
                name,
                "--network",
                "none",
                "--read-only",
                "--cap-drop",
                "ALL",
                "--pull",
                "never",
            ),
            *("--security-opt", "no-new-privileges", "--log-driver", "none", f"{name}:latest", "/program", "/number"),
        )
        if code:
            return False, f"the container did not run: {brief(code, err)}"
        if out.strip() != number:
            return False, "the container ran and gave back something else"
        return True, "a container ran and gave the number back"
    finally:
        docker(module, "rm", "--force", "--volumes", name)
        docker(module, "image", "rm", "--force", f"{name}:latest")


def brief(code: int, err: str) -> str:
    """Return the last thing that a program said, in one short line."""
    if code in (124, 137):
        return "it took too long"
    lines = [line.strip() for line in err.splitlines() if line.strip() and not line.startswith("See ")]
    return (lines[-1] if lines else f"exit code {code}")[:300]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "program": {"type": "path", "default": "/bin/cat"},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    proven = False
    if module.check_mode:
        status, measured = "unanswered", "not measured: check mode runs no container"
    elif not module.get_bin_path("docker"):
        status, measured = "unmet", "there is no docker command"
    else:
        proven, measured = prove(module, secrets.token_hex(16))
        status = "met" if proven else "unmet"
    row = {
        "requirement": "CT-RUN",
        "status": status,
        "expected": EXPECTED,
        "measured": measured,
        "how": HOW,
        "at": at,
    }
    module.exit_json(changed=False, proven=proven, rows=[row])


if __name__ == "__main__":
    main()
