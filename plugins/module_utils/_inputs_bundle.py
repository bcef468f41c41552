# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of the role bundle mean, beyond their types.

Private to this collection: nothing outside may import it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_base import PACKAGE_NAME
from ansible_collections.eucaim.local_node.plugins.module_utils._refusal import Refusal, shown

SERVICES = ("beam_proxy", "focus", "mediator")
_PYTHON = re.compile(r"3\.(1[1-9]|[2-9][0-9])\Z")


def check_bundle(variables: Mapping[str, Any], _facts: Mapping[str, Any]) -> list[Refusal]:
    """Return why a bundle cannot be made of these settings."""
    return [*_directory(variables), *_pythons(variables), *_packages(variables), *_images(variables)]


def _directory(variables: Mapping[str, Any]) -> list[Refusal]:
    refusals = []
    for name in ("bundle_directory", "bundle_cache_directory"):
        path = str(variables.get(name) or "")
        # The settings of apt and the manual hold the path as it is.
        if not path.startswith("/") or re.search(r"[\s\"'@;\\]", path):
            needed, remedy = "an absolute path without spaces and quotes", "write it like /srv/eucaim-bundle"
            refusals.append(Refusal("DT-VERIFY", name, shown(path), needed, remedy))
    return refusals


def _pythons(variables: Mapping[str, Any]) -> list[Refusal]:
    name = "bundle_python_versions"
    wrong = [item for item in variables.get(name) or [""] if not _PYTHON.match(str(item))]
    needed = "releases of Python from 3.11, because ansible-core needs that on a control machine"
    remedy = 'write them in quotes, like ["3.11", "3.13"]'
    return [Refusal("DT-VERIFY", name, shown(item), needed, remedy) for item in wrong]


def _packages(variables: Mapping[str, Any]) -> list[Refusal]:
    name = "bundle_packages_extra"
    wrong = [item for item in variables.get(name) or [] if not PACKAGE_NAME.fullmatch(str(item))]
    return [Refusal("OS-TOOLS", name, shown(item), "names of packages", "write one an entry") for item in wrong]


def _images(variables: Mapping[str, Any]) -> list[Refusal]:
    images = variables.get("bundle_images") or {}
    refusals = []
    for service, image in images.items():
        where = f"bundle_images.{service}"
        if service not in SERVICES:
            refusals.append(
                Refusal("FED-BUILD", where, shown(service), f"one of {', '.join(SERVICES)}", "correct the name")
            )
        for found, needed, remedy in _image_faults(image):
            refusals.append(Refusal("FED-BUILD", where, found, needed, remedy))
    return refusals


def _image_faults(image: Any) -> list[tuple[str, str, str]]:
    if not isinstance(image, Mapping):
        return [(shown(image), "source, and what belongs to it", "describe the image as in federation_images")]
    source = image.get("source")
    if source == "registry":
        return [] if image.get("name") else [("no name", "the name of the image", "set it, such as samply/focus")]
    if source == "archive":
        path = str(image.get("path") or "")
        if os.path.isfile(path):
            return []
        return [(f"no file {shown(path)}", "an archive of docker save on this machine", "correct the path")]
    return [(f"source {shown(source)}", "registry or archive", "choose one; what is built on the node cannot travel")]
