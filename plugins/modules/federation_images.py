# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: federation_images
short_description: Bring image archives, and compare images and services with what was recorded when they came
version_added: 0.1.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - A tag can be moved to another image without a trace. So this module records, when an image was pulled,
    loaded or built, which image that was and where it came from, and later tells which images are missing
    or are no longer the same.
  - It loads archives, all in one go. It pulls and builds nothing itself. It removes what the record names, if told so.
  - It also records what the services were when they were last brought up, so that a later run can tell that they stand
    as they should without asking Compose, which takes a second to find that out.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.linux
  - eucaim.local_node.attributes.action
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
      - V(loaded) brings archives that are on the control machine, checks the sums of all, before they travel and after,
        loads them, names them, and writes down what they are.
      - V(recorded) writes down what the images are now.
      - V(settled) writes down what the services are now. To be used when they have been brought up without an error.
      - V(absent) removes every image of the record that no container uses, and the record.
    type: str
    choices: [compared, loaded, recorded, settled, absent]
    default: compared
  images:
    description:
      - The images, as the filter P(eucaim.local_node.federation_images#filter) returns them.
      - Each has at least C(service), C(reference) and C(origin), and with O(state=loaded) also C(path), C(sha256),
        C(on_node) and C(retag).
      - Needed unless O(state) is V(settled) or V(absent).
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
    description: The services, which are also the names of their containers. Only they may be on that network.
    type: list
    elements: str
    default: []
  directory:
    description:
      - Where copies of archives from the control machine are, each as C(SERVICE.tar). They are deleted once loaded.
      - The controller's part of this module puts them into Ansible's temporary directory on the node (C(remote_tmp)),
        which needs room for them, and says so here.
    type: path
    default: ""
  project:
    description: The Compose project of the services.
    type: str
    default: eucaim-federation
  compose_file:
    description: Its file. Without it nothing is said about the services.
    type: path
    default: ""
  compose_text:
    description: What that file must hold. C(@network@) in it stands for the id of the network.
    type: str
    default: ""
  environment_files:
    description: The files with the environment of the services.
    type: list
    elements: path
    default: []
  services_record:
    description: The file with the record of the services.
    type: path
    default: /var/lib/eucaim/federation/services.json
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
standing:
  description:
    - Whether the services stand as they were last brought up. Their files and containers are the same, they run (or are
      started again by the engine, again and again), and images and network are still those that they use.
  returned: O(state=compared)
  type: bool
  sample: true
why:
  description: Why they do not.
  returned: O(state=compared)
  type: str
  sample: focus has stopped (exit code 0)
trying:
  description: Services that the engine starts again and again.
  returned: O(state=compared)
  type: list
  elements: str
  sample: [beam-proxy]
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
  returned: O(state) is V(compared), V(loaded) or V(recorded)
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
from ansible_collections.eucaim.local_node.plugins.module_utils import _docker_socket as engine
from ansible_collections.eucaim.local_node.plugins.module_utils import _federation as federation
from ansible_collections.eucaim.local_node.plugins.module_utils._federation_files import (
    checksum,
    read_text,
    write_text,
)

NETWORK_MARK = "@network@"
ARGUMENTS: dict[str, Any] = {
    "state": {
        "type": "str",
        "choices": ["compared", "loaded", "recorded", "settled", "absent"],
        "default": "compared",
    },
    "images": {"type": "list", "elements": "dict", "default": []},
    "network": {"type": "str", "default": ""},
    "subnet": {"type": "str", "default": ""},
    "services": {"type": "list", "elements": "str", "default": []},
    "record": {"type": "path", "default": "/etc/eucaim/federation/images.json"},
    "directory": {"type": "path", "default": ""},
    "project": {"type": "str", "default": "eucaim-federation"},
    "compose_file": {"type": "path", "default": ""},
    "compose_text": {"type": "str", "default": ""},
    "environment_files": {"type": "list", "elements": "path", "default": []},
    "services_record": {"type": "path", "default": "/var/lib/eucaim/federation/services.json"},
}


def read_record(path: str) -> Any:
    """Return a record, or nothing when there is none that can be read."""
    try:
        return json.loads(read_text(path) or "{}")
    except ValueError:
        return {}


def image_ids(references: list[str]) -> dict[str, str]:
    """Return the id of each image that is on the node."""
    found = {reference: engine.inspect("image", reference) for reference in references}
    return {reference: str(data["Id"]) for reference, data in found.items() if data}


def docker(module: AnsibleModule, *arguments: str) -> tuple[int, str, str]:
    """Run Docker's command."""
    rc, out, err = module.run_command(["docker", *arguments])
    return rc, out, err


def last_line(text: str) -> str:
    """Return the last line of a complaint."""
    return (text.strip().splitlines() or ["no reason given"])[-1]


def remove(module: AnsibleModule, references: list[str]) -> list[str]:
    """Remove images; return those that stay, and why."""
    kept: list[str] = []
    if not module.get_bin_path("docker"):
        return kept
    for reference in references:
        rc, _out, err = docker(module, "image", "rm", reference)
        if rc != 0 and "No such image" not in err:
            kept.append(f"{reference}: {last_line(err)}")
    return kept


def service_inputs(params: dict[str, Any]) -> dict[str, str]:
    """Return the sums of the files that Compose makes the services from."""
    return {path: checksum(path) for path in [params["compose_file"], *params["environment_files"]]}


def service_containers(params: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what the engine says of the container of each service."""
    return {service: engine.inspect("container", service) or {} for service in params["services"]}


def why_not_standing(
    params: dict[str, Any], network: dict[str, Any], ids: dict[str, str], found: dict[str, dict[str, Any]]
) -> str:
    """Return why the services have to be brought up, or nothing; images and network are as they should be."""
    if not params["compose_file"]:
        return "nothing is said about them"
    wanted = params["compose_text"].replace(NETWORK_MARK, str(network.get("Id") or ""))
    if read_text(params["compose_file"]) != wanted:
        return "the Compose file is not as it should be"
    listed = [str(entry.get("Id")) for entry in engine.containers_of(params["project"])]
    images = {str(image["service"]): ids.get(image["reference"], "") for image in params["images"]}
    return federation.unsettled(
        read_record(params["services_record"]), service_inputs(params), found, listed
    ) or federation.unsound(found, images, params["network"], str(network.get("Id") or ""))


def compare(module: AnsibleModule, images: list[dict[str, Any]]) -> None:
    """Tell what is missing or another one."""
    params = module.params
    ids = image_ids([image["reference"] for image in images])
    record = read_record(params["record"])
    states = [federation.image_state(image, ids.get(image["reference"], ""), record) for image in images]
    network = (engine.inspect("network", params["network"]) if params["network"] else None) or {}
    fits = federation.network_fits(network, params["subnet"])
    wanted = [image for image, state in zip(images, states) if not state.matches]
    found = service_containers(params)
    incomplete = wanted or not fits
    why = "images or the network are missing" if incomplete else why_not_standing(params, network, ids, found)
    module.exit_json(
        changed=False,
        wanted=wanted,
        strangers=federation.strangers_on(network, params["services"]),
        network={"id": network.get("Id", ""), "fits": fits},
        images=[vars(state) for state in states],
        standing=not why,
        why=why,
        trying=[
            service
            for service, data in found.items()
            if data.get("RestartCount") or (data.get("State") or {}).get("Status") == "restarting"
        ],
    )


def archive_of(params: dict[str, Any], image: dict[str, Any]) -> str:
    """Return where the archive of an image is on the node."""
    return str(image["path"] if image["on_node"] else os.path.join(params["directory"], f"{image['service']}.tar"))


def load(module: AnsibleModule, images: list[dict[str, Any]]) -> None:
    """Load image archives, name what came, and write it down."""
    # In check mode nothing was brought; what would be has been looked at on the control machine.
    here = [image for image in images if image["on_node"] or not module.check_mode]
    refused = federation.refuse_archives(here, [checksum(archive_of(module.params, image)) for image in here])
    if refused:
        module.fail_json(**refused)
    if module.check_mode:
        module.exit_json(changed=bool(images), images=[])
    for image in images:
        load_one(module, image)
        if not image["on_node"]:
            os.unlink(archive_of(module.params, image))
    module.exit_json(**{**note(module, images), "changed": bool(images)})


def load_one(module: AnsibleModule, image: dict[str, Any]) -> None:
    """Load one image archive. One without a name of its own gets one by its sum, and loses that of the archive."""
    rc, out, err = docker(module, "load", "--quiet", "--input", archive_of(module.params, image))
    loaded = [line.partition(": ")[2] for line in out.splitlines() if line.startswith("Loaded image")]
    if rc != 0 or not loaded:
        module.fail_json(msg=f"The image archive {image['path']} cannot be loaded: {last_line(err)}")
    if not image["retag"]:
        return
    rc, _out, err = docker(module, "tag", loaded[0], image["reference"])
    if rc != 0:
        module.fail_json(msg=f"The image of {image['path']} cannot be named {image['reference']}: {last_line(err)}")
    if not loaded[0].startswith("sha256:") and loaded[0] != image["reference"]:
        remove(module, [loaded[0]])


def note(module: AnsibleModule, images: list[dict[str, Any]]) -> dict[str, Any]:
    """Write down what the images are; return that, and whether it is new."""
    path = module.params["record"]
    ids = image_ids([image["reference"] for image in images])
    missing = [image["reference"] for image in images if image["reference"] not in ids]
    if missing:
        module.fail_json(msg=f"These images are still not on the node: {', '.join(missing)}")
    record = read_record(path)
    known = dict(record) if isinstance(record, dict) else {}
    for image in images:
        known[image["reference"]] = {"id": ids[image["reference"]], "origin": image["origin"]}
    changed = known != record
    if changed and not module.check_mode:
        save(path, known, 0o644)
    states = [federation.image_state(image, ids[image["reference"]], known) for image in images]
    return {"changed": changed, "images": [vars(state) for state in states]}


def save(path: str, record: dict[str, Any], mode: int) -> None:
    """Write a record."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write_text(path, json.dumps(record, indent=2, sort_keys=True) + "\n", mode)


def settle(module: AnsibleModule) -> None:
    """Write down what the services are, now that they were brought up. It is a note of ours, and changes nothing."""
    params = module.params
    ids = {service: str(data.get("Id") or "") for service, data in service_containers(params).items()}
    record = {"inputs": service_inputs(params), "containers": ids}
    if not module.check_mode and read_record(params["services_record"]) != record:
        # Sums of files with secrets are for nobody else.
        save(params["services_record"], record, 0o600)
    module.exit_json(changed=False)


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
    if state == "loaded":
        load(module, module.params["images"])
    if state == "recorded":
        module.exit_json(**note(module, module.params["images"]))
    if state == "settled":
        settle(module)
    forget(module)


if __name__ == "__main__":
    main()
