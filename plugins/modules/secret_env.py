# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_env
short_description: Keep secrets on the node and write the environment files that use them
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Makes directories, makes secrets that do not exist yet, and writes environment files and plain files,
    all in one execution.
  - A secret is a file of its own, 0600, in O(secrets_directory). One that exists is kept,
    unless another value is given.
  - An environment file may name a secret in place of a value, so that the secret never leaves the node.
  - A diff shows of a secret only that it is there and whether it has changed.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - The values of secrets are masked.
  platform:
    platforms: linux
options:
  directories:
    description: Directories to make, parents first.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The directory.
        type: path
        required: true
      mode:
        description: Its mode.
        type: str
        default: "0755"
      exclusive:
        description: Remove what is in it and is not listed in O(files), O(environment_files) or O(secrets).
        type: bool
        default: false
  secrets_directory:
    description: Where the secrets are kept, one file each.
    type: path
    required: true
  secrets:
    description: The secrets.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name, which is also the name of the file.
        type: str
        required: true
      value:
        description: The value, for a secret that the site brings. Without one the node makes a random one.
        type: str
      length:
        description: How many random bytes a secret has that is made here. It is written as URL-safe text.
        type: int
        default: 32
  environment_files:
    description: Files with one C(NAME='value') a line, mode 0600.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The file.
        type: path
        required: true
      values:
        description: The variables. A value is a text, or a dictionary with the key C(secret) and the name of a secret.
        type: dict
        required: true
  absent:
    description: Files to remove.
    type: list
    elements: path
    default: []
  files:
    description: Plain files without secrets.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The file.
        type: path
        required: true
      content:
        description: The text.
        type: str
        required: true
      mode:
        description: The mode.
        type: str
        default: "0644"
  enrolment:
    description:
      - A private key and its certificate request to look at. They are changed by other modules, which need seconds to
        find out that nothing is to do; this look needs none.
      - Where there is no key at all, both are made at once, with C(openssl). In check mode, and where that fails,
        they are left to those other modules.
    type: dict
    suboptions:
      private_key_file:
        description: The private key.
        type: path
        required: true
      request_file:
        description: The certificate request.
        type: path
        required: true
      subject:
        description: The parts of the subject, in their order, each a dictionary with one name and value.
        type: list
        elements: dict
        required: true
      bits:
        description: The size that the key must have. Without it the key is one that the site brought, taken as it is.
        type: int
"""

EXAMPLES = r"""
- name: Write the settings of a service and its API key
  eucaim.local_node.secret_env:
    directories:
      - path: /etc/eucaim/federation
      - path: /etc/eucaim/federation/secrets
        mode: "0700"
    secrets_directory: /etc/eucaim/federation/secrets
    secrets:
      - name: focus_api_key
    environment_files:
      - path: /etc/eucaim/federation/focus.env
        values:
          ENDPOINT_TYPE: omop
          API_KEY:
            secret: focus_api_key
"""

RETURN = r"""
made:
  description: The names of the secrets that were made in this run.
  returned: always
  type: list
  elements: str
  sample: [focus_api_key]
changed_paths:
  description: What was made, changed or removed.
  returned: always
  type: list
  elements: str
  sample: [/etc/eucaim/federation/focus.env]
enrolment:
  description: What was found about the key and its request.
  returned: when O(enrolment) is given
  type: dict
  contains:
    fits:
      description: Whether both are as wanted. V(false) may also mean that this look cannot tell.
      type: bool
      returned: always
      sample: true
    fingerprint:
      description: The SHA-256 fingerprint of the public key, as M(community.crypto.openssl_privatekey) writes it.
      type: str
      returned: always
      sample: "8c:20:85"
    request:
      description: The certificate request, which is public.
      type: str
      returned: always
      sample: "-----BEGIN CERTIFICATE REQUEST-----"
"""

import os
import secrets
import shutil
import stat
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _enrolment
from ansible_collections.eucaim.local_node.plugins.module_utils._federation import masked_env, render_env, resolve
from ansible_collections.eucaim.local_node.plugins.module_utils._federation_files import read_text, write_text

ARGUMENTS: dict[str, Any] = {
    "directories": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "path": {"type": "path", "required": True},
            "mode": {"type": "str", "default": "0755"},
            "exclusive": {"type": "bool", "default": False},
        },
    },
    "secrets_directory": {"type": "path", "required": True, "no_log": False},
    "secrets": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "no_log": False,
        "options": {
            "name": {"type": "str", "required": True},
            "value": {"type": "str", "no_log": True},
            "length": {"type": "int", "default": 32},
        },
    },
    "environment_files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "path": {"type": "path", "required": True},
            "values": {"type": "dict", "required": True},
        },
    },
    "absent": {"type": "list", "elements": "path", "default": []},
    "files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "path": {"type": "path", "required": True},
            "content": {"type": "str", "required": True},
            "mode": {"type": "str", "default": "0644"},
        },
    },
    "enrolment": {
        "type": "dict",
        "options": {
            "private_key_file": {"type": "path", "required": True, "no_log": False},
            "request_file": {"type": "path", "required": True},
            "subject": {"type": "list", "elements": "dict", "required": True},
            "bits": {"type": "int"},
        },
    },
}


class Writer:
    """Brings paths into their state and remembers what differed."""

    def __init__(self, check_mode: bool) -> None:
        """Begin with nothing changed."""
        self.check_mode = check_mode
        self.changed: list[str] = []
        self.diffs: list[dict[str, str]] = []

    def attributes(self, path: str, mode: int) -> bool:
        """Set owner and mode; tell whether they differed."""
        found = os.lstat(path)
        owner = (os.geteuid(), os.getegid())
        differs = False
        if (found.st_uid, found.st_gid) != owner:
            differs = True
            if not self.check_mode:
                os.chown(path, *owner)
        if stat.S_IMODE(found.st_mode) != mode:
            differs = True
            if not self.check_mode:
                os.chmod(path, mode)
        return differs

    def directory(self, path: str, mode: int) -> None:
        """Make a directory."""
        if os.path.isdir(path):
            if self.attributes(path, mode):
                self.note(path, f"another mode or owner than {mode:04o} root\n", f"{mode:04o} root\n")
            return
        self.note(path, "", "directory\n")
        if not self.check_mode:
            os.makedirs(path)
            self.attributes(path, mode)

    def empty(self, path: str, keep: list[str]) -> None:
        """Remove what is in a directory and is not to be kept."""
        if not os.path.isdir(path):
            return
        for name in sorted(os.listdir(path)):
            entry = os.path.join(path, name)
            if entry not in keep:
                self.absent(entry)

    def absent(self, path: str) -> None:
        """Remove what is there."""
        if os.path.lexists(path):
            self.note(path, "not wanted here\n", "")
            if not self.check_mode:
                self.delete(path)

    @staticmethod
    def delete(path: str) -> None:
        """Remove a file, a link or a directory."""
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)

    def file(self, path: str, text: str, mode: int, hide: list[str] | None = None) -> None:
        """Write a file. With hide the named variables, or with an empty list the whole text, are masked in the diff."""
        before = read_text(path)
        if before == text and not os.path.islink(path):
            if self.attributes(path, mode):
                self.note(path, f"another mode or owner than {mode:04o} root\n", f"{mode:04o} root\n")
            return
        if hide is None:
            self.note(path, before or "", text)
        elif not hide:
            self.note(path, "(hidden)\n" if before is not None else "", "(hidden, new)\n")
        else:
            self.note(path, masked_env(before or "", hide, text), masked_env(text, hide, before or ""))
        if not self.check_mode:
            if os.path.lexists(path) and not os.path.isfile(path):
                # Docker makes a directory where it finds no file to mount.
                self.delete(path)
            write_text(path, text, mode)
            self.attributes(path, mode)

    def note(self, path: str, before: str, after: str) -> None:
        """Remember a difference."""
        self.changed.append(path)
        self.diffs.append({"before_header": path, "after_header": path, "before": before, "after": after})


def keep_secrets(writer: Writer, directory: str, wanted: list[dict[str, Any]]) -> tuple[dict[str, str], list[str]]:
    """Return all secrets, and the names of those made now."""
    values: dict[str, str] = {}
    made: list[str] = []
    for entry in wanted:
        path = os.path.join(directory, entry["name"])
        present = (read_text(path) or "").rstrip("\n")
        value = entry["value"] or present
        if not value:
            value = secrets.token_urlsafe(entry["length"])
            made.append(entry["name"])
        values[entry["name"]] = value
        writer.file(path, value + "\n", 0o600, hide=[])
    return values, made


def converge(module: AnsibleModule, writer: Writer) -> list[str]:
    """Bring everything into its state; return the names of the secrets that were made."""
    params = module.params
    for entry in params["directories"]:
        writer.directory(entry["path"], int(entry["mode"], 8))
    values, made = keep_secrets(writer, params["secrets_directory"], params["secrets"])
    for entry in params["environment_files"]:
        hidden = [name for name, value in entry["values"].items() if isinstance(value, dict)]
        text = render_env(resolve(entry["values"], values))
        writer.file(entry["path"], text, 0o600, hide=hidden or None)
    for entry in params["files"]:
        writer.file(entry["path"], entry["content"], int(entry["mode"], 8))
    wanted = [entry["path"] for entry in params["files"] + params["environment_files"]]
    wanted += [os.path.join(params["secrets_directory"], name) for name in values]
    for path in params["absent"]:
        writer.absent(path)
    for entry in params["directories"]:
        if entry["exclusive"]:
            writer.empty(entry["path"], wanted)
    return made


def kept(path: str, mode: int) -> bool:
    """Say whether a path is a plain file of ours with this mode."""
    found = os.lstat(path)
    mine = (found.st_uid, found.st_gid) == (os.geteuid(), os.getegid())
    return mine and stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) == mode


def has_room_for(path: str) -> bool:
    """Say whether nothing is there yet, in a folder that is."""
    return os.path.isdir(os.path.dirname(path)) and not os.path.lexists(path)


def make(module: AnsibleModule, writer: Writer, openssl: str, wanted: dict[str, Any]) -> None:
    """Make key and request of a node that has no key, at once. What fails here is left to the modules that come later.

    Both are made aside and moved into place, the key first: whoever is cut off in between has a key without a request.
    """
    key, request = wanted["private_key_file"], wanted["request_file"]
    with tempfile.TemporaryDirectory(dir=os.path.dirname(key), prefix=".eucaim-") as folder:
        made = {name: os.path.join(folder, name) for name in ("key", "request", "config")}
        write_text(made["config"], _enrolment.CONFIG, 0o600)
        new = [*_enrolment.NEW_REQUEST, _enrolment.subject_argument(wanted["subject"]), "-config", made["config"]]
        for command in (
            ["genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{wanted['bits']}", "-out", made["key"]],
            [*new, "-key", made["key"], "-out", made["request"]],
        ):
            rc, _out, _err = module.run_command([openssl, *command])
            if rc != 0:
                return
        writer.note(key, "", "(hidden, new)\n")
        writer.note(request, read_text(request) or "", read_text(made["request"]) or "")
        for source, path, mode in ((made["key"], key, 0o600), (made["request"], request, 0o644)):
            os.chmod(source, mode)
            os.replace(source, path)


def look_at(module: AnsibleModule, writer: Writer, wanted: dict[str, Any]) -> dict[str, Any]:
    """Tell whether key and certificate request are as wanted. A key that is not there at all is made."""
    nothing = {"fits": False, "fingerprint": "", "request": ""}
    openssl = module.get_bin_path("openssl")
    key, request = wanted["private_key_file"], wanted["request_file"]
    if openssl and wanted["bits"] is not None and has_room_for(key) and not module.check_mode:
        make(module, writer, openssl, wanted)
    if not openssl or not os.path.exists(key) or not os.path.exists(request):
        return nothing
    _rc, out, _err = module.run_command([openssl, "pkey", "-in", key, *_enrolment.READ_KEY])
    public_key = _enrolment.public_key_in(out)
    _rc, out, err = module.run_command([openssl, "req", "-in", request, *_enrolment.READ_REQUEST])
    fits = _enrolment.fits(_enrolment.read_request(out, err), public_key, wanted["subject"], wanted["bits"])
    ours = wanted["bits"] is None or (kept(key, 0o600) and (read_text(key) or "").startswith(_enrolment.PKCS8))
    if not fits or not ours or not kept(request, 0o644):
        return nothing
    return {"fits": True, "fingerprint": _enrolment.fingerprint(public_key), "request": read_text(request)}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    module.run_command_environ_update = {"LC_ALL": "C"}
    writer = Writer(module.check_mode)
    try:
        made = converge(module, writer)
    except KeyError as error:
        module.fail_json(msg=f"An environment file names the secret {error}, which is not among the secrets")
    except (ValueError, OSError) as error:
        module.fail_json(msg=f"The files were not written: {error}")
    result: dict[str, Any] = {"made": made}
    if module.params["enrolment"] is not None:
        result["enrolment"] = look_at(module, writer, module.params["enrolment"])
    module.exit_json(changed=bool(writer.changed), changed_paths=writer.changed, diff=writer.diffs, **result)


if __name__ == "__main__":
    main()
