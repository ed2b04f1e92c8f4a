"""pytest plugin of `manage.py practices --prove`: runs marked tests, and reports them.

A test is selected by its mark, `@pytest.mark.practice(14)`. Instead of dots, a line counts
the practices that are proven.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

# The worse outcome of a test's phases and subtests wins.
OUTCOMES = ("skipped", "passed", "failed")
# Without a terminal, a line for so many practices.
LINE_EVERY = 10


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--practices", help="run the proofs of these: 1,14")
    parser.addoption("--practices-report", help="a file to write what they showed to")


def chosen(config: pytest.Config) -> set[int]:
    text = config.getoption("practices") or ""
    return {int(number) for number in text.split(",") if number}


def marks_of(item: pytest.Item) -> set[int]:
    return {n for mark in item.iter_markers("practice") for n in mark.args}


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    numbers = chosen(config)
    dropped = [item for item in items if not marks_of(item) & numbers]
    items[:] = [item for item in items if marks_of(item) & numbers]
    config.hook.pytest_deselected(items=dropped)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Give the marks to the recorder, by a file where it is in xdist's own process."""
    report = session.config.getoption("practices_report")
    if not report:
        return
    marks = {
        item.nodeid: sorted(marks_of(item) & chosen(session.config))
        for item in session.items
    }
    worker = getattr(session.config, "workerinput", {}).get("workerid", "")
    if worker:
        Path(f"{report}.{worker}").write_text(json.dumps(marks))
    else:
        session.config.stash[RECORDER].marks = marks


class Result(NamedTuple):
    outcome: str
    seconds: float
    reason: str


class Recorder:
    """Outcomes of the tests, and the count of practices that they have proven so far."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.report = Path(config.getoption("practices_report"))
        self.total = len(chosen(config))
        self.marks: dict[str, list[int]] = {}
        self.tests: dict[str, Result] = {}
        # Files that could not be imported, with the reason.
        self.broken: dict[str, str] = {}
        self.finished: set[str] = set()
        self.shown = 0

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        marks = Path(f"{self.report}.{node.gateway.id}").read_text()
        self.marks.update(json.loads(marks))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken[report.nodeid] = report.longreprtext

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        before = self.tests.get(report.nodeid, Result("skipped", 0, ""))
        outcome = report.outcome
        if report.when != "call" and outcome == "passed":
            outcome = "skipped"  # setup and teardown prove nothing
        reason = before.reason
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
        self.tests[report.nodeid] = Result(
            max(before.outcome, outcome, key=OUTCOMES.index),
            before.seconds + report.duration,
            reason,
        )
        if report.when == "teardown":
            self.finished.add(report.nodeid)
            self.show()

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport | pytest.CollectReport
    ) -> tuple[str, str, str] | None:
        """Statuses without letters, so that no dots are printed."""
        if report.passed and report.when != "call":
            return "", "", ""
        if report.failed and report.when != "call":
            return "error", "", "ERROR"
        return report.outcome, "", report.outcome.upper()

    def proven(self) -> int:
        ended, passed = Counter[int](), Counter[int]()
        spoilt = set()
        for node, numbers in self.marks.items():
            test = self.tests.get(node)
            for number in numbers:
                ended[number] += node not in self.finished
                passed[number] += test is not None and test.outcome == "passed"
                if test and test.outcome == "failed":
                    spoilt.add(number)
        return sum(
            bool(passed[number] and not ended[number] and number not in spoilt)
            for number in passed
        )

    def show(self) -> None:
        terminal: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        if not terminal:
            return
        proven = self.proven()
        line = f"{proven} of {self.total} proven"
        if terminal.isatty:
            terminal.rewrite(line, erase=True)
        elif proven >= self.shown + LINE_EVERY:
            terminal.write_line(line)
        else:
            return
        self.shown = proven

    def pytest_sessionfinish(self) -> None:
        terminal: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        if terminal and terminal.isatty:
            terminal.rewrite("", erase=True)
        tests = {
            node: {**test._asdict(), "practices": self.marks.get(node, [])}
            for node, test in self.tests.items()
        }
        self.report.write_text(json.dumps({"tests": tests, "broken": self.broken}))


RECORDER = pytest.StashKey[Recorder]()


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("practices_report") and not hasattr(config, "workerinput"):
        config.stash[RECORDER] = Recorder(config)
        config.pluginmanager.register(config.stash[RECORDER], "practices-recorder")
