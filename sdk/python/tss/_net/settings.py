"""Where a program finds its coordinator and its key; the settings are those of docs/configuration.md."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple, Union

from ..errors import TssError, invalid

DEFAULT_PORT = 7400


@dataclass(frozen=True)
class Tls:
    """Certificates as PEM texts. Absent ones: those of the system, and no certificate of the client's own."""

    ca: Optional[str] = None
    cert: Optional[str] = None
    key: Optional[str] = None


@dataclass(frozen=True)
class Settings:
    addresses: Tuple[str, ...]
    api_key: Optional[str]
    tls: Optional[Tls]

    @property
    def shown(self) -> str:
        return ", ".join(self.addresses)


def find_settings(
    address: Union[str, Sequence[str], None], api_key: Optional[str], tls: Optional[Tls]
) -> Settings:
    """What the arguments say, else the environment. Raises TssError for what cannot be used."""
    given = address if address is not None else os.environ.get("TSS_COORDINATOR") or f"127.0.0.1:{DEFAULT_PORT}"
    addresses = parse_addresses(given)
    key = api_key or os.environ.get("TSS_API_KEY")
    if not key and all(is_loopback(one) for one in addresses):
        key = read_credentials(os.environ.get("TSS_CREDENTIALS") or os.path.join(".tss", "credentials"))
    return Settings(addresses, key or None, tls if tls is not None else _environment_tls())


def _environment_tls() -> Optional[Tls]:
    """TLS as the environment says, each PEM or a file of it; None: plaintext is meant."""
    ca, cert, key = (_read_pem(name) for name in ("TSS_TLS_CA", "TSS_TLS_CLIENT_CERT", "TSS_TLS_CLIENT_KEY"))
    if (cert is None) != (key is None):
        given, missing = ("CERT", "KEY") if key is None else ("KEY", "CERT")
        sentence = (
            f"TSS_TLS_CLIENT_{given} is set and TSS_TLS_CLIENT_{missing} is not: one is of no use without the other."
        )
        raise TssError("FAILED_PRECONDITION", sentence, reason="TLS_FILES")
    return None if ca is None and cert is None else Tls(ca=ca, cert=cert, key=key)


def _read_pem(name: str) -> Optional[str]:
    value = os.environ.get(name)
    if not value:
        return None
    return value if "-----BEGIN " in value else _read(f"{name} names {value}, which", value)


def parse_addresses(given: Union[str, Sequence[str]]) -> Tuple[str, ...]:
    """``host:port``, several separated by commas; blanks and empty parts are passed over, the port may be left out."""
    parts = given.split(",") if isinstance(given, str) else [part for one in given for part in one.split(",")]
    found: List[str] = []
    for part in parts:
        text = re.sub(r"^\w+://", "", part.strip()).rstrip("/")
        if text:
            found.append(_address(text))
    if not found:
        raise invalid("ADDRESS", f'"{given}" names no coordinator; it is host:port, several separated by commas.')
    return tuple(dict.fromkeys(found))


def _address(text: str) -> str:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.%\w]+\]|[^\s:/\[\]]+)(?::(\d{1,5}))?", text)
    if match is None and text.count(":") > 1 and re.fullmatch(r"[0-9A-Fa-f:]+", text):
        return f"[{text}]:{DEFAULT_PORT}"
    if match is not None and 0 < int(match.group(2) or DEFAULT_PORT) < 65536:
        return f"{match.group(1)}:{int(match.group(2) or DEFAULT_PORT)}"
    raise invalid("ADDRESS", f'"{text}" is no address of a coordinator; it is host:port, such as 127.0.0.1:7400.')


def is_loopback(address: str) -> bool:
    host = address.rsplit(":", 1)[0].strip("[]").lower()
    return host in ("localhost", "::1") or re.fullmatch(r"127\.\d+\.\d+\.\d+", host) is not None


def read_credentials(file: str) -> Optional[str]:
    """The key that ``tss dev`` keeps for the programs of its folder; None when there is none."""
    try:
        mode = os.stat(file).st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(f"The key in {file}", error) from None
    if os.name != "nt" and stat.S_IMODE(mode) & 0o077:
        raise TssError(
            "FAILED_PRECONDITION",
            f"Others may read the key in {file}; close it: chmod 600 {file}",
            reason="CREDENTIALS_OPEN",
        )
    return _read(f"The key in {file}", file).strip() or None


def _read(subject: str, file: str) -> str:
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(subject, error) from None


def _unreadable(subject: str, error: Exception) -> TssError:
    why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
    return TssError("FAILED_PRECONDITION", f"{subject} cannot be read ({why}).")
