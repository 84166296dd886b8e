"""What the tests of the collection and those of its packages share."""

import sandbox

pytest_plugins = ("tests.marks", "tests.emulators")


def pytest_report_header() -> str:
    """Which settings of Ansible count. The sandbox names them as it is imported, before Ansible is."""
    return f"Ansible's settings: {sandbox.ANSIBLE_CONFIG}"
