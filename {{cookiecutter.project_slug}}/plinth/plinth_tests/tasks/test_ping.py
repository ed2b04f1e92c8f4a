"""A container with a worker, or with beat, asks it by its broker."""

from pathlib import Path

import pytest

from config.celery import app
from plinth_tests.processes import EMBEDDED, python

COMMANDS = {
    "as it was started": "python\0/opt/venv/bin/celery\0--app\0config.celery\0{}\0",
    "under a name of its own": "[celeryd: celery@one:MainProcess] -active- (--app x {})\0",
    "behind what loads it anew": "watchfiles\0celery --app config.celery {}\0apps\0",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
@pytest.mark.parametrize("kind", ["worker", "beat"])
def test_it_is_asked_by_its_broker(tmp_path: Path, command: str, kind: str) -> None:
    (tmp_path / "cmdline").write_text(command.format(kind))
    code = (
        "from plinth.server import healthcheck; from pathlib import Path; "
        f"healthcheck.FIRST_PROCESS = Path({str(tmp_path / 'cmdline')!r}); healthcheck.main()"
    )

    done = python("-c", code, **EMBEDDED)

    assert done.returncode == 1
    assert "There is no broker: set CELERY_BROKER_URL." in done.stderr


def test_beat_answers_while_it_keeps_time() -> None:
    assert app.conf.beat_enable_remote_control
    # Seconds: when it has missed two, Celery lets it fall silent, but after a minute.
    assert app.conf.beat_max_loop_interval * 2 <= 60
