# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_access
short_description: Let the package manager out through the site's proxy, and trust the site's authorities
version_added: 0.2.0
author: EUCAIM local_node contributors (@eucaim)
description:
  - Writes the proxy for apt into a file that everybody may read, and its user and password into one that only root can
    read. For dnf, which has one file for both, a marked block of C(dnf.conf), for root alone if it holds a password.
  - Settings of somebody else for apt, read after ours, keep the last word.
  - Puts each certificate into the system's trust store and has the system build its bundle anew when one is missing.
    Certificates that this module brought and that are not wanted any more are taken away.
  - Needs no package that a bare system lacks, because even the first package has to come through the proxy.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - User and password are never shown in a diff.
  platform:
    support: full
options:
  state:
    description: Whether our settings are there.
    type: str
    choices: [present, absent]
    default: present
  http_proxy:
    description: The proxy, C(http://[user:password@]host:port), special characters written as C(%XX). Empty for none.
    type: str
    default: ""
  https_proxy:
    description: The proxy for https.
    type: str
    default: ""
  no_proxy:
    description: What is reached without the proxy. apt takes the hosts among it, dnf nothing.
    type: list
    elements: str
    default: []
  ca_certificates:
    description: Certificates (PEM) to trust. A text may hold several.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Go out through the site's proxy
  eucaim.local_node.site_access:
    http_proxy: http://proxy.hospital.example:3128
    https_proxy: http://proxy.hospital.example:3128
    no_proxy: [mirror.hospital.example]
"""

RETURN = r"""
changed_paths:
  description: What was written or taken away.
  returned: always
  type: list
  elements: str
  sample: [/etc/apt/apt.conf.d/05eucaim-site]
"""

import glob
import os
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_node as node
from ansible_collections.eucaim.local_node.plugins.module_utils import _site as site
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal

ROOT = ""
APT = "/etc/apt/apt.conf.d/05eucaim-site"
APT_AUTH = "/etc/apt/auth.conf.d/eucaim-site.conf"
DNF = "/etc/dnf/dnf.conf"
# Of each family: where certificates are put, their ending, what builds the bundle, and the bundle.
STORES = {
    "apt": (
        "/usr/local/share/ca-certificates",
        ".crt",
        "update-ca-certificates",
        "/etc/ssl/certs/ca-certificates.crt",
    ),
    "dnf": (
        "/etc/pki/ca-trust/source/anchors",
        ".pem",
        "update-ca-trust",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    ),
}
PUBLIC = 0o644
PRIVATE = 0o600

# The content and the mode of each file; no content for one that is not wanted.
Files = dict[str, tuple[Optional[str], int]]


def manager() -> str:
    """Say which package manager this system has."""
    return "apt" if os.path.isdir(f"{ROOT}/etc/apt") else "dnf"


def proxies(module: AnsibleModule) -> list[site.Proxy | None]:
    """Return the proxies for http and https, or stop in words that say nothing of a password."""
    if module.params["state"] == "absent":
        return [None, None]
    found = []
    for name in ("http_proxy", "https_proxy"):
        try:
            found.append(site.parse_proxy(module.params[name]))
        except ValueError as error:
            refusal = Refusal("NET-REACH", f"site_{name}", f"a value where {error}", "a proxy", site.HOW_TO_WRITE)
            module.fail_json(msg=refusal.text(), refusals=[refusal.as_dict()])
    return found


def proxy_files(module: AnsibleModule, family: str) -> Files:
    """Return the files of the package manager as they have to be."""
    http, https = proxies(module)
    if family == "apt":
        text = site.render_apt(http, https, module.params["no_proxy"]) if http or https else None
        return {APT_AUTH: (site.render_apt_auth([http, https]) or None, PRIVATE), APT: (text, PUBLIC)}
    options = site.dnf_options(http, https)
    there = node.read_text(ROOT + DNF)
    if there is None and not options:
        return {}
    mode = PRIVATE if "proxy_password" in options else PUBLIC
    merged = site.merge_dnf(there or "", options)
    # A mode that somebody else chose stays while we have nothing to say.
    return {DNF: (merged, mode)} if options or merged != there else {}


def certificates(module: AnsibleModule) -> dict[str, str]:
    """Return the certificates to be trusted, by the names of their files."""
    return site.authorities(module.params["ca_certificates"]) if module.params["state"] == "present" else {}


def certificate_files(wanted: dict[str, str], family: str) -> Files:
    """Return the files of certificates as they have to be, and those of a former run that go."""
    folder, ending = STORES[family][:2]
    former = [path[len(ROOT) :] for path in glob.glob(f"{ROOT}{folder}/eucaim-site-*{ending}")]
    files: Files = dict.fromkeys(former, (None, PUBLIC))
    files.update({f"{folder}/{name}{ending}": (pem, PUBLIC) for name, pem in wanted.items()})
    return files


def left_over(wanted: dict[str, str]) -> list[str]:
    """Return the links of Debian's store to certificates that are gone: a run died before the bundle was built."""
    links = glob.glob(f"{ROOT}/etc/ssl/certs/eucaim-site-*.pem")
    return [link for link in links if os.path.basename(link)[: -len(".pem")] not in wanted]


def different(files: Files) -> list[tuple[str, str | None]]:
    """Return the paths that are not as they have to be, with the text that is there."""
    found = []
    for path, (text, mode) in files.items():
        before = node.read_text(ROOT + path)
        if before != text or (text is not None and node.mode_of(ROOT + path) != mode):
            found.append((path, before))
    return found


def shown(path: str, text: str | None) -> str | None:
    """Return a text for a diff: of what may hold a password only whether it is there."""
    return "(hidden)\n" if text is not None and path in (APT_AUTH, DNF) else text


def diff_of(changes: list[tuple[str, str | None]], files: Files) -> list[dict[str, Any]]:
    """Return the diff of all files."""
    diff = []
    for path, before in changes:
        old, new = shown(path, before), shown(path, files[path][0])
        if old == new:
            new = f"(hidden, mode {files[path][1]:04o} or content differs)\n"
        diff += node.diff_of([(path, old, new)])
    return diff


def rebuild(module: AnsibleModule, program: str, bundle: str, wanted: dict[str, str]) -> None:
    """Have the system build its bundle; where the program is still to come, its package does that by itself."""
    if not module.get_bin_path(program, opt_dirs=["/usr/sbin"]):
        return
    code, out, err = node.run(module, [program])
    missing = site.missing_from(node.read_text(ROOT + bundle) or "", wanted)
    if code or missing:
        refusal = Refusal(
            "NET-REACH",
            "site_ca_certificates",
            f"{len(missing)} certificates that {program} did not take: {(err + out).strip()[-300:]}",
            "certificates that this system trusts",
            f"look at what {program} says on the node",
        )
        module.fail_json(msg=refusal.text(), refusals=[refusal.as_dict()])


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "http_proxy": {"type": "str", "default": "", "no_log": True},
            "https_proxy": {"type": "str", "default": "", "no_log": True},
            "no_proxy": {"type": "list", "elements": "str", "default": []},
            "ca_certificates": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    family = manager()
    wanted = certificates(module)
    trusted = certificate_files(wanted, family)
    files = {**proxy_files(module, family), **trusted}
    changes = different(files)
    program, bundle = STORES[family][2:]
    built = node.read_text(ROOT + bundle)
    stale = any(path in trusted for path, _before in changes)
    stale = stale or (built is not None and bool(site.missing_from(built, wanted) or left_over(wanted)))
    if not module.check_mode:
        for path, _before in changes:
            text, mode = files[path]
            if text is None:
                node.delete(ROOT + path)
            else:
                node.write(module, ROOT + path, text.encode(), mode)
        if stale:
            rebuild(module, program, bundle, wanted)
    module.exit_json(
        changed=bool(changes) or stale,
        changed_paths=[path for path, _before in changes] + ([bundle] if stale else []),
        diff=diff_of(changes, files),
    )


if __name__ == "__main__":
    main()
