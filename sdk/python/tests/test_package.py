from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import tss

SDK = Path(__file__).resolve().parents[1]


def test_the_generated_files_are_what_the_protos_generate(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="The generator is for Python 3.10 and newer.")
    subprocess.run([sys.executable, str(SDK / "scripts" / "generate.py"), str(tmp_path)], check=True)
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    kept = {name: (SDK / "tss" / "_proto" / name).read_bytes() for name in made}
    assert len(made) == 11
    assert made == kept, f"run: {sys.executable} {SDK}/scripts/generate.py"


@pytest.mark.parametrize("file", sorted(SDK.glob("tss/**/*.py")), ids=lambda file: str(file.relative_to(SDK)))
def test_the_syntax_is_that_of_the_oldest_python(file: Path) -> None:
    ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 9))


def test_the_version_is_that_of_the_project() -> None:
    version = json.loads((SDK.parents[1] / "package.json").read_text(encoding="utf-8"))["version"]
    assert tss.__version__ == version.replace("-alpha.", "a").replace("-beta.", "b").replace("-rc.", "rc")


def test_files_are_short() -> None:
    files = [*SDK.glob("tss/**/*.py"), *SDK.glob("tests/**/*.py"), *SDK.glob("benchmark/*.py")]
    lengths = sorted((len(file.read_text(encoding="utf-8").splitlines()), str(file.relative_to(SDK))) for file in files)
    assert lengths[-1][0] <= 300, lengths[-1]
    assert lengths[len(lengths) // 2][0] < 100


def test_a_wheel_installs_alone(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        build: "list[Any]" = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, SDK]
        subprocess.run(build, check=True, capture_output=True)
        (wheel,) = Path(folder).glob("*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        assert {"tss/py.typed", "tss/_proto/descriptors.bin", "tss/_proto/task_pb2.pyi"} <= set(names)
        assert all(name.startswith(("tss/", "tss-")) for name in names)
        target = tmp_path / "site"
        pip: "list[Any]" = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(target), wheel]
        subprocess.run(pip, check=True)
    check = "import tss, json; print(tss.__file__, tss.task('x', 1).type, tss.PayloadCodec().encode(1).data)"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(target)}
    told = subprocess.run(
        [sys.executable, "-c", check], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert told.stdout == f"{target}/tss/__init__.py x b'1'\n"


def test_messages_live_beside_those_of_others() -> None:
    # Another copy of the same protos, made the usual way, in the pool that all packages share.
    check = """
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, duration_pb2, timestamp_pb2
with open("tss/_proto/descriptors.bin", "rb") as opened:
    files = descriptor_pb2.FileDescriptorSet.FromString(opened.read()).file
for number, file in enumerate(files):
    if not file.name.startswith("google/protobuf/"):
        file.message_type.add(name=f"Another{number}")
        descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
import tss
print(tss.Client("127.0.0.1:1"))
"""
    told = subprocess.run([sys.executable, "-c", check], cwd=SDK, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
