from typing import Any

from ansible.inventory.host import Host
from ansible.playbook.task import Task

# Since ansible-core 2.19 callbacks get a CallbackTaskResult; the names below are on both.
class TaskResult:
    _host: Host
    _result: dict[str, Any]
    _task: Task
    def is_changed(self) -> bool: ...
    def is_failed(self) -> bool: ...
    def is_skipped(self) -> bool: ...
    def is_unreachable(self) -> bool: ...
