"""docs/vectors, read by the independent subscriber."""

import json
import sys
from pathlib import Path

import nacl.public
import nacl.signing
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from subscriber import (ZERO, KeyList, Refused, check_bulletin, check_signature, digest, key_id, open_frame,  # noqa: E402
                        open_signed)

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "docs" / "vectors" / "vectors.json").read_text())


def packet(name, key="packet"):
    return bytes.fromhex(VECTORS[name][key])


@pytest.fixture
def keys():
    return KeyList(bytes.fromhex(VECTORS["keys"]["root"]["public"]), packet("keylist"))


@pytest.mark.parametrize("purpose", sorted(VECTORS["keys"]))
def test_keys_follow_from_their_seeds(purpose):
    entry = VECTORS["keys"][purpose]
    seed = bytes.fromhex(entry["seed"])
    made = nacl.public.PrivateKey(seed).public_key if purpose == "curve" else nacl.signing.SigningKey(seed).verify_key
    assert bytes(made).hex() == entry["public"] and key_id(bytes(made)) == entry["id"]


def test_digest():
    assert digest(bytes.fromhex(VECTORS["digest"]["input"])) == VECTORS["digest"]["digest"]


@pytest.mark.parametrize("entry", VECTORS["signatures"], ids=lambda entry: entry["kind"])
def test_a_signature_is_good_for_its_kind_alone(entry):
    purpose = {"keylist": "root", "inject": "authority"}.get(entry["kind"], "actual")
    seed, public = (bytes.fromhex(VECTORS["keys"][purpose][name]) for name in ("seed", "public"))
    header, signature = bytes.fromhex(entry["header"]), bytes.fromhex(entry["signature"])
    made = nacl.signing.SigningKey(seed).sign(b"caprelay/1/" + entry["kind"].encode() + b"\0" + header).signature
    assert made == signature
    for other in VECTORS["signatures"]:
        if other["kind"] == entry["kind"]:
            check_signature(public, entry["kind"], header, signature)
        else:
            with pytest.raises(Refused):
                check_signature(public, other["kind"], header, signature)


@pytest.mark.parametrize("name", ["bulletin", "second", "exercise"])
def test_bulletins_verify(keys, name):
    header, derived, original = check_bulletin(keys, packet(name), VECTORS[name]["topic"])
    assert header["chain"] == VECTORS[name]["chain"]
    assert digest(derived) == VECTORS[name]["derived_digest"] and digest(original) == VECTORS[name]["original_digest"]


def test_the_chain_links(keys):
    first, second = (check_bulletin(keys, packet(name))[0] for name in ("bulletin", "second"))
    assert first["chain_prev"] == ZERO and second["chain_prev"] == first["chain"]
    assert [entry["prev"] for entry in second["topics"]] == [1, 1]


def test_the_compressed_frame_is_the_packet():
    assert open_frame(packet("bulletin", "frame")) == open_frame(packet("bulletin"))


def test_receipt(keys):
    header, _ = open_signed(keys, packet("receipt"), "receipt", 2, "actual")
    assert (header["outcome"], header["verdict"], header["reason"]) == ("refused", "irrelevant", "border.too-far")


@pytest.mark.parametrize("entry", VECTORS["refused"], ids=lambda entry: entry["name"])
def test_what_must_be_refused(keys, entry):
    with pytest.raises(Refused, match=f"^{entry['check']}:"):
        check_bulletin(keys, bytes.fromhex(entry["frame"]), entry["topic"])
