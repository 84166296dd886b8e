# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads of the outcomes: lines for the console, and a page that needs nothing but itself. PRIVATE."""

from __future__ import annotations

import datetime
import html
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import (
    FAILED,
    OK,
    SKIPPED,
    Context,
    Outcome,
    Parts,
    words,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Problem

WORDS = {OK: "ok", FAILED: "FAILED", SKIPPED: "skipped"}
STYLE = """
:root { color-scheme: light dark; --ok: #14612c; --failed: #b00020; --skipped: #5c5c5c; --rule: #c8c8c8 }
@media (prefers-color-scheme: dark) { :root { --ok: #7ddb97; --failed: #ff9a9a; --skipped: #b5b5b5; --rule: #4a4a4a } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem }
caption { font-weight: bold; font-size: 1.15rem; text-align: left; padding: .5rem 0 }
th, td { border-top: 1px solid var(--rule); padding: .4rem .6rem .4rem 0; text-align: left; vertical-align: top }
tbody th { font-family: ui-monospace, monospace; font-weight: normal; white-space: nowrap }
.ok { color: var(--ok) } .failed { color: var(--failed); font-weight: bold } .skipped { color: var(--skipped) }
.how { color: var(--skipped) } ul { margin: 0; padding-left: 1.2rem }
html { background: Canvas; color: CanvasText; overflow-wrap: anywhere }
@media (max-width: 48rem) {
  thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden }
  table, tbody, tr, tbody th, td { display: block }
  tr { border-top: 1px solid var(--rule); padding: .4rem 0 }
  tbody th, td { border: 0; padding: .1rem 0; white-space: normal }
}
@media print { body { max-width: none; margin: 0 } tr { break-inside: avoid } }
"""


def count(outcomes: Iterable[Outcome]) -> dict[str, int]:
    held = [one.outcome for one in outcomes]
    return {word: held.count(word) for word in WORDS}


def summary(outcomes: Sequence[Outcome]) -> str:
    counts = count(outcomes)
    return f"{counts[OK]} ok, {counts[FAILED]} failed, {counts[SKIPPED]} skipped"


def lines(outcomes: Sequence[Outcome]) -> list[str]:
    """One line for each claim."""
    return [*(line(one) for one in outcomes), summary(outcomes)]


def plan(parts: Parts, context: Context) -> list[str]:
    """One line for each claim that would be tested."""
    checks = [check for listed in parts.values() for check in listed]
    return [f"would look at  {check.name:25}{check.claim.format_map(words(context))}" for check in checks]


def line(one: Outcome) -> str:
    said = (
        one.claim if one.outcome == OK else f"{one.claim} {'No: ' if one.outcome == FAILED else 'Open: '}{reasons(one)}"
    )
    return f"{WORDS[one.outcome]:8}{one.name:25}{said}"


def reasons(one: Outcome) -> str:
    return f"{'; '.join(one.reasons)}."


def failures(outcomes: Iterable[Outcome]) -> str:
    """What failed and what to do, for the message with which a run ends."""
    failed = [one for one in outcomes if one.outcome == FAILED]
    head = "One claim does not hold:" if len(failed) == 1 else f"{len(failed)} claims do not hold:"
    return "\n".join([head, *(f"- {one.name}: {reasons(one)} What to do: {one.todo}" for one in failed)])


def facts(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    listed = [{**asdict(one), "reasons": list(one.reasons)} for one in outcomes]
    return [{name: value for name, value in one.items() if name != "notes"} for one in listed]


def problems(outcomes: Iterable[Outcome]) -> list[dict[str, str]]:
    """What stops a run before its first write."""
    found = [reason for one in outcomes if one.outcome == FAILED for reason in one.reasons]
    return [problem.facts() for problem in found if isinstance(problem, Problem)]


def notes(outcomes: Iterable[Outcome]) -> list[str]:
    return [note.text for one in outcomes for note in one.notes]


def problems_message(found: Sequence[Mapping[str, str]]) -> str:
    """All problems, for the message with which a run ends before its first write."""
    count = "One fault" if len(found) == 1 else f"{len(found)} faults"
    return "\n".join([f"{count}; nothing was written:", *(f"- {problem['message']}" for problem in found)])


def write(folder: str, stem: str, title: str, head: Mapping[str, Any], outcomes: Sequence[Outcome]) -> str:
    """The report in both forms; returns the path of the page."""
    os.makedirs(folder, exist_ok=True)
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    with open(os.path.join(folder, f"{stem}.json"), "w", encoding="utf-8") as file:
        json.dump({**head, "time": when, "counts": count(outcomes), "checks": facts(outcomes)}, file, indent=2)
    path = os.path.join(folder, f"{stem}.html")
    with open(path, "w", encoding="utf-8") as file:
        file.write(page(title, when, outcomes))
    return path


def page(title: str, when: str, outcomes: Sequence[Outcome]) -> str:
    """The report as HTML, without anything from elsewhere."""
    parts: dict[str, list[Outcome]] = {}
    for one in outcomes:
        parts.setdefault(one.part, []).append(one)
    heading = html.escape(f"Verification of {title}")
    failed = [one for one in outcomes if one.outcome == FAILED]
    links = "".join(f'<li><a href="#{one.name}">{one.name}</a>: {html.escape(reasons(one))}</li>' for one in failed)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{heading}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{heading}</h1>
<p><time>{html.escape(when)}</time>: <strong>{summary(outcomes)}</strong></p>
{f'<h2 class="failed">What failed</h2><ul>{links}</ul>' if failed else ""}
{"".join(table(name, listed) for name, listed in parts.items())}
</main>
</body>
</html>
"""


def table(name: str, outcomes: Iterable[Outcome]) -> str:
    rows = "".join(row(facts_of) for facts_of in facts(outcomes))
    columns = ("Line", "Outcome", "What is claimed", "What was found")
    # Roles besides the elements: shown as blocks, on a narrow screen, browsers take these for no table.
    head = "".join(f'<th scope="col" role="columnheader">{column}</th>' for column in columns)
    caption = f"<caption>{html.escape(name)}</caption>"
    return (
        f'<table role="table">\n{caption}\n<thead role="rowgroup"><tr role="row">{head}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{rows}</tbody>\n</table>\n'
    )


def row(one: Mapping[str, Any]) -> str:
    safe = {name: html.escape(str(value)) for name, value in one.items()}
    found = "".join(f"<li>{html.escape(reason)}</li>" for reason in one["reasons"])
    todo = f"<p>What to do: {safe['todo']}</p>" if one["todo"] else ""
    return (
        f'<tr id="{safe["name"]}" role="row"><th scope="row" role="rowheader">{safe["name"]}</th>'
        f'<td role="cell" class="{safe["outcome"]}">{WORDS[one["outcome"]]}</td>'
        f'<td role="cell">{safe["claim"]}<br><small class="how">{safe["how"]}</small></td>'
        f'<td role="cell">{f"<ul>{found}</ul>" if found else ""}{todo}</td></tr>\n'
    )
