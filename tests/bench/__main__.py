"""`make bench`: speed, each figure as a ratio within one run. Nothing is asserted: a figure is read by a person."""

from __future__ import annotations

from tests.bench import provisioning, second_run, viewer

if __name__ == "__main__":
    quick = provisioning.build()
    second_run.main()
    viewer.main()
    provisioning.wait(quick)
