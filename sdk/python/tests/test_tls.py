from __future__ import annotations

from pathlib import Path

import pytest
import tss

from .support.certificates import self_signed
from .support.coordinator import Coordinator


def test_tls_with_the_right_authority_and_with_a_wrong_one(tmp_path: Path) -> None:
    certificate, key = self_signed()
    other, _ = self_signed()
    (tmp_path / "cert.pem").write_text(certificate)
    (tmp_path / "key.pem").write_text(key)
    coordinator = Coordinator({"TSS_TLS_CERT": str(tmp_path / "cert.pem"), "TSS_TLS_KEY": str(tmp_path / "key.pem")})
    try:
        with tss.Client(coordinator.address, api_key=coordinator.api_key, tls=tss.Tls(ca=certificate)) as client:
            assert client.submit("x").get().status == "waiting"
        for tls in (tss.Tls(ca=other), None):
            with tss.Client(coordinator.address, api_key=coordinator.api_key, tls=tls) as client:
                with pytest.raises(tss.TssError, match=rf"^No coordinator answers at {coordinator.address} \(.+\)\.$"):
                    client.ready(timeout=4)
    finally:
        coordinator.stop()
