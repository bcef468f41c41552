# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: federation_images
short_description: Compare images on the node with what was recorded when they came
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - A tag can be moved to another image without a trace. So this module records, when an image was pulled,
    loaded or built, which image that was and where it came from, and later tells which images are missing
    or are no longer the same.
  - It pulls, loads and builds nothing itself. It removes what the record names, when told so.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - The record is short and holds only names and digests, which the result shows.
  platform:
    platforms: linux
options:
  state:
    description:
      - V(compared) only looks.
      - V(recorded) writes down what the images are now.
      - V(absent) removes every image of the record that no container uses, and the record.
    type: str
    choices: [compared, recorded, absent]
    default: compared
  images:
    description:
      - The images, as the filter P(eucaim.local_node.federation_images#filter) returns them.
      - Each has at least C(service), C(reference) and C(origin).
      - Needed unless O(state=absent).
    type: list
    elements: dict
    default: []
  network:
    description:
      - A Docker network. O(state=compared) tells whether it is as wanted, and who would be cut off if it were
        made anew.
    type: str
    default: ""
  subnet:
    description: The addresses that the network must have, if that matters.
    type: str
    default: ""
  services:
    description: The containers that may be on that network.
    type: list
    elements: str
    default: []
  record:
    description: The file of the record.
    type: path
    default: /etc/eucaim/federation/images.json
"""

EXAMPLES = r"""
- name: Find out which images are missing
  eucaim.local_node.federation_images:
    images:
      - service: focus
        reference: samply/focus@sha256:0000000000000000000000000000000000000000000000000000000000000000
        origin: registry
  register: __federation_images
"""

RETURN = r"""
wanted:
  description: The images that have to be brought, as they were given.
  returned: O(state=compared)
  type: list
  elements: dict
  sample: []
kept:
  description: Images of the record that could not be removed, and why.
  returned: O(state=absent)
  type: list
  elements: str
  sample: []
strangers:
  description: Containers of others on a network of that name that this collection did not make.
  returned: O(state=compared)
  type: list
  elements: str
  sample: []
network:
  description: The id of the network, empty where there is none, and whether it is the one that this collection makes.
  returned: O(state=compared)
  type: dict
  contains:
    id:
      description: Its id.
      type: str
      returned: always
      sample: 99d568
    fits:
      description: Whether nothing has to be done about it.
      type: bool
      returned: always
      sample: true
images:
  description: For each image whether it is there, whether it is the recorded one, its id, and why not.
  returned: O(state) is V(compared) or V(recorded)
  type: list
  elements: dict
  sample:
    - service: focus
      reference: samply/focus:main
      present: true
      matches: true
      image_id: sha256:11
      reason: ""
"""

import json
import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils._federation import (
    image_state,
    network_fits,
    strangers_on,
)
from ansible_collections.eucaim.local_node.plugins.module_utils._federation_files import read_text, write_text

ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["compared", "recorded", "absent"], "default": "compared"},
    "images": {"type": "list", "elements": "dict", "default": []},
    "network": {"type": "str", "default": ""},
    "subnet": {"type": "str", "default": ""},
    "services": {"type": "list", "elements": "str", "default": []},
    "record": {"type": "path", "default": "/etc/eucaim/federation/images.json"},
}


def read_record(path: str) -> Any:
    """Return the record, or nothing when there is none that can be read."""
    try:
        return json.loads(read_text(path) or "{}")
    except ValueError:
        return {}


def image_ids(module: AnsibleModule, references: list[str]) -> dict[str, str]:
    """Return the id of each image that is on the node."""
    docker = module.get_bin_path("docker")
    ids: dict[str, str] = {}
    if not docker:
        return ids
    for reference in references:
        rc, out, _err = module.run_command([docker, "image", "inspect", "--format", "{{.Id}}", reference])
        if rc == 0:
            ids[reference] = out.strip()
    return ids


def find_network(module: AnsibleModule) -> dict[str, Any]:
    """Return what Docker says of the network, or nothing."""
    docker, network = module.get_bin_path("docker"), module.params["network"]
    if not docker or not network:
        return {}
    rc, out, _err = module.run_command([docker, "network", "inspect", network])
    return dict(json.loads(out)[0]) if rc == 0 else {}


def remove(module: AnsibleModule, references: list[str]) -> list[str]:
    """Remove images; return those that stay, and why."""
    kept: list[str] = []
    docker = module.get_bin_path("docker")
    if not docker:
        return kept
    for reference in references:
        rc, _out, err = module.run_command([docker, "image", "rm", reference])
        if rc != 0 and "No such image" not in err:
            kept.append(f"{reference}: {(err.strip().splitlines() or ['no reason given'])[-1]}")
    return kept


def compare(module: AnsibleModule, images: list[dict[str, Any]]) -> None:
    """Tell what is missing or another one."""
    ids = image_ids(module, [image["reference"] for image in images])
    record = read_record(module.params["record"])
    states = [image_state(image, ids.get(image["reference"], ""), record) for image in images]
    network = find_network(module)
    module.exit_json(
        changed=False,
        wanted=[image for image, state in zip(images, states) if not state.matches],
        strangers=strangers_on(network, module.params["services"]),
        network={"id": network.get("Id", ""), "fits": network_fits(network, module.params["subnet"])},
        images=[vars(state) for state in states],
    )


def record_now(module: AnsibleModule, images: list[dict[str, Any]]) -> None:
    """Write down what the images are."""
    path = module.params["record"]
    ids = image_ids(module, [image["reference"] for image in images])
    missing = [image["reference"] for image in images if image["reference"] not in ids]
    if missing:
        module.fail_json(msg=f"These images are still not on the node: {', '.join(missing)}")
    record = read_record(path)
    known = dict(record) if isinstance(record, dict) else {}
    for image in images:
        known[image["reference"]] = {"id": ids[image["reference"]], "origin": image["origin"]}
    changed = known != record
    if changed and not module.check_mode:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_text(path, json.dumps(known, indent=2, sort_keys=True) + "\n", 0o644)
    states = [image_state(image, ids[image["reference"]], known) for image in images]
    module.exit_json(changed=changed, images=[vars(state) for state in states])


def forget(module: AnsibleModule) -> None:
    """Remove the images of the record, and the record."""
    path = module.params["record"]
    record = read_record(path)
    changed, kept = os.path.exists(path), []
    if changed and not module.check_mode:
        kept = remove(module, sorted(record) if isinstance(record, dict) else [])
        os.unlink(path)
    module.exit_json(changed=changed, kept=kept)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    module.run_command_environ_update = {"LC_ALL": "C"}
    state = module.params["state"]
    if state == "compared":
        compare(module, module.params["images"])
    if state == "recorded":
        record_now(module, module.params["images"])
    forget(module)


if __name__ == "__main__":
    main()
