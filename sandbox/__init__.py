"""AWS on one machine. The edge is a package of its own, found in this checkout without being installed."""

import os
import pathlib
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]

sys.path.append(str(CHECKOUT / "packages" / "aws_edge"))
# Before Ansible is imported or started: that FQCNs are those of the checkout.
ANSIBLE_CONFIG = os.environ.setdefault("ANSIBLE_CONFIG", str(CHECKOUT / ".config" / "ansible.cfg"))
