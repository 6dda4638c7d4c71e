from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import tss
from tss._net.settings import find_settings, parse_addresses


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("TSS_") and name != "TSS_TEST_NODE"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "given, addresses",
    [
        ("127.0.0.1:7400", ("127.0.0.1:7400",)),
        (" a:1 , b:2,, a:1,", ("a:1", "b:2")),
        (["a:1", "b:2,c"], ("a:1", "b:2", "c:7400")),
        ("localhost", ("localhost:7400",)),
        ("grpc://tss.example.org:443/", ("tss.example.org:443",)),
        ("[::1]:7400, ::1", ("[::1]:7400",)),
    ],
)
def test_address_lists_are_read_kindly(given: str, addresses: tuple[str, ...]) -> None:
    assert parse_addresses(given) == addresses


@pytest.mark.parametrize("given", ["a:b", "a:99999", "a b:1", "[::1", "a:1:2:x"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(tss.TssError, match="is no address of a coordinator; it is host:port"):
        parse_addresses(given)


def test_no_address_at_all_is_refused() -> None:
    with pytest.raises(tss.TssError, match='" , " names no coordinator'):
        parse_addresses(" , ")


def test_arguments_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSS_COORDINATOR", "a:1,b:2")
    monkeypatch.setenv("TSS_API_KEY", "tss_env")
    assert find_settings(None, None, None).addresses == ("a:1", "b:2")
    assert find_settings(None, None, None).api_key == "tss_env"
    assert find_settings("c:3", "tss_given", None) == find_settings("c:3", "tss_given", None)
    assert find_settings("c:3", "tss_given", None).api_key == "tss_given"


def test_the_key_of_tss_dev_is_for_this_machine_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert find_settings(None, None, None).api_key is None
    keeps = tmp_path / ".tss"
    keeps.mkdir()
    (keeps / "credentials").write_text("tss_kept\n")
    (keeps / "credentials").chmod(0o600)
    assert find_settings(None, None, None).api_key == "tss_kept"
    assert find_settings("localhost:1,[::1]:2,127.9.9.9:3", None, None).api_key == "tss_kept"
    assert find_settings("127.0.0.1:1,tss.example.org:2", None, None).api_key is None
    (keeps / "credentials").chmod(0o644)
    with pytest.raises(tss.TssError, match=r"Others may read the key in \.tss/credentials; close it: chmod 600"):
        find_settings(None, None, None)
    other = tmp_path / "other"
    other.write_text("tss_other")
    other.chmod(0o600)
    monkeypatch.setenv("TSS_CREDENTIALS", str(other))
    assert find_settings(None, None, None).api_key == "tss_other"


def test_a_certificate_is_a_text_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pem = "-----BEGIN CERTIFICATE-----\n"
    monkeypatch.setenv("TSS_TLS_CA", pem)
    assert find_settings("a:1", None, None).tls == tss.Tls(ca=pem)
    (tmp_path / "ca.pem").write_text(pem)
    monkeypatch.setenv("TSS_TLS_CA", str(tmp_path / "ca.pem"))
    assert find_settings("a:1", None, None).tls == tss.Tls(ca=pem)
    monkeypatch.setenv("TSS_TLS_CA", "/no/such/file")
    with pytest.raises(tss.TssError, match=r"TSS_TLS_CA names /no/such/file, which cannot be read \(No such file"):
        find_settings("a:1", None, None)


def test_a_client_certificate_comes_with_its_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cert, key = "-----BEGIN CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\n"
    (tmp_path / "client.key").write_text(key)
    monkeypatch.setenv("TSS_TLS_CLIENT_CERT", cert)
    with pytest.raises(tss.TssError, match="TSS_TLS_CLIENT_CERT is set and TSS_TLS_CLIENT_KEY is not"):
        find_settings("a:1", None, None)
    monkeypatch.setenv("TSS_TLS_CLIENT_KEY", str(tmp_path / "client.key"))
    assert find_settings("a:1", None, None).tls == tss.Tls(cert=cert, key=key)
    own = tss.Tls(ca=cert)
    assert find_settings("a:1", None, own).tls == own
    monkeypatch.delenv("TSS_TLS_CLIENT_CERT")
    with pytest.raises(tss.TssError, match="TSS_TLS_CLIENT_KEY is set and TSS_TLS_CLIENT_CERT is not"):
        find_settings("a:1", None, None)


def test_none_that_answers_is_named_with_the_reason() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # It does not listen.
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with tss.Client(address) as client, pytest.raises(tss.TssError) as alone:
            client.ready(timeout=4)
        with tss.Client(f"{address}, localhost:1") as client, pytest.raises(tss.TssError) as several:
            client.task("x").get()
    assert str(alone.value) == f"No coordinator answers at {address} (connection refused)."
    assert several.value.code == "UNAVAILABLE"
    expected = f"No coordinator answers at {address} (connection refused), localhost:1 (connection refused)."
    assert str(several.value) == expected
