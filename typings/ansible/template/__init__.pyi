from collections.abc import Mapping
from typing import Any

from ansible.parsing.dataloader import DataLoader

class Templar:
    def __init__(self, loader: DataLoader | None = None, variables: Mapping[str, Any] | None = None) -> None: ...
    @property
    def available_variables(self) -> Mapping[str, Any]: ...
    @available_variables.setter
    def available_variables(self, variables: Mapping[str, Any]) -> None: ...
    def copy_with_new_env(
        self, *, available_variables: Mapping[str, Any] | None = None, **context_overrides: Any
    ) -> Templar: ...
    def is_template(self, data: object) -> bool: ...
    def template(
        self,
        variable: object,
        convert_bare: bool = ...,
        preserve_trailing_newlines: bool = True,
        escape_backslashes: bool = True,
        fail_on_undefined: bool = True,
    ) -> Any: ...
