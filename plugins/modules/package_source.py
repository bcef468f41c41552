# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_source
short_description: Add a source of packages whose key was verified first
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Writes a deb822 source, its key and a version pin for apt, or a repository file for dnf.
  - The key is read before anything is written. When its fingerprint is not the expected one, or another key hides
    beside it, nothing is written and the task fails in words. The node needs no C(gpg) and no C(python3-debian).
  - A key that is already there with the right fingerprint is not fetched again.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
    details:
      - A key that has to be fetched is fetched in check mode too, to tell whether it is the right one.
  diff_mode:
    support: full
  platform:
    support: full
options:
  name:
    description: The name of the source, used in file names.
    type: str
    required: true
  description:
    description: One line about the source.
    type: str
    default: ""
  state:
    description:
      - V(present) writes the source, V(absent) takes it away.
      - V(pin) keeps the pin only, for packages that come from the distribution.
    type: str
    choices: [present, pin, absent]
    default: present
  format:
    description: The package manager.
    type: str
    choices: [apt, dnf]
    default: apt
  url:
    description: The repository's URL.
    type: str
    default: ""
  suite:
    description: The suite, for apt.
    type: str
    default: ""
  components:
    description: The components, for apt.
    type: list
    elements: str
    default: []
  key:
    description: The key itself, armoured; then nothing is fetched.
    type: str
    default: ""
  key_url:
    description: Where to fetch the key when O(key) is empty.
    type: str
    default: ""
  fingerprint:
    description: The fingerprint that the key must have.
    type: str
    default: ""
  version:
    description: The version to pin the engine's packages to; empty for none.
    type: str
    default: ""
  packages:
    description: The packages that the pin is about.
    type: list
    elements: str
    default: []
  http_proxy:
    description: The proxy for fetching the key over http.
    type: str
    default: ""
  https_proxy:
    description: The proxy for fetching the key over https.
    type: str
    default: ""
  no_proxy:
    description: Hosts that are fetched from without a proxy.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Add the vendor's source, its key verified
  eucaim.local_node.package_source:
    name: eucaim-docker
    url: https://download.docker.com/linux/debian
    suite: trixie
    components: [stable]
    key_url: https://download.docker.com/linux/debian/gpg
    fingerprint: 9DC858229FC7DD38854AE2D88D81803C0EBFCD88
"""

RETURN = r"""
files:
  description: The files that belong to the source.
  returned: always
  type: list
  elements: str
fingerprints:
  description: The fingerprints found in the key.
  returned: when O(state) is V(present)
  type: list
  elements: str
"""

import glob
import os
import re
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node
from ansible_collections.eucaim.local_node.plugins.module_utils import _openpgp as openpgp
from ansible_collections.eucaim.local_node.plugins.module_utils import _package_source as sources
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

ROOT = ""
LARGEST_KEY = 1 << 20


def refuse(module: AnsibleModule, found: str, needed: str, remedy: str) -> None:
    """Stop in words; nothing was written."""
    refusal = Refusal("CT-DOCKER", "docker_key_fingerprint", found, needed, remedy)
    module.fail_json(msg=refusal.text(), refusals=[refusal.as_dict()])


def fetch(module: AnsibleModule, url: str) -> bytes:
    """Fetch the key, through the site's proxy when there is one."""
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        if module.params[name]:
            os.environ[name] = module.params[name]
    try:
        return open_url(url, timeout=30).read(LARGEST_KEY)
    except Exception as error:  # every way in which a fetch fails ends in the same words
        refuse(
            module,
            f"no key at {url} ({type(error).__name__}: {error})",
            "the key of the package source",
            "check the URL and the proxy, or give the key itself in docker_key",
        )
        raise


def verified(module: AnsibleModule, content: bytes, where: str) -> openpgp.Keys:
    """Return the keys in a block after checking that there is none but the expected one."""
    expected = module.params["fingerprint"]
    try:
        keys = openpgp.read_keys(content)
        strangers = openpgp.unexpected(keys, expected)
    except openpgp.KeyFormatError as error:
        refuse(
            module, f"what {where} gives is not usable: {error}", "an OpenPGP public key", "check where it comes from"
        )
        raise
    if strangers:
        refuse(
            module,
            f"a key with the fingerprint {', '.join(strangers)} from {where}",
            f"the key with the fingerprint {expected} and no other",
            "do not trust this key; compare its fingerprint with the published one and correct what is wrong",
        )
    return keys


def present_key(path: str, fingerprint: str) -> openpgp.Keys | None:
    """Return the key that is on the node already, when it is the expected one and no other."""
    content = node.read_bytes(path)
    try:
        keys = openpgp.read_keys(content or b"")
        return None if openpgp.unexpected(keys, fingerprint) else keys
    except openpgp.KeyFormatError:
        return None


def wanted_key(module: AnsibleModule, path: str) -> openpgp.Keys:
    """Return the key to be written, from the site, the node itself or the network."""
    given = module.params["key"]
    if given:
        return verified(module, given.encode(), "docker_key")
    there = present_key(path, module.params["fingerprint"])
    if there:
        return there
    return verified(module, fetch(module, module.params["key_url"]), module.params["key_url"])


def wanted_files(module: AnsibleModule) -> tuple[dict[str, bytes], list[str]]:
    """Return each file that must be there with its content, and the fingerprints of the key."""
    params = module.params
    where = sources.paths(params["name"], params["format"], ROOT)
    wanted: dict[str, bytes] = {}
    fingerprints: list[str] = []
    if params["state"] == "present":
        if params["format"] == "apt":
            refuse_rivals(module, where["source"])
        keys = wanted_key(module, where["key"])
        fingerprints = list(keys.fingerprints)
        source = sources.Source(
            params["name"],
            params["description"] or params["name"],
            params["url"],
            params["suite"],
            tuple(params["components"]),
            where["key"][len(ROOT) :],
        )
        if params["format"] == "dnf":
            wanted[where["key"]] = openpgp.armour(keys.binary).encode()
            wanted[where["source"]] = sources.render_yum(source).encode()
        else:
            wanted[where["key"]] = keys.binary
            wanted[where["source"]] = sources.render_deb822(source).encode()
    if params["state"] != "absent" and params["version"] and "pin" in where:
        wanted[where["pin"]] = sources.render_preferences(params["packages"], params["version"]).encode()
    return wanted, fingerprints


def rivals(url: str, own: str) -> list[str]:
    """Return other files of apt that name the same repository: apt refuses two that trust different keys."""
    found: list[str] = []
    pattern = re.compile(r"(^|\s)" + re.escape(url.rstrip("/")) + r"/?(\s|$)")
    for path in [f"{ROOT}/etc/apt/sources.list", *sorted(glob.glob(f"{ROOT}/etc/apt/sources.list.d/*"))]:
        lines = [line for line in (node.read_text(path) or "").splitlines() if not line.lstrip().startswith("#")]
        if path != own and path.endswith((".list", ".sources")) and any(pattern.search(line) for line in lines):
            found.append(path)
    return found


def refuse_rivals(module: AnsibleModule, own: str) -> None:
    """Stop in words when someone else's file names the same repository."""
    found = rivals(module.params["url"], own)
    if found:
        refusal = Refusal(
            "CT-DOCKER",
            "docker_source",
            f"{module.params['url']} in {', '.join(found)}, which this collection did not write",
            "one file for one repository, because apt stops when two of them trust different keys",
            "take that file away, or set docker_source to distribution",
        )
        module.fail_json(msg=refusal.text(), refusals=[refusal.as_dict()])


def shown(content: bytes | None) -> str | None:
    """Return a file as a diff shows it: a binary key as its fingerprints."""
    if content is None or not content[:1] >= b"\x80":
        return None if content is None else content.decode("utf-8", "replace")
    try:
        return "\n".join(openpgp.read_keys(content).fingerprints) + "\n"
    except openpgp.KeyFormatError:
        return "(not a key)\n"


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "state": {"type": "str", "choices": ["present", "pin", "absent"], "default": "present"},
            "format": {"type": "str", "choices": ["apt", "dnf"], "default": "apt"},
            "url": {"type": "str", "default": ""},
            "suite": {"type": "str", "default": ""},
            "components": {"type": "list", "elements": "str", "default": []},
            "key": {"type": "str", "default": "", "no_log": False},
            "key_url": {"type": "str", "default": "", "no_log": False},
            "fingerprint": {"type": "str", "default": ""},
            "version": {"type": "str", "default": ""},
            "packages": {"type": "list", "elements": "str", "default": []},
            "http_proxy": {"type": "str", "default": "", "no_log": True},
            "https_proxy": {"type": "str", "default": "", "no_log": True},
            "no_proxy": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    where = sources.paths(module.params["name"], module.params["format"], ROOT)
    wanted, fingerprints = wanted_files(module)
    changes: list[tuple[str, bytes | None, bytes | None]] = []
    for path in where.values():
        before, after = node.read_bytes(path), wanted.get(path)
        if before != after or (after is not None and node.mode_of(path) != 0o644):
            changes.append((path, before, after))
    if not module.check_mode:
        # A source never stands there without its key: the key comes first and goes last.
        for path, _before, content in sorted(
            changes, key=lambda change: (change[0] == where["key"]) == (change[2] is None)
        ):
            if content is None:
                node.delete(path)
            else:
                node.write(module, path, content, 0o644)
    result: dict[str, Any] = {"files": sorted(wanted), "fingerprints": fingerprints}
    module.exit_json(
        changed=bool(changes),
        diff=node.diff_of([(path, shown(before), shown(after)) for path, before, after in changes]),
        **result,
    )


if __name__ == "__main__":
    main()
