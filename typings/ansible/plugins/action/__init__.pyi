from typing import Any, ClassVar

from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.connection import ConnectionBase
from ansible.template import Templar
from ansible.utils.display import Display

class ActionBase:
    _VALID_ARGS: ClassVar[frozenset[str]]
    _requires_connection: ClassVar[bool]
    _supports_async: ClassVar[bool]
    _supports_check_mode: ClassVar[bool]
    BYPASS_HOST_LOOP: ClassVar[bool]
    TRANSFERS_FILES: ClassVar[bool]
    _task: Task
    _connection: ConnectionBase
    _play_context: PlayContext
    _loader: DataLoader
    _templar: Templar
    _display: Display
    def __init__(
        self,
        task: Task,
        connection: ConnectionBase,
        play_context: PlayContext,
        loader: DataLoader,
        templar: Templar,
        shared_loader_obj: object = None,
    ) -> None: ...
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]: ...
    def validate_argument_spec(
        self,
        argument_spec: dict[str, dict[str, Any]] | None = None,
        mutually_exclusive: Any = None,
        required_together: Any = None,
        required_one_of: Any = None,
        required_if: Any = None,
        required_by: Any = None,
    ) -> tuple[object, dict[str, Any]]: ...
    def _execute_module(
        self,
        module_name: str | None = None,
        module_args: dict[str, Any] | None = None,
        tmp: str | None = None,
        task_vars: dict[str, Any] | None = None,
        persist_files: bool = False,
        delete_remote_tmp: bool | None = None,
        wrap_async: bool = False,
    ) -> dict[str, Any]: ...
    def _configure_module(
        self, module_name: str, module_args: dict[str, Any], task_vars: dict[str, Any]
    ) -> tuple[object, str]: ...
    def _is_pipelining_enabled(self, module_style: str, wrap_async: bool = False) -> bool: ...
    def _make_tmp_path(self, remote_user: str | None = None) -> str: ...
    def _remove_tmp_path(self, tmp_path: str | None, force: bool = False) -> None: ...
    def _transfer_file(self, local_path: str | bytes, remote_path: str | bytes) -> str | bytes: ...
    def _find_needle(self, dirname: str, needle: str) -> str: ...
    def _transfer_data(self, remote_path: str | bytes, data: str | bytes) -> str | bytes: ...
    def _low_level_execute_command(
        self,
        cmd: str,
        sudoable: bool = True,
        in_data: str | bytes | None = None,
        executable: str | None = None,
        encoding_errors: str = "surrogate_then_replace",
        chdir: str | None = None,
    ) -> dict[str, Any]: ...
