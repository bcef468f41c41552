# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real playbooks against a throw-away node: bad input, wounds, failures, planted secrets.

The files run in the order of their names on one node: bare first, then converged.
"""
