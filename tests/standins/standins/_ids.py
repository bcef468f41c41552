# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Beam ids: which parts they have and how a wrong one is called."""

from __future__ import annotations

WRONG_BROKER = "The broker id part of the id did not match the global broker id."
WRONG_KIND = "Id parsed as a different kind of id then specified."
WRONG_COUNT = "Id had an unexpected amount of fragments."
WRONG_FRAGMENT = "Id fragment may only contain alphanumeric values."


class IdError(ValueError):
    """The text is no Beam id of the wanted kind."""


class Network:
    """The ids of one Beam network; *broker* is the host part of BROKER_URL."""

    def __init__(self, broker: str) -> None:
        self.broker = broker

    def kind(self, text: str) -> str:
        if not text.endswith(self.broker):
            raise IdError(WRONG_BROKER)
        rest = text[: len(text) - len(self.broker)]
        if not rest.endswith("."):
            return "broker"
        fragments = rest[:-1].split(".")
        for fragment in fragments[:2]:
            if any(not (character.isalnum() or character == "-") for character in fragment):
                raise IdError(WRONG_FRAGMENT)
        if len(fragments) > 2:
            raise IdError(WRONG_COUNT)
        return "proxy" if len(fragments) == 1 else "app"

    def _of_kind(self, text: str, kinds: tuple[str, ...]) -> str:
        if self.kind(text) not in kinds:
            raise IdError(WRONG_KIND)
        return text

    def app(self, text: str) -> str:
        return self._of_kind(text, ("app",))

    def proxy(self, text: str) -> str:
        return self._of_kind(text, ("proxy",))

    def app_or_proxy(self, text: str) -> str:
        return self._of_kind(text, ("app", "proxy"))

    def proxy_of(self, identity: str) -> str:
        """The proxy an app belongs to; a proxy id is its own."""
        return identity.split(".", 1)[1] if self.kind(identity) == "app" else identity

    def short(self, identity: str) -> str:
        """The id without the broker part, as the logs show it."""
        return identity[: len(identity) - len(self.broker) - 1]


def may_sign(identity: str, signer: str) -> bool:
    return identity == signer or identity.endswith("." + signer)
