# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for the far end of the federation: Beam broker and proxy, Focus, a mediator, the PKI and a TLS ingress.

They follow the recorded behaviour of the real programs by rule, not record by record. What they simulate only:
the messages between two proxies travel signed but not encrypted, and the PKI is a small file-based one.
"""
