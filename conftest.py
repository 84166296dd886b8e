"""What the tests of the collection and those of its packages share."""

pytest_plugins = ("tests.marks", "tests.emulators")
