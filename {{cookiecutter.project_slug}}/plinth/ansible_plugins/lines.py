"""Ansible's output in lines: each task with its result, each error with its reason.

Runs in ansible-core's own environment, without the foundation.
"""

import re
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: lines
type: stdout
short_description: a line for each task, and for each error its reason
description: The output of `make deploy`.
"""

# What ssh and sudo say, and what to do about it.
ADVICE = {
    "Permission denied": "Add your SSH key to the host (ssh-copy-id), or name its user: HOST=user@host.",
    "Host key verification failed": "If the machine is a new one: ssh-keygen -R {host}.",
    "IDENTIFICATION HAS CHANGED": "If the machine is a new one: ssh-keygen -R {host}.",
    "password is required": "Let the user use sudo without a password, or set ANSIBLE_BECOME_ASK_PASS=true.",
    "Missing sudo password": "Let the user use sudo without a password, or set ANSIBLE_BECOME_ASK_PASS=true.",
}
UNREACHABLE = "Check the address, and that its firewall lets you in: ssh {host}"
# Lines of a failed command's output.
TAIL = 30


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "lines"

    several = False

    def v2_playbook_on_play_start(self, play: Any) -> None:
        variables = play.get_variable_manager().get_vars(play=play)
        self.several = len(variables["ansible_play_hosts_all"]) > 1

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._display.display(f"{task.get_name()}... ", newline=self.several)

    v2_playbook_on_handler_task_start = v2_playbook_on_cleanup_task_start = (
        lambda self, task: self.v2_playbook_on_task_start(task, False)
    )

    def said(self, result: Any, state: str, color: str | None = None) -> None:
        """Of several hosts, none has a line that has nothing to say."""
        if not self.several:
            self._display.display(state, color=color)
        elif color:
            self._display.display(f"  {result.host.get_name()} {state}", color=color)

    def v2_runner_on_ok(self, result: Any) -> None:
        changed = result.result.get("changed")
        state = ("changed", "yellow") if changed else ("ok",)
        self.said(result, *state)
        if result.task.action == "ansible.builtin.debug":
            self._display.display(f"  {result.result['msg']}", color="green")

    def v2_runner_on_skipped(self, result: Any) -> None:
        self.said(result, "skipped")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self.said(result, "failed", "red")
        self.error(result.host.get_name(), result.result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self.said(result, "failed", "red")
        host = result.host.get_name()
        self.error(host, result.result, f"{host} cannot be reached: ", UNREACHABLE)

    def error(
        self, host: str, result: dict[str, Any], start: str = "", advice: str = ""
    ) -> None:
        results = result.get("results", [result])
        [failed] = [it for it in results if it.get("failed") or it.get("unreachable")][
            :1
        ] or [result]
        for output in ("stdout", "stderr"):
            for line in str(failed.get(output, "")).splitlines()[-TAIL:]:
                self._display.display(f"  {line}", stderr=True)
        lines = str(failed.get("msg", "")).strip().splitlines() or [
            "no reason is given"
        ]
        reason = re.sub(
            r"^Task failed: |Failed to connect to the host via ssh: ", "", lines[-1]
        )
        for words, known in ADVICE.items():
            if words in str(failed):
                advice = known
        said = f"{start}{reason}"
        # A reason may end with a command, to which a full stop would belong.
        if advice:
            said = f"{said.rstrip('.')}. {advice.format(host=host)}"
        self._display.display(said, color="red", stderr=True)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        for host in sorted(stats.processed):
            count = stats.summarize(host)
            numbers = {
                name: count[name]
                for name in ("ok", "changed", "failures", "unreachable")
            }
            said = " ".join(f"{name}={number}" for name, number in numbers.items())
            self._display.display(f"{host}: {said}")
