# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the report of a node on the control machine."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.eucaim.local_node.plugins.module_utils._answers import (
    ATTESTATION,
    WAIVER,
    answered,
    attestations_from,
    check_attestations,
    check_waivers,
    waivers_from,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._documents import history
from ansible_collections.eucaim.local_node.plugins.module_utils._evidence import EvidenceError, make_row, merge
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import summary
from ansible_collections.eucaim.local_node.plugins.module_utils._report import (
    FILES,
    Context,
    as_json,
    as_junit,
    document,
    failing,
    failure_message,
    same_verdict,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._report_page import as_page

COLLECTION = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Ansible loads this file before it starts its workers, so that all hosts of a run share the name.
RUN_ID = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"

ARGUMENTS: dict[str, dict[str, Any]] = {
    "directory": {"type": "path", "required": True},
    "rows": {"type": "list", "elements": "dict", "default": []},
    "files": {"type": "list", "elements": "dict", "default": []},
    "documents": {"type": "dict", "default": {}},
    "problems": {"type": "list", "elements": "str", "default": []},
    "tier": {"type": "int", "choices": [0, 1, 2, 3], "default": 0},
    "host": {"type": "str"},
    "attestations": {"type": "list", "elements": "dict", "default": [], "options": ATTESTATION},
    "waivers": {"type": "list", "elements": "dict", "default": [], "options": WAIVER},
    "fail_on": {
        "type": "list",
        "elements": "str",
        "choices": ["unmet", "waived", "unanswered"],
        "default": ["unmet"],
    },
    "run_id": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def folder_name(host: str) -> str:
    """Return a host's name as one folder below the reports, whatever the name is."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", host)
    if safe == host and safe.strip("."):
        return safe
    return f"{safe.strip('.')}-{hashlib.sha256(host.encode()).hexdigest()[:8]}"


def collection_version(directory: str) -> str:
    """Read the version from the archive's manifest, or in a clone from galaxy.yml."""
    manifest = os.path.join(directory, "MANIFEST.json")
    if os.path.exists(manifest):
        with open(manifest, encoding="utf-8") as handle:
            return str(json.load(handle)["collection_info"]["version"])
    with open(os.path.join(directory, "galaxy.yml"), encoding="utf-8") as handle:
        found = re.search(r"^version:\s*[\"']?([^\s\"']+)", handle.read(), re.MULTILINE)
    return found.group(1) if found else "unknown"


def last_report(directory: str) -> Mapping[str, Any]:
    """Return the report that is there, or nothing if a file of it is missing or broken."""
    if not all(os.path.exists(os.path.join(directory, name)) for name in FILES):
        return {}
    try:
        with open(os.path.join(directory, "evidence.json"), encoding="utf-8") as handle:
            found = json.load(handle)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def write(path: str, text: str) -> None:
    """Put a file in place in one step, readable as the user's umask has it."""
    umask = os.umask(0)
    os.umask(umask)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".report-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def take_away(directory: str, names: Sequence[str], check_mode: bool) -> bool:
    """Take away files that an action wrote, and their folder if nothing else is in it; say whether any were there."""
    found = [path for path in (os.path.join(directory, name) for name in names) if os.path.lexists(path)]
    if found and not check_mode:
        for path in found:
            os.unlink(path)
        if not os.listdir(directory):
            os.rmdir(directory)
    return bool(found)


class ActionModule(ActionBase):
    """Judge the rows of one node, write its report and fail where something is not met."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the task."""
        result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        host = str(arguments["host"] or (task_vars or {}).get("inventory_hostname", "unknown"))
        directory = os.path.join(arguments["directory"], folder_name(host))
        try:
            if arguments["state"] == "absent":
                result.update(changed=take_away(directory, FILES, bool(self._task.check_mode)))
            else:
                result.update(self._present(host, directory, arguments))
                if not self._task.check_mode and not result["failed"]:
                    # A callback shows no message of a task that went well, and a person wants to know where to look.
                    self._display.display(f"{host}: {result['msg']}")
        except OSError as error:
            result.update(
                failed=True,
                msg=f"The report could not be written: found {error.strerror} at {error.filename}; needed: a folder on"
                " the control machine that this user may write to; remedy: set report_directory.",
            )
        return result

    def _present(self, host: str, directory: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Write the report and judge it."""
        now = datetime.now(UTC)
        at = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        problems = list(arguments["problems"])
        refusals = [
            *check_attestations("attestations", arguments["attestations"], now.date()),
            *check_waivers("waivers", arguments["waivers"]),
        ]
        if refusals:
            return {"failed": True, "msg": summary(refusals, host)}
        last = last_report(directory)
        rows = []
        for given in arguments["rows"]:
            try:
                rows.append(make_row(given))
            except EvidenceError as error:
                problems.append(str(error))
        report = document(
            Context(
                host=host,
                tier=arguments["tier"],
                run_id=arguments["run_id"] or RUN_ID,
                at=at,
                collection_version=collection_version(COLLECTION),
                files=[{"role": str(file["role"]), "sha256": str(file["sha256"])} for file in arguments["files"]],
                problems=problems,
                documents=arguments["documents"],
                changes=history(last, arguments["documents"], at),
            ),
            answered(
                [row.as_dict() for row in merge(rows)],
                attestations_from(arguments["attestations"]),
                waivers_from(arguments["waivers"]),
                now.date(),
                at,
            ),
        )
        changed = not same_verdict(last, report)
        if not self._task.check_mode:
            os.makedirs(directory, exist_ok=True)
            for name, text in zip(FILES, (as_page(report), as_json(report), as_junit(report)), strict=True):
                write(os.path.join(directory, name), text)
        page = os.path.join(directory, FILES[0])
        bad = failing(report, arguments["fail_on"])
        return {
            "changed": changed,
            "failed": bool(bad),
            "failing": [row["requirement"] for row in bad],
            "page": page,
            "run_id": report["run_id"],
            "summary": report["summary"],
            "msg": failure_message(report, bad, page) if bad else f"The report: {page}",
        }
