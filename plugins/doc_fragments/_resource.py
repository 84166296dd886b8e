# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that the engine gives to modules. PRIVATE to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - Whether the resource is there.
      - With V(present), settings that are not given keep the value they have.
    type: str
    choices: [present, absent]
    default: present
author:
  - Contributors to bioviewers.aws (@bioviewers)
"""

    TAGS = r"""
options:
  tags:
    description: Tags of the resource, which are laid over those that it has.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description:
      - Whether tags are removed that O(tags) does not name. Those that begin with C(aws:) are AWS's own and stay.
      - The modules of amazon.aws remove them by default. These do not, since organizations have what is made in their
        accounts tagged, and have policies that want those tags.
    type: bool
    default: false
"""

    WAIT = r"""
options:
  wait:
    description:
      - Wait until the resource is ready for use.
      - A later run of the task with O(wait=true) waits even if it has nothing to change, so that several slow
        resources can be started first and waited for at the end.
    type: bool
    default: false
  wait_timeout:
    description: How many seconds to wait at most.
    type: int
    default: 1800
"""
