# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module promises: one on the engine, and one that only reads. PRIVATE to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the predicted changed status without changing anything.
    support: full
    details:
      - Where AWS gives ids at creation, the result holds stand-ins that say what is not made yet. The other modules of
        this collection take them, and P(bioviewers.aws.known_after_apply#test) finds them.
  diff_mode:
    description: Returns what has changed, or would change in C(check_mode), when in diff mode.
    support: full
  idempotent:
    description: When run twice in a row without outside changes, the second run changes nothing.
    support: full
"""

    READ_ONLY = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode); it only reads, with and without.
    support: full
  diff_mode:
    description: Returns what has changed when in diff mode.
    support: N/A
    details: Nothing is ever changed.
  idempotent:
    description: When run twice in a row without outside changes, the second run changes nothing.
    support: full
"""
