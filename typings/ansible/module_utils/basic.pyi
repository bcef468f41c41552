from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

def missing_required_lib(library: str, reason: str | None = None, url: str | None = None) -> str: ...

class AnsibleModule:
    params: dict[str, Any]
    check_mode: bool
    no_log: bool
    no_log_values: set[str]
    tmpdir: str
    run_command_environ_update: dict[str, str]
    _diff: bool
    _verbosity: int
    def __init__(
        self,
        argument_spec: Mapping[str, Mapping[str, Any]],
        bypass_checks: bool = False,
        no_log: bool = False,
        mutually_exclusive: Sequence[Sequence[str]] | None = None,
        required_together: Sequence[Sequence[str]] | None = None,
        required_one_of: Sequence[Sequence[str]] | None = None,
        add_file_common_args: bool = False,
        supports_check_mode: bool = False,
        required_if: Sequence[Sequence[Any]] | None = None,
        required_by: Mapping[str, Sequence[str]] | None = None,
    ) -> None: ...
    def atomic_move(self, src: str, dest: str, unsafe_writes: bool = False, keep_dest_attrs: bool = True) -> None: ...
    def add_cleanup_file(self, path: str) -> None: ...
    def boolean(self, arg: object) -> bool | None: ...
    def cleanup(self, tmpfile: str) -> None: ...
    def debug(self, msg: str) -> None: ...
    def exit_json(self, **kwargs: Any) -> NoReturn: ...
    def fail_json(self, msg: str, **kwargs: Any) -> NoReturn: ...
    def from_json(self, data: str) -> Any: ...
    def get_bin_path(self, arg: str, required: bool = False, opt_dirs: Sequence[str] | None = None) -> str | None: ...
    def jsonify(self, data: object) -> str: ...
    def load_file_common_arguments(self, params: Mapping[str, Any], path: str | None = None) -> dict[str, Any]: ...
    def log(self, msg: str, log_args: Mapping[str, Any] | None = None) -> None: ...
    def run_command(
        self,
        args: str | Sequence[str],
        check_rc: bool = False,
        close_fds: bool = True,
        executable: str | None = None,
        data: str | bytes | None = None,
        binary_data: bool = False,
        path_prefix: str | None = None,
        cwd: str | None = None,
        use_unsafe_shell: bool = False,
        prompt_regex: str | None = None,
        environ_update: Mapping[str, str] | None = None,
        umask: int | None = None,
        encoding: str | None = "utf-8",
        errors: str = "surrogate_or_strict",
        expand_user_and_vars: bool = True,
        pass_fds: Sequence[int] | None = None,
        before_communicate_callback: Callable[..., object] | None = None,
        ignore_invalid_cwd: bool = True,
        handle_exceptions: bool = True,
    ) -> tuple[int, str, str]: ...
    def set_directory_attributes_if_different(
        self, file_args: Mapping[str, Any], changed: bool, diff: dict[str, Any] | None = None, expand: bool = True
    ) -> bool: ...
    def set_fs_attributes_if_different(
        self, file_args: Mapping[str, Any], changed: bool, diff: dict[str, Any] | None = None, expand: bool = True
    ) -> bool: ...
    def set_group_if_different(
        self, path: str, group: str | None, changed: bool, diff: dict[str, Any] | None = None, expand: bool = True
    ) -> bool: ...
    def set_mode_if_different(
        self, path: str, mode: object, changed: bool, diff: dict[str, Any] | None = None, expand: bool = True
    ) -> bool: ...
    def set_owner_if_different(
        self, path: str, owner: str | None, changed: bool, diff: dict[str, Any] | None = None, expand: bool = True
    ) -> bool: ...
    def sha256(self, filename: str) -> str | None: ...
    def warn(self, warning: str) -> None: ...
