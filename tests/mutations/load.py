"""Load tests: the verdict, the calibration, and what a deployed site may get."""

from tests.mutations import Mutation, replace

BENCHMARKS = "plinth/src/plinth/benchmarks"
STANDARD = f"{BENCHMARKS}/standard.py"

MUTATIONS = [
    Mutation(
        46,
        "slow-tail-passes",
        replace(
            STANDARD,
            "was[fact] * limits[fact]:\n            yield",
            "1e9:\n            yield",
        ),
        "test_slow_tail_fails",
    ),
    Mutation(
        46,
        "requests-are-not-compared",
        replace(STANDARD, 'was["steps"].items()', "{}.items()"),
        "test_one_slow_request_of_a_journey_fails",
    ),
    Mutation(
        46,
        "errors-pass",
        replace(STANDARD, 'was["errors"] + limits["errors"]', "1"),
        "test_errors_fail",
    ),
    Mutation(
        46,
        "milliseconds-of-one-machine",
        replace(STANDARD, "append(ms / before)", "append(ms)"),
        "test_slower_machine_gives_the_same_numbers",
    ),
    Mutation(
        46,
        "locust-swallows-errors",
        replace(f"{BENCHMARKS}/locustfile.py", "if met == status else", "if met else"),
        "test_planted_slowdown_and_errors_fail_a_run_of_locust",
    ),
    Mutation(
        46,
        "verdict-without-an-exit-code",
        replace(f"{BENCHMARKS}/load_test.py", "return code", "return 0"),
        "test_first_run_records_and_later_ones_compare",
    ),
    Mutation(
        46,
        "forms-to-a-deployed-site",
        replace(f"{BENCHMARKS}/locustfile.py", "if each.is_safe or writes", "if each"),
        "test_deployed_site_gets_no_form_unless_asked",
    ),
    Mutation(
        46,
        "report-with-a-font-from-elsewhere",
        replace(
            f"{BENCHMARKS}/report.html",
            "<title>Load",
            '<link rel="stylesheet" href="https://fonts.example.com/css">\n<title>Load',
        ),
        "test_report_has_charts_the_history_and_nothing_from_elsewhere",
    ),
]
