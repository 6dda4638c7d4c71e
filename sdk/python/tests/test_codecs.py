from __future__ import annotations

import base64
import gzip
from typing import Any

import pytest
import tss
from tss.codecs.payload import PAYLOAD_BYTES
from tss.views import PayloadView

KEYS = {"k1": bytes(range(32)), "k2": b"\x07" * 32}


def view(encoded: tss.Encoded) -> PayloadView:
    return PayloadView(encoded.data, encoded.content_type, encoded.encodings)


@pytest.mark.parametrize("value", [None, 0, 1.5, "", "grüße 🚀", [1, [None, True]], {"a": {"b": []}}, 2**60, (1, 2)])
def test_json_comes_back(value: Any) -> None:
    codec = tss.PayloadCodec()
    encoded = codec.encode(value)
    assert (encoded.content_type, encoded.encodings) == ("application/json", ())
    assert codec.decode(view(encoded)) == (list(value) if isinstance(value, tuple) else value)


def test_json_is_written_as_the_other_sdks_write_it() -> None:
    assert tss.Json().serialize({"a": [1, "ü", None]}) == '{"a":[1,"ü",null]}'.encode()
    assert tss.Json().serialize("\ud800") == b'"\\ud800"'


@pytest.mark.parametrize("value", [b"\x00\xff", bytearray(b"abc"), memoryview(b"abc")])
def test_bytes_come_back(value: Any) -> None:
    encoded = tss.PayloadCodec().encode(value)
    assert (encoded.data, encoded.content_type) == (bytes(value), "application/octet-stream")
    assert tss.PayloadCodec().decode(view(encoded)) == bytes(value)


class Thing:
    pass


async def coroutine() -> None:
    pass


def again() -> Any:
    value: Any = {"a": []}
    value["a"].append(value)
    return value


@pytest.mark.parametrize(
    "value, problem",
    [
        (float("nan"), "it is nan"),
        ({"a": [1, {"b c": {1}}]}, 'it holds a set at value.a[1]["b c"]'),
        (Thing(), "it is a Thing"),
        ({"x": Thing}, "it holds a type at value.x"),
        ({(1, 2): 3}, "it has a key of type tuple"),
        (again(), "it holds itself again at value.a[0]"),
        ([b"x"], "it holds a bytes at value[0]"),
    ],
)
def test_what_json_does_not_carry_is_told_with_its_place(value: Any, problem: str) -> None:
    with pytest.raises(tss.TssError) as refused:
        tss.PayloadCodec().encode(value)
    assert refused.value.reason == "PAYLOAD_NOT_SERIALIZABLE"
    assert refused.value.message.startswith(f"The value cannot be written as JSON: {problem}; change it")


def test_a_coroutine_that_was_not_awaited_is_named() -> None:
    forgotten = coroutine()
    with pytest.raises(tss.TssError, match="it is a coroutine that was not awaited"):
        tss.PayloadCodec().encode(forgotten)
    forgotten.close()


@pytest.mark.parametrize("data", [b"{", b"NaN", b"\xff", b"[" * 100_000])
def test_damaged_json_is_told_without_its_text(data: bytes) -> None:
    with pytest.raises(tss.TssError) as refused:
        tss.PayloadCodec().decode(PayloadView(data, "application/json", ()))
    assert refused.value.reason == "PAYLOAD_NOT_JSON"


def test_the_limit_is_exact() -> None:
    codec = tss.PayloadCodec()
    assert len(codec.encode("x" * (PAYLOAD_BYTES - 2)).data) == PAYLOAD_BYTES
    with pytest.raises(tss.TssError, match=f"a payload of {PAYLOAD_BYTES + 1} bytes of application/json, and at most"):
        codec.encode("x" * (PAYLOAD_BYTES - 1))


def test_gzip_packs_what_gets_smaller_and_unpacks_within_bounds() -> None:
    codec = tss.PayloadCodec(codecs=[tss.Gzip()])
    small, large = codec.encode("x"), codec.encode("x" * 5000)
    assert (small.encodings, large.encodings) == ((), ("gzip",))
    assert codec.decode(view(large)) == "x" * 5000
    two = gzip.compress(b'"a') + gzip.compress(b'b"')
    assert codec.decode(PayloadView(two, "", ("gzip",))) == "ab"
    bomb = gzip.compress(b"0" * (16 * 1024 * 1024 + 1))
    for data, reason in ((bomb, "PAYLOAD_TOO_LARGE"), (b"no", "PAYLOAD_DAMAGED"), (two[:-3], "PAYLOAD_DAMAGED")):
        with pytest.raises(tss.TssError) as refused:
            codec.decode(PayloadView(data, "", ("gzip",)))
        assert refused.value.reason == reason


def test_what_the_typescript_sdk_encrypted_is_read() -> None:
    # payloadCodec({ codecs: [gzip({ minBytes: 1 }), aesGcm({ keys, current: "k1" })] }).encode("x".repeat(100))
    data = base64.b64decode(TYPESCRIPT)
    codec = tss.PayloadCodec(codecs=[tss.Gzip(), tss.AesGcm(KEYS, "k2")])
    assert codec.decode(PayloadView(data, "application/json", ("gzip", "aes-gcm"))) == "x" * 100


def test_encryption_needs_the_right_key_and_whole_bytes() -> None:
    codec = tss.PayloadCodec(codecs=[tss.AesGcm(KEYS, "k1")])
    encoded = codec.encode({"secret": 1})
    assert encoded.encodings == ("aes-gcm",) and b"secret" not in encoded.data
    assert codec.encode({"secret": 1}).data != encoded.data
    assert tss.PayloadCodec(decoders=[tss.AesGcm(KEYS, "k2")]).decode(view(encoded)) == {"secret": 1}
    cases = [
        (tss.AesGcm({"k2": KEYS["k2"]}, "k2"), encoded.data, "UNKNOWN_KEY"),
        (tss.AesGcm({"k1": KEYS["k2"]}, "k1"), encoded.data, "PAYLOAD_DAMAGED"),
        (tss.AesGcm(KEYS, "k1"), encoded.data[:-1] + b"\x00", "PAYLOAD_DAMAGED"),
        (tss.AesGcm(KEYS, "k1"), b"\x01", "PAYLOAD_DAMAGED"),
    ]
    for cipher, data, reason in cases:
        with pytest.raises(tss.TssError) as refused:
            cipher.decode(data)
        assert refused.value.reason == reason


def test_unknown_encodings_and_types_are_named() -> None:
    with pytest.raises(tss.TssError, match=r'Nothing here undoes the encoding "br" and "zip" \(known: gzip\)'):
        tss.PayloadCodec(codecs=[tss.Gzip()]).decode(PayloadView(b"x", "", ("br", "zip")))
    with pytest.raises(tss.TssError, match='Nothing here reads "text/csv"'):
        tss.PayloadCodec().decode(PayloadView(b"x", "text/csv", ()))
    assert tss.PayloadCodec().decode(PayloadView(b"1", "application/json; charset=utf-8", ())) == 1


class Upper:
    name = "upper"

    def encode(self, data: bytes) -> bytes:
        return data.upper()

    def decode(self, data: bytes) -> bytes:
        raise RuntimeError("cannot go back\nnever")


class Number:
    name = "number"
    content_type = "application/x-number"

    def accepts(self, value: Any) -> bool:
        return isinstance(value, complex)

    def serialize(self, value: Any) -> bytes:
        return str(value).encode()

    def deserialize(self, data: bytes, content_type: str) -> complex:
        return complex(data.decode())


def test_codecs_and_serializers_of_ones_own() -> None:
    codec = tss.PayloadCodec(serializers=[Number(), tss.Json()])
    encoded = codec.encode(1 + 2j)
    assert encoded.content_type == "application/x-number" and codec.decode(view(encoded)) == 1 + 2j
    assert codec.encode(1).content_type == "application/json"
    upper = tss.PayloadCodec(codecs=[Upper()])
    with pytest.raises(tss.TssError, match="^The codec upper could not decode the payload: cannot go back$"):
        upper.decode(view(upper.encode("x")))


@pytest.mark.parametrize(
    "make, problem",
    [
        (lambda: tss.PayloadCodec(serializers=[]), "has no serializers"),
        (lambda: tss.PayloadCodec(codecs=[Number()]), "lacks the methods encode and decode"),  # type: ignore[list-item]
        (lambda: tss.PayloadCodec(codecs=[Upper(), Upper()]), "two codecs named upper"),
        (lambda: tss.PayloadCodec(codecs=[tss.Gzip()] * 9), "has 9 codecs"),
        (lambda: tss.Gzip(level=10), "level of Gzip"),
        (lambda: tss.AesGcm({"k": b"short"}, "k"), "must be 32 random bytes"),
        (lambda: tss.AesGcm(KEYS, "k3"), "not among its keys"),
    ],
)
def test_mistakes_are_told_where_they_are_made(make: Any, problem: str) -> None:
    with pytest.raises(tss.TssError, match=problem) as refused:
        make()
    assert refused.value.reason == "CODEC_SHAPE"


TYPESCRIPT = "AQJrMdq/QMRSO4udBb3bHIsIXCpS/+Hi1KMiBMTAkiF3nK6g1+dgT4bvj2KhF8SRPOm3RhXU/XoK"
