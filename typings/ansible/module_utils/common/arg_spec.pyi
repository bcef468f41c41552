from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.errors import AnsibleValidationErrorMultiple

class ValidationResult:
    _no_log_values: set[str]
    errors: AnsibleValidationErrorMultiple
    def __init__(self, parameters: Mapping[str, Any]) -> None: ...
    @property
    def validated_parameters(self) -> dict[str, Any]: ...
    @property
    def unsupported_parameters(self) -> set[str]: ...
    @property
    def error_messages(self) -> list[str]: ...

class ArgumentSpecValidator:
    argument_spec: Mapping[str, Mapping[str, Any]]
    def __init__(
        self,
        argument_spec: Mapping[str, Mapping[str, Any]],
        mutually_exclusive: Sequence[Any] | None = None,
        required_together: Sequence[Sequence[str]] | None = None,
        required_one_of: Sequence[Sequence[str]] | None = None,
        required_if: Sequence[Sequence[Any]] | None = None,
        required_by: Mapping[str, Sequence[str]] | None = None,
    ) -> None: ...
    def validate(self, parameters: Mapping[str, Any], *args: Any, **kwargs: Any) -> ValidationResult: ...
