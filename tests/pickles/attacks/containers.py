"""In what a pickle stands, and documents that name what their readers import."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator

from tests.pickles.attacks.assembler import EVIL, HONEST, LINES, SYSTEM, Attack, framed, name, stream, text
from tests.pickles.attacks.packing import archive, lz4, npy, patched, tape


def of_containers() -> Iterator[Attack]:
    """Classes 14 to 20 and 22: in what it stands."""
    data = ("archive/data.pkl", EVIL)
    good = ("archive/data.pkl", HONEST)
    plain = archive(data)
    central = plain.rindex(b"PK\1\2")
    zips = {
        "stored": plain, "deflated": archive(data, method=zipfile.ZIP_DEFLATED), "bzip2": archive(data, method=zipfile.ZIP_BZIP2), "lzma": archive(data, method=zipfile.ZIP_LZMA), "lzma-lines": archive(("x", LINES), method=zipfile.ZIP_LZMA), "wrong-extension": archive(("archive/data.txt", EVIL)), "no-extension": archive(("x", EVIL)),
        "crc": patched(patched(plain, 14, b"\1\2\3\4"), central + 16, b"\1\2\3\4"), "crc-local": patched(plain, 14, b"\1\2\3\4"), "encrypted-flag": patched(patched(plain, 6, b"\1\0"), central + 8, b"\1\0"), "flag-local": patched(plain, 6, b"\1\0"),
        "name-local": patched(plain, 30, b"XXXXXXX"), "first-of-two": archive(data, good), "last-of-two": archive(good, data), "prefix": b"#!/bin/sh\nexit 0\n" + plain, "prefix-binary": bytes(100) + plain, "comment": plain[:-2] + b"\4\0PK\5\6",
        "nested": archive(("inner.zip", plain)), "nested-twice": archive(("a.zip", archive(("inner.zip", plain)))), "nested-deflated": archive(("inner.zip", plain), method=zipfile.ZIP_DEFLATED), "gzip-inside": archive(("a.gz", gzip.compress(EVIL))),
        "bad-entry-first": archive(("bad", b"x" * 9), data), "suffix": plain + bytes(50), "pickle-before": EVIL + archive(good), "truncated-directory": plain[: central + 10], "npz": archive(("a.npy", npy("'|O'", EVIL))),
        "folder": archive(("archive/", b""), data), "constants": archive(good, ("archive/constants.pkl", EVIL)), "version": archive(good, ("archive/.data/serialization_id", b"1"), ("archive/extra", EVIL)), "mar": archive(("MAR-INF/MANIFEST.json", b"{}"), ("model.pt", archive(data))),
        "size-zero-local": patched(patched(plain, 18, bytes(4)), 22, bytes(4)),
    }  # fmt: skip
    for label, content in zips.items():
        yield Attack(f"14-zip/{label}", content, suffix=".pt")
    yield Attack("14-zip/slip", archive(("../../evil", b"x")), None, ".zip")
    yield Attack("14-zip/slip-absolute", archive(("/etc/evil", b"x")), None, ".zip")
    magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
    legacy = magic + b"\x80\x02M\xe9\x03." + b"\x80\x02}q\x00(X\x10\0\0\0protocol_versionq\x01M\xe9\x03u."
    yield Attack("15-torch/plain", EVIL, suffix=".pt")
    yield Attack("15-torch/plain-bin", LINES, suffix=".bin")
    yield Attack("15-torch/legacy-object", legacy + EVIL + b"\x80\x02]q\0." + bytes(64), suffix=".pt")
    yield Attack("15-torch/legacy-keys", legacy + HONEST + EVIL + bytes(64), suffix=".pt")
    yield Attack("15-torch/legacy-info", magic + b"\x80\x02M\xe9\x03." + EVIL + HONEST, suffix=".pt")
    yield Attack("15-torch/magic-called", stream(SYSTEM) + legacy[len(magic) :], suffix=".pt")
    yield Attack(
        "15-torch/tar", tape(("storages", HONEST), ("tensors", HONEST), ("pickle", EVIL)), suffix=".pt"
    )
    yield Attack(
        "15-torch/tar-storages",
        tape(("storages", EVIL), ("tensors", HONEST), ("pickle", HONEST)),
        suffix=".pt",
    )
    packers: dict[str, Callable[[bytes], bytes]] = {
        "zlib": zlib.compress, "zlib-1": lambda raw: zlib.compress(raw, 1), "gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "lzma": lambda raw: lzma.compress(raw, lzma.FORMAT_ALONE),
        "gzip-second-member": lambda raw: gzip.compress(HONEST) + gzip.compress(raw), "gzip-twice": lambda raw: gzip.compress(gzip.compress(raw)), "bz2-in-xz": lambda raw: lzma.compress(bz2.compress(raw)), "xz-second": lambda raw: lzma.compress(HONEST) + lzma.compress(raw),
        "bz2-second": lambda raw: bz2.compress(HONEST) + bz2.compress(raw), "zf": lambda raw: b"ZF" + hex(len(raw)).encode().ljust(19) + zlib.compress(raw), "gzip-of-tar": lambda raw: gzip.compress(tape(("x", raw))), "gzip-of-zip": lambda raw: gzip.compress(archive(("x", raw))),
        "gzip-late": lambda raw: gzip.compress(HONEST * 900 + raw), "gzip-cut": lambda raw: gzip.compress(raw + bytes(2000))[:-12], "zlib-lines": lambda _: zlib.compress(LINES), "gzip-lines": lambda _: gzip.compress(LINES), "xz-lines": lambda _: lzma.compress(LINES), "lz4": lz4, "lz4-lines": lambda _: lz4(LINES), "lz4-in-gzip": lambda raw: gzip.compress(lz4(raw)),
    }  # fmt: skip
    for label, pack_ in packers.items():
        yield Attack(f"16-compressed/{label}", pack_(EVIL), suffix=".pkl.gz")
    yield Attack(
        "17-joblib/ndarraywrapper",
        stream(
            name("joblib.numpy_pickle_compat", "NDArrayWrapper")
            + b")\x81}"
            + text("filename")
            + text("/x")
            + b"sb"
        ),
        None,
    )
    for descr in ("'|O'", "'O'", "[('a', 'O')]", "[('a', '<i4'), ('b', '|O')]"):
        yield Attack(
            f"18-npy/{descr.strip('[]()')[:8]}".replace("'", "").replace("|", "_"),
            npy(descr, EVIL),
            suffix=".npy",
        )
    yield Attack("18-npy/bare", EVIL, suffix=".npy")
    yield Attack("18-npy/numbers-with-pickle", npy("'<f8'", EVIL), suffix=".npy")
    yield Attack(
        "18-npy/npz-second",
        archive(("a.npy", npy("'<f8'", bytes(8))), ("b.npy", npy("'|O'", EVIL))),
        suffix=".npz",
    )
    yield Attack("19-archive/7z", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(64), None, ".7z")
    yield Attack("19-archive/rar", b"Rar!\x1a\x07\1\0" + bytes(64), None, ".rar")
    yield Attack("19-archive/zstd", b"\x28\xb5\x2f\xfd" + bytes(64), None, ".zst")
    for mode in ("w:", "w:gz", "w:bz2", "w:xz"):
        yield Attack(
            f"19-archive/tar-{mode[2:] or 'plain'}", tape(("a/model.pkl", EVIL), mode=mode), suffix=".tar"
        )
    yield Attack("19-archive/tar-slip", tape(("../evil", b"x" * 20)), None, ".tar")
    yield Attack(
        "19-archive/nemo",
        tape(("model_config.yaml", b"a: 1\n"), ("weights.ckpt", archive(data))),
        suffix=".nemo",
    )
    for suffix in (
        "",
        ".txt",
        ".json",
        ".bin",
        ".dat",
        ".model",
        ".h5",
        ".onnx",
        ".safetensors",
        ".csv",
        ".png",
        ".PKL",
        ".pkl.bak",
        ".yaml",
        ".md",
        ".joblib",
        ".pmd",
        ".weights",
        ".cbm",
    ):
        yield Attack(f"20-extension/{suffix or 'none'}", framed(SYSTEM), suffix=suffix)
        yield Attack(f"20-extension/lines-{suffix or 'none'}", LINES, suffix=suffix)
    for module, attribute in (
        ("os", "system"),
        ("builtins", "eval"),
        ("operator", "methodcaller"),
        ("subprocess", "run"),
        ("numpy", "load"),
    ):
        schema = {
            "__class__": attribute,
            "__module__": module,
            "__loader__": "FunctionNode",
            "content": {"__class__": attribute, "__module__": module},
        }
        yield Attack(
            f"22-document/skops-{module}.{attribute}",
            archive(("schema.json", json.dumps(schema).encode())),
            f"{module}.{attribute}",
            ".skops",
        )
        config: dict[str, object] = {
            "module": module,
            "class_name": attribute,
            "config": {},
            "registered_name": None,
        }
        yield Attack(
            f"22-document/keras-{module}.{attribute}",
            archive(("config.json", json.dumps(config).encode()), ("metadata.json", b"{}")),
            f"{module}.{attribute}",
            ".keras",
        )
    layer = json.dumps(
        {
            "module": "keras",
            "class_name": "Sequential",
            "config": {"layers": [{"module": "keras.layers", "class_name": "Lambda", "config": {}}]},
        }
    )
    yield Attack("22-document/keras-lambda", archive(("config.json", layer.encode())), None, ".keras")
    yield Attack(
        "22-document/h5-lambda", b"\x89HDF\r\n\x1a\n" + bytes(200) + layer.encode() + bytes(50), None, ".h5"
    )
    yield Attack("22-document/skops-is-pickle", EVIL, suffix=".skops")
