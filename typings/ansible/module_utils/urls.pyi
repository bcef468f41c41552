from collections.abc import Mapping
from http.client import HTTPResponse

def open_url(
    url: str,
    data: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    method: str | None = None,
    use_proxy: bool = True,
    force: bool = False,
    last_mod_time: object = None,
    timeout: float = 10,
    validate_certs: bool = True,
) -> HTTPResponse: ...
