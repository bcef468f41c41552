# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in for a provider's mediator: answers the query tree that Focus posts (ENDPOINT_TYPE omop).

It is not a real mediator and holds no real data: two made-up imaging collections, or those of a JSON file. Answers are
`{"collections": [...], "total": {...}}`; Focus adds the provider. Settings, each an environment variable:

MEDIATOR_BIND           address to listen on, default 0.0.0.0:8089
MEDIATOR_PATH           the only path that answers queries; default: every path
MEDIATOR_AUTH_HEADER    value that the Authorization header must have; empty or unset: no check
MEDIATOR_DATASETS       JSON file with a list of collections; an empty list is legal
MEDIATOR_MINIMUM_COUNT  a collection with a count from 1 up to one below this is reported with both counts 0 and
                        "suppressed": true; default 5

A collection: id, name, description, subjects_count, studies_count, age_range {min, max}, gender, modalities,
body_parts; optional diagnoses and manufacturers (lists) for the filter. A collection is kept or left out as a whole:
it matches an EQUALS when its list holds the value. A key or value that the mediator does not know matches nothing, so
an answer is never broader than the question. A total is the sum of the counts as reported, so it gives no suppressed
count away. `GET /health` answers 200.
"""

from __future__ import annotations

import hmac
import json
import os
import pathlib
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from standins import _focus_query as fq
from standins import _strict
from standins._http import Request, Response, Server, parse_socket_address

SETTINGS = ("MEDIATOR_BIND", "MEDIATOR_PATH", "MEDIATOR_AUTH_HEADER", "MEDIATOR_DATASETS", "MEDIATOR_MINIMUM_COUNT")
SERVER_HEADER = "eucaim-standin-mediator/0.1.0 (not a real mediator)"
AGE_AT_DIAGNOSIS = "SNOMEDCT423493009"

BUILT_IN: list[dict[str, Any]] = [
    {
        "id": "synthetic-breast-mr",
        "name": "Synthetic breast MR",
        "description": "Made-up collection for tests: breast MR examinations of nobody",
        "subjects_count": 120,
        "studies_count": 310,
        "age_range": {"min": 31, "max": 79},
        "gender": ["female"],
        "modalities": ["MR"],
        "body_parts": ["breast"],
        "diagnoses": ["SNOMEDCT254837009"],
        "manufacturers": ["Siemens", "Philips"],
    },
    {
        "id": "synthetic-lung-ct",
        "name": "Synthetic lung CT",
        "description": "Made-up collection for tests: low-dose chest CT of nobody",
        "subjects_count": 80,
        "studies_count": 95,
        "age_range": {"min": 45, "max": 88},
        "gender": ["female", "male"],
        "modalities": ["CT"],
        "body_parts": ["lung"],
        "diagnoses": ["SNOMEDCT363358000"],
        "manufacturers": ["General Electric"],
    },
]

# The list of a collection that a category of the query looks at.
_MEMBERS = {
    "gender": "gender",
    "diagnosis": "diagnoses",
    "modality": "modalities",
    "bodyPart": "body_parts",
    "manufacturer": "manufacturers",
}
_LISTS = tuple(_MEMBERS.values())
_SHOWN = (
    "id",
    "name",
    "description",
    "subjects_count",
    "studies_count",
    "age_range",
    "gender",
    "modalities",
    "body_parts",
)


class BadQuery(Exception):
    """A tree that can be read but asks for something that makes no sense: 422."""


def _is_count(value: object) -> bool:
    """Whether this is a whole number from 0 up; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def check_datasets(value: object) -> list[dict[str, Any]]:
    """The collections, each complete. ValueError names the first fault."""
    if not isinstance(value, list):
        raise ValueError("the file must hold a list of collections")
    for number, entry in enumerate(value):
        where = f"collection {number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not entry["id"]:
            raise ValueError(f"{where}: no id")
        where = f"collection {entry['id']}"
        for name in ("name", "description"):
            if not isinstance(entry.get(name), str):
                raise ValueError(f"{where}: {name} must be a text")
        for name in ("subjects_count", "studies_count"):
            if not _is_count(entry.get(name)):
                raise ValueError(f"{where}: {name} must be a whole number from 0 up")
        for name in _LISTS:
            texts = entry.get(name, [])
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                raise ValueError(f"{where}: {name} must be a list of texts")
        limits = entry.get("age_range")
        if not isinstance(limits, dict) or not all(type(limits.get(name)) in (int, float) for name in ("min", "max")):
            raise ValueError(f"{where}: age_range must have min and max")
    return value


def _values(value: fq.Value) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return value
    raise BadQuery("a text or a list of texts is needed for this key")


def _matches_age(kind: str, value: fq.Value, limits: Mapping[str, float]) -> bool:
    """Whether the ages of the collection reach into what is asked for."""
    low, high = limits["min"], limits["max"]
    if kind == "BETWEEN":
        if not isinstance(value, dict):
            raise BadQuery("BETWEEN needs min and max")
        try:
            return float(value["min"]) <= high and low <= float(value["max"])
        except ValueError:
            raise BadQuery("BETWEEN needs numbers for this key") from None
    if isinstance(value, bool) or not isinstance(value, float):
        raise BadQuery(f"{kind} needs a number for this key")
    if kind == "LOWER_THAN":
        return low < value
    if kind == "GREATER_THAN":
        return high > value
    if kind == "EQUALS":
        return low <= value <= high
    if kind == "NOT_EQUALS":
        return not low == high == value
    raise BadQuery(f"{kind} does not go with this key")


def _matches_condition(condition: fq.Condition, dataset: Mapping[str, Any]) -> bool:
    if condition.key == AGE_AT_DIAGNOSIS:
        return _matches_age(condition.type, condition.value, dataset["age_range"])
    category = fq.CATEGORIES.get(condition.key)
    if category is None:
        return False
    if condition.type not in ("EQUALS", "NOT_EQUALS", "IN", "CONTAINS"):
        raise BadQuery(f"{condition.type} does not go with this key")
    held = {text.lower() for text in dataset.get(_MEMBERS[category], [])}
    asked = [fq.CRITERIA.get(value) for value in _values(condition.value)]
    known = {criterion.replace("%20", " ").lower() for criterion in asked if criterion is not None}
    if condition.type == "NOT_EQUALS":
        # Something other than the value must be there; a value nobody knows selects nothing.
        return None not in asked and bool(held - known)
    return bool(held & known)


def matches(node: fq.Operation | fq.Condition, dataset: Mapping[str, Any]) -> bool:
    """An operation without children asks for nothing and holds everywhere."""
    if isinstance(node, fq.Condition):
        return _matches_condition(node, dataset)
    results = [matches(child, dataset) for child in node.children]
    if not results:
        return True
    return all(results) if node.operand == "AND" else any(results)


def search(ast: fq.Ast, datasets: list[dict[str, Any]], minimum: int) -> dict[str, Any]:
    """The answer: matching collections and the total, small counts suppressed."""
    matches(ast.ast, BUILT_IN[0])  # so that a query without sense is refused by an empty mediator, too
    collections = []
    total = {"subjects_count": 0, "studies_count": 0}
    for dataset in datasets:
        if not matches(ast.ast, dataset):
            continue
        shown: dict[str, Any] = {name: dataset.get(name, []) for name in _SHOWN}
        if any(0 < shown[name] < minimum for name in total):
            shown |= {"subjects_count": 0, "studies_count": 0, "suppressed": True}
        for name in total:
            total[name] += shown[name]
        collections.append(shown)
    return {"collections": collections, "total": total}


@dataclass(frozen=True)
class Mediator:
    datasets: list[dict[str, Any]]
    minimum: int = 5
    auth_header: str | None = None
    path: str | None = None

    def handle(self, request: Request) -> Response:
        if request.path == "/health":
            if request.method not in ("GET", "HEAD"):
                return _answer(405, {"error": "only GET here"}, ("allow", "GET"))
            return _answer(200, {"status": "ok", "stand_in": True, "collections": len(self.datasets)})
        if self.path is not None and request.path != self.path:
            return _answer(404, {"error": "no such path"})
        if self.auth_header:
            given = (request.headers.get("authorization") or "").encode("latin-1")
            if not hmac.compare_digest(given, self.auth_header.encode()):
                return _answer(401, {"error": "wrong or missing Authorization header"})
        if request.method != "POST":
            return _answer(405, {"error": "queries are posted"}, ("allow", "POST"))
        media_type = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            return _answer(415, {"error": "application/json is needed"})
        try:
            json.loads(request.body.decode("utf-8"))
        except (ValueError, RecursionError):
            return _answer(400, {"error": "the body is not JSON"})
        try:
            return _answer(200, search(fq.read_ast(request.body), self.datasets, self.minimum))
        except (fq.QueryError, BadQuery) as error:
            return _answer(422, {"error": f"not a query tree that can be answered: {error}"})


def _answer(status: int, body: dict[str, Any], *headers: tuple[str, str]) -> Response:
    return Response(status, [("content-type", "application/json"), *headers], json.dumps(body).encode())


def load(environment: Mapping[str, str]) -> tuple[tuple[str, int], Mediator]:
    """Address and mediator from the settings. ValueError or OSError with the reason."""
    try:
        address = parse_socket_address(environment.get("MEDIATOR_BIND") or "0.0.0.0:8089")
    except (ValueError, OSError) as error:
        raise ValueError(f"MEDIATOR_BIND: {error}") from None
    text = environment.get("MEDIATOR_MINIMUM_COUNT") or "5"
    if not text.isdecimal():
        raise ValueError("MEDIATOR_MINIMUM_COUNT: a whole number from 0 up is needed")
    datasets = BUILT_IN
    if environment.get("MEDIATOR_DATASETS"):
        try:
            datasets = check_datasets(json.loads(pathlib.Path(environment["MEDIATOR_DATASETS"]).read_text("utf-8")))
        except ValueError as error:
            raise ValueError(f"MEDIATOR_DATASETS: {error}") from None
    auth_header = environment.get("MEDIATOR_AUTH_HEADER") or None
    return address, Mediator(datasets, int(text), auth_header, environment.get("MEDIATOR_PATH") or None)


def main() -> int:
    _strict.check_environment(SETTINGS, http_client=False)
    try:
        address, mediator = load(os.environ)
        server = Server(address, mediator.handle, SERVER_HEADER)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"mediator (stand-in): {error}\n")
        return 1

    def end(_number: int, _frame: object) -> None:
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    sys.stdout.write(
        f"mediator (stand-in, not a real one) listens on {address[0]}:{server.port} with "
        f"{len(mediator.datasets)} collections; counts below {mediator.minimum} are suppressed\n"
    )
    sys.stdout.flush()
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
