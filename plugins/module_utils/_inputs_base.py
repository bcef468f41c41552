# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of the role base mean, beyond their types.

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._openpgp import KeyFormatError, read_keys, unexpected
from ansible_collections.eucaim.local_node.plugins.module_utils._preflight import HOST, IPV6
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, hidden, shown

USER_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
# Accounts of Debian's and RHEL's base systems, and what an administrator may not be called.
RESERVED_USERS = frozenset({
    "root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data",
    "backup", "list", "irc", "_apt", "nobody", "sshd", "messagebus", "systemd-network", "systemd-resolve",
    "systemd-timesync", "systemd-coredump", "dnsmasq", "polkitd", "chrony", "ntpsec", "ntp", "operator", "halt",
    "shutdown", "adm", "ftp", "tss", "dbus", "rpc", "rpcuser", "sudo", "wheel", "docker", "staff", "users",
    "shadow", "disk", "kmem", "tty", "utmp", "audio", "video",
})  # fmt: skip
KEY_TYPES = frozenset(
    {
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)
CRYPT_HASH = re.compile(r"\$(?:y|gy|7|6|5|2[aby])\$[A-Za-z0-9./,=$-]{20,}")
PACKAGE_NAME = re.compile(r"[a-z0-9][a-z0-9+._-]+")
GROUP_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
SHA256 = re.compile(r"[0-9a-f]{64}")
CLOCK_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
MAIL = re.compile(r"[^\s\"@]+(@[^\s\"@]+)?")
# Directories that belong to the system itself, and must not become root's alone with mode 0755.
SYSTEM_DIRECTORIES = frozenset({
    "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root",
    "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/tmp", "/usr/local",
})  # fmt: skip


def check_base(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Refusal]:
    """Return why the settings of base cannot work on this node. Facts are not needed for it."""
    return [
        *_people(variables),
        *_groups(variables),
        *_directories(variables),
        *_packages(variables),
        *_archive(variables),
        *_updates(variables),
        *_time_servers(variables),
    ]


def _items(variables: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list setting; one of another type is refused elsewhere, by its spec."""
    value = variables.get(name)
    return list(value) if isinstance(value, (list, tuple)) else []


def _people(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    seen: set[str] = set()
    for number, person in enumerate(_items(variables, "base_users")):
        if not isinstance(person, Mapping):
            continue
        name = person.get("name")
        where = f"base_users[{number}]"
        if not isinstance(name, str):
            continue
        yield from _name(where, name, seen)
        seen.add(name)
        yield from _role(where, name, person)
        yield from _password(where, name, person)
        yield from _keys(where, name, person)
        yield from _oneself(where, name, person, variables)
        for key in ("comment", "shell"):
            value = person.get(key)
            if isinstance(value, str) and (":" in value or "\n" in value):
                needed = "one line without a colon"
                yield Refusal("OS-USERS", f"{where}.{key}", shown(value), needed, "take the colon or line break out")
        yield from _shell(f"{where}.shell", person.get("shell"))


def _name(where: str, name: str, seen: set[str]) -> Iterator[Refusal]:
    needed = "1 to 31 lower-case letters, digits, hyphens and underscores, not starting with a digit or hyphen"
    if not USER_NAME.fullmatch(name):
        yield Refusal(
            "OS-USERS", f"{where}.name", shown(name), needed, "choose such a name, e.g. the person's first name"
        )
    elif name in RESERVED_USERS or name.startswith(("systemd-", "eucaim_")):
        needed = "a person's own account, not one of the system's or of the collection's groups"
        yield Refusal("OS-USERS", f"{where}.name", shown(name), needed, "give the person an account of their own")
    if name in seen:
        yield Refusal(
            "OS-USERS", f"{where}.name", f"{shown(name)} twice", "each name once", "remove one of the entries"
        )


def _role(where: str, name: str, person: Mapping[str, Any]) -> Iterator[Refusal]:
    role = person.get("role")
    if role is None and person.get("state", "present") == "present":
        yield Refusal("OS-USERS", f"{where}.role", "nothing", "admin or basic", f"say which role {name} has")
    elif role is not None and role not in ("admin", "basic"):
        yield Refusal("OS-USERS", f"{where}.role", shown(role), "admin or basic", f"say which role {name} has")


def _password(where: str, name: str, person: Mapping[str, Any]) -> Iterator[Refusal]:
    password = person.get("password_hash")
    if password is None or (isinstance(password, str) and CRYPT_HASH.fullmatch(password)):
        return
    yield Refusal(
        "SEC-ACCT",
        f"{where}.password_hash",
        hidden(password),
        "a crypt hash that starts with $y$, $6$, $5$, $7$ or $2b$, never the password itself",
        f"run mkpasswd -m yescrypt, keep its output in the vault, and change {name}'s password if it stood here",
    )


def key_fault(line: str) -> str:
    """Return what is wrong with a line of authorized_keys; nothing if it is right."""
    if "PRIVATE KEY" in line:
        return "it is a private key"
    if "\n" in line.strip():
        return "it has line breaks"
    words = line.split()
    kinds = [number for number, word in enumerate(words) if word in KEY_TYPES]
    if not kinds:
        return "it names no type of key that is still safe (ed25519, rsa, ecdsa, or a security key's)"
    position = kinds[0] + 1
    if position >= len(words):
        return "the key itself is missing"
    try:
        blob = base64.b64decode(words[position], validate=True)
    except (binascii.Error, ValueError):
        return "the key is no base64, it may have been cut"
    kind = words[kinds[0]].encode()
    if blob[:4] != len(kind).to_bytes(4, "big") or blob[4 : 4 + len(kind)] != kind:
        return f"the key is not of the type {words[kinds[0]]}"
    return _length_fault(words[kinds[0]], blob)


def _length_fault(kind: str, blob: bytes) -> str:
    """Follow the lengths inside a key: the parts have to end where the key ends."""
    position = 0
    parts = []
    while position < len(blob):
        size = int.from_bytes(blob[position : position + 4], "big")
        parts.append(size)
        position += 4 + size
    if position != len(blob) or len(parts) < 2:
        return "the key has been cut"
    if kind == "ssh-rsa" and (parts[-1] - 1) * 8 < 2048:
        return "an RSA key needs at least 2048 bits"
    return ""


def _keys(where: str, name: str, person: Mapping[str, Any]) -> Iterator[Refusal]:
    keys = person.get("authorized_keys")
    if not isinstance(keys, (list, tuple)):
        return
    for number, key in enumerate(keys):
        fault = key_fault(str(key))
        if fault:
            found = hidden(key) if "PRIVATE KEY" in str(key) else shown(str(key)[:40])
            yield Refusal(
                "OS-USERS",
                f"{where}.authorized_keys[{number}]",
                f"{found}, but {fault}",
                "one line of a public key: type, base64, comment",
                f"copy the one line of {name}'s .pub file; a private key stays with its person",
            )


def _oneself(where: str, name: str, person: Mapping[str, Any], variables: Mapping[str, Any]) -> Iterator[Refusal]:
    """Nobody saws off the branch that the run sits on."""
    if name != variables.get("ansible_user"):
        return
    state = person.get("state", "present")
    if state != "present":
        yield Refusal(
            "OS-USERS",
            f"{where}.state",
            f"{shown(state)} for {name}, the account that this run logs in with",
            "another account for the run, or state present",
            "log in as somebody else (ansible_user) to take this account away",
        )
    elif person.get("authorized_keys") == []:
        yield Refusal(
            "OS-USERS",
            f"{where}.authorized_keys",
            f"an empty list for {name}, the account that this run logs in with",
            "at least the key that this run logs in with, or no authorized_keys at all",
            "name that key here, or leave authorized_keys out",
        )


def _shell(where: str, shell: Any) -> Iterator[Refusal]:
    if isinstance(shell, str) and not shell.startswith("/"):
        yield Refusal("OS-USERS", where, shown(shell), "an absolute path", "write it like /bin/bash")


def _groups(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    names = []
    for variable in ("base_group_basic", "base_group_admin"):
        name = variables.get(variable)
        if not isinstance(name, str):
            continue
        if not GROUP_NAME.fullmatch(name) or name in RESERVED_USERS:
            needed = (
                "a group of its own: lower-case letters, digits, hyphens and underscores, not a group of the system"
            )
            yield Refusal(
                "OS-USERS", variable, shown(name), needed, f"leave it out, or choose a name like {variable[5:]}"
            )
        names.append(name)
    if len(names) == 2 and names[0] == names[1]:
        needed = "two groups, or everybody could become root"
        yield Refusal("OS-USERS", "base_group_admin", f"{shown(names[1])} for both", needed, "give them two names")
    yield from _shell("base_shell", variables.get("base_shell"))


def _directories(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    for path in _items(variables, "base_directories"):
        text = str(path)
        good = text.startswith("/") and "//" not in text and ".." not in text.split("/") and "\n" not in text
        if not good or text.rstrip("/") in SYSTEM_DIRECTORIES or text == "/":
            yield Refusal(
                "OS-DIRS",
                "base_directories",
                shown(text),
                "an absolute path without '..', below but not itself a directory of the system",
                "write it like /opt/eucaim",
            )
    software = variables.get("base_software_directory")
    if isinstance(software, str) and software and ("/" in software or software.startswith(".") or "\n" in software):
        needed = "the plain name of a directory in a home, or nothing"
        yield Refusal("OS-DIRS", "base_software_directory", shown(software), needed, "write it like software")


def _packages(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    for variable in ("base_tools", "base_packages_extra"):
        for name in _items(variables, variable):
            if not PACKAGE_NAME.fullmatch(str(name)):
                needed = "names of packages"
                yield Refusal(
                    "OS-TOOLS", variable, shown(name), needed, "write one package an entry, without a version"
                )


def _archive(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    """Without a network, what is wrong with the packages of a bundle would show only when it is too late."""
    remedy = "take the four lines of base_package_... from the offline.yml that install of the bundle wrote"
    path = variables.get("base_package_archive")
    if not isinstance(path, str) or not path:
        return
    if not os.path.isfile(path):
        needed = "the packages of a bundle, on the control machine"
        yield Refusal("OS-UPDATE", "base_package_archive", f"no file {shown(path)}", needed, remedy)
    digest = variables.get("base_package_archive_sha256")
    if not SHA256.fullmatch(str(digest)):
        needed = "the 64 lower-case hexadecimal digits of the archive's SHA-256"
        yield Refusal("OS-UPDATE", "base_package_archive_sha256", shown(digest), needed, remedy)
    try:
        keys = read_keys(str(variables.get("base_package_key") or "").encode())
        strangers = unexpected(keys, str(variables.get("base_package_key_fingerprint") or ""))
    except KeyFormatError as error:
        needed = "the key that signed the packages, and its fingerprint"
        yield Refusal("OS-UPDATE", "base_package_key", f"what cannot be used: {error}", needed, remedy)
    else:
        if strangers:
            found = f"a key with the fingerprint {', '.join(strangers)}"
            needed = "the key with base_package_key_fingerprint and no other"
            yield Refusal("OS-UPDATE", "base_package_key", found, needed, remedy)


def _updates(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    time = variables.get("base_update_reboot_time")
    if isinstance(time, (str, int)) and not CLOCK_TIME.fullmatch(str(time)):
        remedy = 'write it in quotes, like "03:30"'
        yield Refusal("OS-UPDATE", "base_update_reboot_time", shown(time), "HH:MM", remedy)
    mail = variables.get("base_update_mail")
    if isinstance(mail, str) and mail and not MAIL.fullmatch(mail):
        yield Refusal(
            "OS-UPDATE", "base_update_mail", shown(mail), "one mail address", "write one address, or leave it empty"
        )
    for variable in ("base_update_origins_extra", "base_update_excluded"):
        for text in _items(variables, variable):
            if '"' in str(text) or "\n" in str(text) or not str(text).strip():
                needed = "one line without a double quote"
                yield Refusal("OS-UPDATE", variable, shown(text), needed, "take the quote or line break out")


def _time_servers(variables: Mapping[str, Any]) -> Iterator[Refusal]:
    for server in _items(variables, "base_ntp_servers"):
        text = str(server)
        if not (HOST.fullmatch(text) or (":" in text and IPV6.fullmatch(text))):
            needed = "host names or addresses, one an entry"
            yield Refusal("OS-TIME", "base_ntp_servers", shown(text), needed, "write it like ntp.example.org")
