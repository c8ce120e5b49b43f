"""How root runs a server that refuses to be root: as ``nobody``, with as little more as it needs."""

import os
import pwd
import shutil
import signal
import stat
from dataclasses import dataclass
from pathlib import Path

from embedded.server import EmbeddedServerError

ACCOUNT_NAME = "nobody"
# Bits in /proc/self/status, from linux/capability.h.
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SETPCAP = 1, 2, 8


@dataclass(frozen=True)
class Account:
    """A user and its group, by number."""

    uid: int
    gid: int


def account_for(folder: Path) -> Account | None:
    """Who shall run a server with its data in ``folder``; None where we are not root anyway.

    A folder that belongs to an ordinary user keeps its owner.
    """
    if os.geteuid() != 0:
        return None
    if folder.exists() and (owner := folder.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        raise EmbeddedServerError(
            f"Postgres refuses to run as root, and there is no user {ACCOUNT_NAME} to run it as; "
            "start as an ordinary user, or set DATABASE_URL to a server of your own"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def may_enter(path: Path, account: Account) -> bool:
    """Whether the mode bits let ``account`` through every folder on the way to ``path``."""
    return all(_has_execute_bit(folder, account) for folder in path.resolve().parents)


def prefix(account: Account, program: Path, folder: Path, death_signal: signal.Signals) -> list[str]:
    """The words before a command that make ``account`` run it.

    Where ``program`` or ``folder`` lies below something that only root may enter (a home
    folder), it also gets the one capability that opens the way, and nothing else.
    ``death_signal`` is given here because a change of user clears the one set before.
    Raises EmbeddedServerError where this machine cannot do it.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedServerError(
            "Postgres refuses to run as root, and the program setpriv (util-linux) is not here; "
            "start as an ordinary user, or set DATABASE_URL to a server of your own"
        )
    words = [
        setpriv,
        f"--reuid={account.uid}",
        f"--regid={account.gid}",
        "--clear-groups",
        f"--pdeathsig={death_signal.name.removeprefix('SIG')}",
    ]
    runnable = _has_execute_bit(program, account)
    if may_enter(program, account) and may_enter(folder, account) and runnable:
        return words
    capability = _way_in(runnable)
    # Without the securebit, access(2) forgets capabilities of a user who is not root, and
    # Postgres asks access(2) whether it may run itself.
    securebits = ["--securebits=+no_setuid_fixup"]
    return [*words, *securebits, f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"]


def _way_in(runnable: bool) -> str:
    """The weakest capability that we have and that opens the way."""
    held = _held_capabilities()
    if held >> CAP_SETPCAP & 1:
        # Reading and entering is enough, except for a program that only root may execute.
        if runnable and held >> CAP_DAC_READ_SEARCH & 1:
            return "dac_read_search"
        if held >> CAP_DAC_OVERRIDE & 1:
            return "dac_override"
    raise EmbeddedServerError(
        f"Postgres refuses to run as root, and user {ACCOUNT_NAME} cannot reach the installation or the "
        "data folder; start as an ordinary user, or move both where everybody may enter (such as /srv)"
    )


def _held_capabilities() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], base=16)
    return 0


def _has_execute_bit(path: Path, account: Account) -> bool:
    status = path.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
