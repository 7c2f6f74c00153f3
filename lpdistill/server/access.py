"""Who may ask: whoever has a token, or sits at the machine where there is none."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

from lpdistill.errors import ModelError
from lpdistill.server.refusals import RefusedError

TOKEN = "LPDISTILL_TOKEN"  # noqa: S105 - the name of a variable
"""The variable that holds a token, where no file does."""

SHORTEST = 16
"""Characters of a token, below which it can be guessed."""

LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
"""What the machine calls itself."""


def is_loopback(host: str) -> bool:
    """Whether an address is one of the machine itself.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def tokens_of(file: Path | None, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The tokens in a file, one a line so that one can replace another, or the one in the environment.

    Raises
    ------
    ModelError
        If the file cannot be read or has none, or one is short or has other characters than headers have.
    """
    if file is None:
        found = [environment[TOKEN].strip()] if environment.get(TOKEN) else []
    else:
        try:
            lines = file.read_text(encoding="ascii").splitlines()
        except OSError as error:
            raise ModelError("token file", f"cannot be read: {error.strerror}", str(file)) from None
        except UnicodeDecodeError:
            raise ModelError("token file", "must hold ASCII, one token a line", str(file)) from None
        found = [line.strip() for line in lines if line.strip()]
        if not found:
            raise ModelError("token file", "must hold a token, such as openssl rand -hex 32 makes", str(file))
    for token in found:
        if len(token) < SHORTEST or not all("!" <= character <= "~" for character in token):
            told = (
                f"must have at least {SHORTEST} characters of ASCII and no spaces, such as openssl rand -hex 32 makes"
            )
            raise ModelError("token", told, f"{len(token)} characters")
    return tuple(found)


class Access:
    """Who may ask a service.

    Parameters
    ----------
    tokens
        Any of these will do; without one, whoever calls the service by a name of its machine may ask.
    """

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self._digests = [sha256(token.encode()).digest() for token in tokens]

    def require(self, headers: Mapping[str, str]) -> None:
        """Refuse a request from others.

        Raises
        ------
        RefusedError
            If it has no token that is known, or where none is asked for comes from a page of another host.
        """
        if not self._digests:
            host = headers.get("host", "")
            if (host if host in LOCAL else host.rpartition(":")[0]) not in LOCAL:
                told = "host: must be one of this machine, for nothing else is asked who comes; start with a token"
                raise RefusedError(403, "unauthorized", told, {"value": host[:100]})
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        digest = sha256(given.strip().encode("latin-1", "replace")).digest()
        known = [hmac.compare_digest(digest, one) for one in self._digests]  # all of them, whichever it is
        if scheme.lower() != "bearer" or not any(known):
            told = "authorization: must be Bearer and a token that this service knows"
            raise RefusedError(401, "unauthorized", told, headers={"WWW-Authenticate": "Bearer"})
