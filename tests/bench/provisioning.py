"""How long site.yml takes: what AWS's own waiting adds to a first run, and what an unchanged second run costs.

The waiting is measured with latencies that nobody can shorten (`LATENCIES`). A run that waited for one thing after the
other would take their sum longer; the best possible one, the longest chain of things that need each other.
"""

from __future__ import annotations

import os

from sandbox.api import latencies
from sandbox.demo import viewer
from tests.bench import memory, plays

LATENCIES = {"certificate": 60, "load_balancer": 120, "distribution": 240, "instance": 45}
# A distribution takes only a certificate that is issued.
LONGEST_CHAIN = LATENCIES["certificate"] + LATENCIES["distribution"]
# Where the viewer is built, by role neuroglancer's default.
WORK_DIRECTORY = "/var/lib/neuroglancer"
BUILD = "bioviewers.aws.neuroglancer : compile | "


def table(run: plays.Run) -> None:
    """The plays of a run."""
    for play in run.plays:
        print(f"    {play.name:<72}{play.seconds:7.1f} s{len(play.tasks):5} tasks")
    print(f"    {'all':<72}{run.seconds:7.1f} s{sum(len(play.tasks) for play in run.plays):5} tasks")


def first_run(setting: str) -> plays.Run:
    """site.yml in an empty account."""
    os.environ[latencies.VARIABLE] = setting
    viewer.start()
    # The viewer is compiled, as at a lab, whatever this machine has built before.
    return plays.run("playbooks/site.yml", "-e", "neuroglancer_bundle_dir=")


def report_again(again: plays.Run) -> None:
    """What an unchanged second run costs."""
    print(f"\nsite.yml again, changed={again.changed}")
    table(again)


def report_waiting(quick: plays.Run, slow: plays.Run) -> None:
    """What the latencies added."""
    added = slow.seconds - quick.seconds
    print(f"\nsite.yml first, with {', '.join(f'{name} {seconds} s' for name, seconds in LATENCIES.items())}")
    table(slow)
    print(f"    added {added:.0f} s: {added / LONGEST_CHAIN:.2f} of the longest chain ({LONGEST_CHAIN} s)", end=", ")
    print(f"{added / sum(LATENCIES.values()):.2f} of the sum ({sum(LATENCIES.values())} s)")


def report_build(first: plays.Run, peak: memory.Peak) -> None:
    """What building the viewer took."""
    steps = [task for play in first.plays for task in play.tasks if task.name.startswith(BUILD)]
    told = ", ".join(f"{task.name.partition(' | ')[2]} {task.seconds:.0f} s" for task in steps)
    print(f"\nThe viewer's build: {told}; at most {peak.kilobytes / 1024:.0f} MB of memory")


def build() -> plays.Run:
    """site.yml in an empty account, and again; the deployment stays up."""
    with memory.watch(WORK_DIRECTORY) as peak:
        quick = first_run("")
    print("\nsite.yml first, without latencies")
    table(quick)
    report_build(quick, peak)
    report_again(plays.run("playbooks/site.yml"))
    return quick


def wait(quick: plays.Run) -> None:
    """site.yml in an empty account where everything takes its time."""
    slow = first_run(" ".join(f"{name}={seconds}" for name, seconds in LATENCIES.items()))
    report_waiting(quick, slow)
    viewer.sandbox("down")
