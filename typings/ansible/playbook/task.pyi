from typing import Any

from ansible.playbook.role import Role

class Task:
    action: str
    args: dict[str, Any]
    async_val: int
    become: bool | None
    check_mode: bool | None
    delegate_to: str | None
    diff: bool | None
    environment: Any
    name: str | None
    no_log: bool | None
    register: str | None
    tags: list[str]
    _role: Role | None
    _uuid: str
    def copy(self, exclude_parent: bool = False, exclude_tasks: bool = False) -> Task: ...
    def get_name(self, include_role_fqcn: bool = True) -> str: ...
