class PlayContext:
    become: bool
    check_mode: bool
    diff: bool
    remote_addr: str | None
    remote_user: str | None
