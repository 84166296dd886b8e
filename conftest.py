"""What the tests of the collection and those of its packages share."""

import sandbox  # noqa: F401  (which names the settings of Ansible, before it is imported)

pytest_plugins = ("tests.marks", "tests.emulators")
