# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of which no bundle can be made are refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_bundle import check_bundle

GOOD: dict[str, Any] = {
    "bundle_directory": "/srv/bundle",
    "bundle_cache_directory": "/var/cache/bundle",
    "bundle_python_versions": ["3.11", "3.13"],
    "bundle_packages_extra": ["vim"],
    "bundle_images": {"focus": {"source": "registry", "name": "samply/focus"}},
}


def variables(**changes: Any) -> list[str]:
    """Return what is refused of good settings with some of them changed."""
    return [refusal.variable for refusal in check_bundle({**GOOD, **changes}, {})]


def test_good_settings_pass(tmp_path: Path) -> None:
    assert variables() == []
    archive = tmp_path / "focus.tar"
    archive.write_bytes(b"")
    assert variables(bundle_images={"focus": {"source": "archive", "path": str(archive)}}) == []
    assert variables(bundle_images={}, bundle_packages_extra=[]) == []


@pytest.mark.parametrize("path", ["", "bundle", "/srv/my bundle", '/srv/"', "/srv/@BUNDLE@"])
def test_folders_that_would_not_do(path: str) -> None:
    assert variables(bundle_directory=path) == ["bundle_directory"]
    assert variables(bundle_cache_directory=path) == ["bundle_cache_directory"]


@pytest.mark.parametrize("versions", [[], ["3.9"], ["3"], [3.1], ["3.13.1"]])
def test_pythons_that_would_not_do(versions: list[Any]) -> None:
    assert variables(bundle_python_versions=versions) == ["bundle_python_versions"]


def test_packages_that_are_none() -> None:
    assert variables(bundle_packages_extra=["vim=2", "a"]) == ["bundle_packages_extra", "bundle_packages_extra"]


@pytest.mark.parametrize(
    "image",
    [
        "samply/focus",
        {"source": "registry"},
        {"source": "archive"},
        {"source": "archive", "path": "/nowhere/focus.tar"},
        {"source": "build", "context": "/srv"},
        {},
    ],
)
def test_images_that_cannot_travel(image: Any) -> None:
    assert variables(bundle_images={"focus": image}) == ["bundle_images.focus"]


def test_a_service_that_nobody_knows() -> None:
    assert variables(bundle_images={"blaze": {"source": "registry", "name": "x"}}) == ["bundle_images.blaze"]
