"""An unchanged second run of the AWS plays, in turn with that of an earlier release, over one deployment."""

from __future__ import annotations

import functools
import pathlib
import statistics
import tempfile

from sandbox.demo import viewer
from tests.bench import plays
from tests.e2e import earlier_release

STAGES = ("preflight", "network", "identity", "edge", "compute", "verify", "summary")
ROUNDS = 2


def playbook(folder: pathlib.Path, stages: tuple[str, ...] = STAGES) -> pathlib.Path:
    """All plays that need no host, in one run."""
    book = folder / "aws.yml"
    book.write_text("".join(f"- import_playbook: bioviewers.aws.{stage}\n" for stage in stages))
    return book


def runs(folder: pathlib.Path) -> tuple[list[plays.Run], list[plays.Run]]:
    """Of the earlier release and of this one, in turn, so that both meet the same machine; with the same inventory."""
    release = earlier_release.unpack(folder)
    inventory, book = earlier_release.write_inventory(folder, release), playbook(folder)
    places = f"{release.parents[2]}:{earlier_release.OTHERS}", str(viewer.ROOT / ".cache" / "collections")
    told: tuple[list[plays.Run], list[plays.Run]] = ([], [])
    for _round in range(ROUNDS):
        for place, each in zip(places, told, strict=True):
            run = functools.partial(plays.run, book, inventory=inventory, ANSIBLE_COLLECTIONS_PATH=place)
            run()  # puts right what the other release has otherwise
            each.append(run())
    return told


def median(rounds: list[plays.Run], play: int, task: int) -> float:
    return statistics.median(run.plays[play].tasks[task].seconds for run in rounds)


def report_tasks(rounds: list[plays.Run]) -> None:
    """Each task of this release; the same in every round."""
    for number, play in enumerate(rounds[0].plays):
        print(f"    {play.name}")
        for place, task in enumerate(play.tasks):
            print(f"      {median(rounds, number, place):6.2f} s  {task.name}")


def figures(rounds: list[plays.Run]) -> tuple[float, int]:
    """Seconds of a run, and how many tasks it has."""
    return statistics.median(run.seconds for run in rounds), sum(len(play.tasks) for play in rounds[0].plays)


def report(old: list[plays.Run], new: list[plays.Run]) -> None:
    print(f"\nThe AWS plays again ({', '.join(STAGES)}), changed={new[0].changed}, task by task")
    report_tasks(new)
    (seconds, tasks), (old_seconds, old_tasks) = figures(new), figures(old)
    release, each, old_each = earlier_release.COMMIT[:7], seconds / tasks, old_seconds / old_tasks
    print(f"    release {release}: {old_seconds:.1f} s, {old_tasks} tasks, {old_each:.2f} s each")
    print(f"    this one: {seconds:.1f} s, {tasks} tasks, {each:.2f} s each: {seconds / old_seconds:.2f} of that")


def main() -> None:
    """Against the deployment that is up."""
    with tempfile.TemporaryDirectory() as name:
        report(*runs(pathlib.Path(name)))
