# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The far end of the federation on this machine: python -m tests.standins.farend up|down|sign|revoke|query|status.

A PKI, a Beam broker behind a TLS ingress, and the proxy of an explorer that asks the questions. These are stand-ins;
with --images registry, or a folder of image archives, the broker and the explorer's proxy are the real programs.
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import shutil
import tarfile
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from tests.farend import images as standins
from tests.nodes.engine import CACHE, LABEL, docker, ensure_network, remove_network, require, run, write_private

BROKER_ID = "broker.eucaim.test"
EXPLORER_ID = f"explorer.{BROKER_ID}"
APP = f"spot.{EXPLORER_ID}"
REAL = ("beam-broker", "beam-proxy", "focus")
REGISTRY = {name: f"samply/{name}:main" for name in REAL}
# A real broker that meets a new certificate within about 20 s of its start locks up for ever (facts 1.5).
LOCK_UP_SECONDS = 30.0


class FarEndError(RuntimeError):
    """The far end did not do what was asked."""


@dataclass(frozen=True)
class RealImage:
    """A real program's image: a name in a registry, or an archive with its checksum."""

    name: str
    path: str = ""
    sha256: str = ""


def find_real(where: str) -> dict[str, RealImage]:
    """The real images by program; *where* is `registry` or a folder of archives."""
    if where == "registry":
        return {program: RealImage(name) for program, name in REGISTRY.items()}
    folder = Path(where)
    if not folder.is_dir():
        raise FarEndError(f"found: no folder {where}; needed: `registry` or a folder with image archives")
    found: dict[str, RealImage] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name.endswith((".tar", ".tar.gz", ".tgz")):
            name = repository(path)
            program = program_of(name) or program_of(path.name)
            if program and program not in found:
                found[program] = RealImage(name, str(path.resolve()), checksum(path))
    missing = [program for program in REAL if program not in found]
    if missing:
        names = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
        raise FarEndError(
            f"found: {names}; needed: archives (docker save) of {', '.join(REAL)}; remedy: add {', '.join(missing)}, "
            "recognised by image name or file name"
        )
    return found


def program_of(name: str) -> str:
    """Which program a name speaks of, empty for none."""
    words = zip(REAL, ("broker", "proxy", "focus"), strict=True)
    return next((program for program, word in words if word in name.lower()), "")


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def named(program: str, image: RealImage) -> RealImage:
    """The same image with a name: an archive that has none is packed again under one."""
    if image.name:
        return image
    name = f"eucaim-real/{program}:demo"
    docker("tag", docker("load", "--input", image.path).splitlines()[-1].split(": ", 1)[1], name)
    path = standins.ARCHIVES / f"real-{program}.tar"
    docker("save", "--output", str(path), name)
    return RealImage(name, str(path), checksum(path))


def repository(path: Path) -> str:
    """The image name inside an archive, empty where it has none."""
    try:
        with tarfile.open(path) as archive:
            stream = archive.extractfile("manifest.json")
            manifest = json.load(stream) if stream else []
    except (KeyError, tarfile.TarError) as problem:
        raise FarEndError(
            f"found: {path} ({problem}); needed: an image archive as `docker save` writes it"
        ) from problem
    tags = [str(tag) for entry in manifest for tag in entry.get("RepoTags") or []]
    return tags[0] if tags else ""


@dataclass
class FarEnd:
    """The far end on one network of this machine's engine."""

    network: str = "eucaim-test"
    subnet: str = "172.30.78.0/24"
    real: dict[str, RealImage] = field(default_factory=dict)
    say: standins.Say = print

    @property
    def state(self) -> Path:
        """Where its files lie."""
        return CACHE / "farend" / self.network

    @property
    def pki(self) -> Path:
        """The PKI's directory: root.crt.pem is the network's root certificate."""
        return self.state / "pki"

    @property
    def tls_authority(self) -> Path:
        """The authority behind the ingress's certificate, which a node must trust for TLS."""
        return self.state / "tls" / "ca.crt.pem"

    def container(self, part: str) -> str:
        """Name of the container of one part: pki, broker, ingress, explorer."""
        return f"{self.network}-{part}"

    def address(self, last: int) -> str:
        """An address in the network."""
        return ".".join([*self.subnet.split(".")[:3], str(last)])

    # -- up and down ---------------------------------------------------------------------------------------------

    def up(self) -> FarEnd:
        """Start all parts and wait until the explorer's proxy can ask."""
        require()
        archives = standins.ensure(self.say)
        ensure_network(self.network, self.address(1))
        loaded = {part: standins.load(part, archives) for part in ("pki", "ingress", "beam-broker", "beam-proxy")}
        for program in ("beam-broker", "beam-proxy"):
            if program in self.real:
                loaded[program] = self._load_real(self.real[program])
        for folder in (self.pki / "requests", self.state / "tls"):
            folder.mkdir(parents=True, exist_ok=True)
        self._pki_command(loaded["pki"], "init", "--dir", "/pki")
        key = self.pki / "explorer.key.pem"
        if not key.exists():
            self._pki_command(
                loaded["pki"], "issue", "--dir", "/pki", "--cn", EXPLORER_ID, "--key", "/pki/explorer.key.pem"
            )
        self._start_parts(loaded)
        self.wait()
        return self

    def _load_real(self, image: RealImage) -> str:
        if not image.path:
            self.say(f"pulling {image.name}")
            docker("pull", "--quiet", image.name)
            return image.name
        self.say(f"loading {image.path}")
        return docker("load", "--input", image.path).splitlines()[-1].split(": ", 1)[1]

    def _pki_command(self, image: str, *arguments: str) -> str:
        return docker("run", "--rm", "--network=none", "-v", f"{self.pki}:/pki", image, *arguments)

    def _start_parts(self, loaded: dict[str, str]) -> None:
        mounts = ["-v", f"{self.pki / 'root.crt.pem'}:/run/secrets/root.crt.pem:ro"]
        pki_serve = ["serve", "--dir", "/pki", "--bind", "0.0.0.0:8200"]
        self._start("pki", loaded["pki"], 3, ["pki.eucaim.test"], ["-v", f"{self.pki}:/pki"], pki_serve)
        settings = self._settings("broker", {"MONITORING_API_KEY": secrets.token_hex(16)})
        settings |= {"BROKER_URL": f"https://{BROKER_ID}", "PKI_ADDRESS": "http://pki.eucaim.test:8200"}
        token = ["-v", f"{self.pki / 'token'}:/run/secrets/pki.secret:ro"]
        arguments = [*mounts, *token, *self._environment("broker", settings)]
        self._start("broker", loaded["beam-broker"], 4, ["beam-broker"], arguments, [])
        ingress = ["--self-signed-dir", "/tls", "--name", BROKER_ID, "--upstream", "beam-broker:8080"]
        self._start("ingress", loaded["ingress"], 2, [BROKER_ID], ["-v", f"{self.state / 'tls'}:/tls"], ingress)
        deadline = time.monotonic() + 30
        while not self.tls_authority.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        trusted = self.state / "trusted"
        trusted.mkdir(exist_ok=True)
        shutil.copy(self.tls_authority, trusted)
        settings = self._settings("explorer", {"APP_spot_KEY": secrets.token_hex(16)})
        settings |= {"BROKER_URL": f"https://{BROKER_ID}", "PROXY_ID": EXPLORER_ID}
        settings |= {"TLS_CA_CERTIFICATES_DIR": "/trusted"}
        mounts += ["-v", f"{self.pki / 'explorer.key.pem'}:/run/secrets/privkey.pem:ro", "-v", f"{trusted}:/trusted:ro"]
        arguments = [*mounts, "-p", "127.0.0.1::8081", *self._environment("explorer", settings)]
        self._start("explorer", loaded["beam-proxy"], 5, ["explorer"], arguments, [])

    def _settings(self, part: str, fresh: dict[str, str]) -> dict[str, str]:
        """The secrets of a part, made once."""
        path = self.state / f"{part}.json"
        if not path.exists():
            write_private(path, json.dumps(fresh))
        kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return kept

    def _environment(self, part: str, settings: dict[str, str]) -> list[str]:
        """Settings travel in a file, so that no secret is in an argument list."""
        path = self.state / f"{part}.env"
        write_private(path, "".join(f"{name}={value}\n" for name, value in settings.items()))
        return ["--env-file", str(path)]

    def _start(
        self, part: str, image: str, last: int, aliases: list[str], arguments: list[str], command: list[str]
    ) -> None:
        name = self.container(part)
        docker("rm", "-f", "-v", name, check=False)
        words = ["run", "-d", "--name", name, "--label", f"{LABEL}=farend", "--restart", "always"]
        words += ["--network", self.network, "--ip", self.address(last)]
        words += [word for alias in aliases for word in ("--network-alias", alias)]
        docker(*words, *arguments, image, *command)

    def down(self) -> None:
        """Take all parts and their files away."""
        for part in ("explorer", "ingress", "broker", "pki"):
            docker("rm", "-f", "-v", self.container(part), check=False)
        if self.state.exists():
            # The parts write as root, also where this program is not.
            archives = standins.ensure(self.say)
            script = "import os, shutil; [shutil.rmtree('/s/' + n, True) for n in os.listdir('/s')]"
            mount = ["-v", f"{self.state}:/s", "--entrypoint", "/usr/bin/python3"]
            docker("run", "--rm", "--network=none", *mount, standins.load("pki", archives), "-c", script, check=False)
            shutil.rmtree(self.state, ignore_errors=True)
        remove_network(self.network)

    def wait(self, timeout: float = 60.0) -> None:
        """Wait until the explorer's proxy is connected."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                status, _unused = self.call("GET", "/v1/health", timeout=3)
                if status == 200:
                    return
                problem = f"status {status}"
            except (OSError, FarEndError) as error:
                problem = str(error)
            if time.monotonic() > deadline:
                logs = [
                    docker("logs", "--tail", "5", self.container(part), check=False) for part in ("broker", "explorer")
                ]
                raise FarEndError(f"the far end did not come up in {timeout:.0f} s: {problem}; {' | '.join(logs)}")
            time.sleep(0.3)

    # -- the central manager's part ------------------------------------------------------------------------------

    def pki_run(self, *arguments: str) -> str:
        """One command of the PKI's command line, without --dir; files of the caller go through `requests`."""
        command, *rest = arguments
        inside = ["/usr/bin/python3", "-m", "standins.pki", command, "--dir", "/pki", *rest]
        return docker("exec", self.container("pki"), *inside)

    def sign(self, request: Path, *arguments: str) -> str:
        """Sign a node's certificate request; more arguments choose another validity. Says what it did in one line.

        A request that was signed before is not signed again, unless its certificate was revoked or a validity is given.
        """
        content = request.read_bytes()
        record = self.state / "signed.json"
        signed: dict[str, str] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
        number = sha256(content).hexdigest()
        if number in signed and not arguments and "valid until" in self._certificate(signed[number]):
            return f"{signed[number]} is there already"
        self.let_broker_settle()
        inside = self.pki / "requests" / f"{number}.pem"
        inside.write_bytes(content)
        line = self.pki_run("sign", "--csr", f"/pki/requests/{inside.name}", *arguments)
        signed[number] = line.split()[0]
        record.write_text(json.dumps(signed, indent=1), encoding="utf-8")
        return f"signed {line}"

    def _certificate(self, serial: str) -> str:
        """The PKI's line about one certificate."""
        lines = self.pki_run("list").splitlines()
        return next((line for line in lines if line.startswith(serial)), "")

    def let_broker_settle(self) -> None:
        """Wait, with a real broker, until a new certificate cannot lock it up any more."""
        if self._broker_is_real():
            started = docker("inspect", "-f", "{{.State.StartedAt}}", self.container("broker"))
            age = time.time() - _seconds(started)
            if age < LOCK_UP_SECONDS:
                self.say(f"waiting {LOCK_UP_SECONDS - age:.0f} s: a real broker locks up on early certificates")
                time.sleep(LOCK_UP_SECONDS - age)

    def _broker_is_real(self) -> bool:
        image = docker("inspect", "-f", "{{.Image}}", self.container("broker"))
        return not docker("image", "inspect", "-f", f'{{{{index .Config.Labels "{LABEL}.standin"}}}}', image).strip()

    def revoke(self, provider: str) -> str:
        """Revoke every certificate of a provider's proxy."""
        return self.pki_run("revoke", "--cn", f"{provider}.{BROKER_ID}")

    # -- the explorer's part -------------------------------------------------------------------------------------

    def explorer_address(self) -> str:
        """Where this machine reaches the explorer's proxy."""
        port = docker("port", self.container("explorer"), "8081/tcp", check=False)
        if not port:
            raise FarEndError("the explorer's proxy is not running")
        return port.splitlines()[0].strip()

    def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, timeout: float = 30.0
    ) -> tuple[int, bytes]:
        """One call of the explorer's proxy, with the key of its app."""
        key = self._settings("explorer", {})["APP_spot_KEY"]
        address = f"http://{self.explorer_address()}{path}"
        headers = {"Authorization": f"ApiKey {APP} {key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data, headers, method=method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=timeout) as answer:
                return int(answer.status), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def query(self, provider: str, ast: dict[str, Any] | None = None, timeout: float = 60.0) -> dict[str, Any]:
        """Ask a provider's Focus, wait for its answer and decode it."""
        number = str(uuid.uuid4())
        tree = ast or {"ast": {"operand": "OR", "children": []}, "id": number}
        body = {"lang": "ast", "query": base64.b64encode(json.dumps(tree).encode()).decode()}
        task = {
            "id": number,
            "from": APP,
            "to": [f"focus.{provider}.{BROKER_ID}"],
            "body": base64.b64encode(json.dumps(body).encode()).decode(),
            "ttl": f"{int(timeout)}s",
            "failure_strategy": "discard",
            "metadata": {"project": "eucaim"},
        }
        result = self.ask(task, timeout)
        if result["status"] != "succeeded":
            raise FarEndError(f"{provider} answered {result['status']}: {result['body']}")
        answer: dict[str, Any] = json.loads(base64.b64decode(result["body"]))
        return answer

    def healthcheck(self, provider: str, timeout: float = 30.0) -> str:
        """Ask a provider's Focus whether it is there, without touching its mediator."""
        task = {
            "id": str(uuid.uuid4()),
            "from": APP,
            "to": [f"focus.{provider}.{BROKER_ID}"],
            "body": "",
            "ttl": f"{int(timeout)}s",
            "failure_strategy": "discard",
            "metadata": {"project": "focus-healthcheck"},
        }
        return str(self.ask(task, timeout)["body"])

    def ask(self, task: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Send a task and wait for a result that is more than a claim; waits, too, for a proxy just enrolled."""
        deadline = time.monotonic() + timeout
        status, body = self.call("POST", "/v1/tasks", task)
        while status == 424 and time.monotonic() < deadline:
            time.sleep(1)
            status, body = self.call("POST", "/v1/tasks", task)
        if status != 201:
            raise FarEndError(f"the task was not taken: {status} {body.decode(errors='replace')}")
        path = f"/v1/tasks/{task['id']}/results?wait_count=1&wait_time=2s"
        while time.monotonic() < deadline:
            status, body = self.call("GET", path)
            if status not in (200, 206):
                raise FarEndError(f"no results: {status} {body.decode(errors='replace')}")
            results: list[dict[str, Any]] = [item for item in json.loads(body) if item["status"] != "claimed"]
            if results:
                return results[0]
        raise FarEndError(f"{task['to'][0]} did not answer in {timeout:.0f} s")


def _seconds(moment: str) -> float:
    """Seconds since 1970 of a time as the engine writes it."""
    return float(run(["date", "-d", moment, "+%s.%N"]).stdout)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--network", default="eucaim-test")
    where.add_argument("--subnet", default="172.30.78.0/24")
    parser = argparse.ArgumentParser(prog="python -m tests.standins.farend", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", parents=[where], help="start everything")
    up.add_argument("--images", help="`registry`, or a folder with archives of the real images")
    commands.add_parser("down", parents=[where], help="take everything away")
    sign = commands.add_parser("sign", parents=[where], help="sign a certificate request, as the central manager does")
    sign.add_argument("request", type=Path)
    for name in ("--not-before", "--not-after", "--days"):
        sign.add_argument(name)
    revoke = commands.add_parser("revoke", parents=[where], help="revoke a provider's certificates")
    revoke.add_argument("--provider", required=True)
    query = commands.add_parser("query", parents=[where], help="ask a provider and print its answer")
    query.add_argument("--provider", required=True)
    query.add_argument("--timeout", type=float, default=60.0)
    return parser.parse_args()


def main() -> None:
    """Do what the command line says."""
    options = arguments()
    far = FarEnd(options.network, options.subnet)
    if options.command == "up":
        far.real = find_real(options.images) if options.images else {}
        far.up()
        print(f"broker https://{BROKER_ID} on network {far.network}; root certificate {far.pki / 'root.crt.pem'}")
    elif options.command == "down":
        far.down()
    elif options.command == "sign":
        chosen = {"--not-before": options.not_before, "--not-after": options.not_after, "--days": options.days}
        print(far.sign(options.request, *(f"{name}={value}" for name, value in chosen.items() if value)))
    elif options.command == "revoke":
        print(far.revoke(options.provider))
    else:
        print(json.dumps(far.query(options.provider, timeout=options.timeout), indent=2))
