# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS STS takes. PRIVATE to this collection."""

from __future__ import annotations

import re

# AWS STS API Reference, "AssumeRoleWithWebIdentity": IGV gives a person's address as the name of the session.
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
