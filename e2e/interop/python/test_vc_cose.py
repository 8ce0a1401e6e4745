"""vc+cose and vp+cose with PyPI's pycose: theirs verify here, ours verify there, changed ones nowhere."""

import base64
import json
import time

import cbor2
import pytest
from jwcrypto.jwk import JWK
from pycose.headers import KID, Algorithm, ContentType
from pycose.keys import EC2Key, OKPKey
from pycose.messages import CoseMessage, Sign1Message

from ours import vc

ISSUER = "https://issuer.example/departments/1"
KEY_ID = f"{ISSUER}#key-1"
FEATURE = "credential_cose"
TYP = 16  # RFC 9596 §2
CURVES = {"ES256": ("P-256", "P_256"), "ES384": ("P-384", "P_384"), "ES512": ("P-521", "P_521"), "EDDSA": ("Ed25519", "ED25519")}
DOCUMENT = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    "type": ["VerifiableCredential", "ExampleLicence"],
    "issuer": ISSUER,
    "validFrom": "2024-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:holder", "name": "合肥云帆科技有限公司"},
}


@pytest.fixture(params=CURVES)
def alg(request) -> str:
    return request.param


@pytest.fixture
def key(alg: str) -> JWK:
    kind = "OKP" if alg == "EDDSA" else "EC"
    return JWK.generate(kty=kind, crv=CURVES[alg][0])


def method(key: JWK, private: bool = False) -> dict:
    """The verification method as `huizheng vc` reads it."""
    jwk = {"secretKeyJwk": key.export_private(as_dict=True)} if private else {"publicKeyJwk": key.export_public(as_dict=True)}
    return {"id": KEY_ID, "controller": ISSUER, "type": "JsonWebKey", **jwk}


def there(key: JWK, alg: str) -> EC2Key | OKPKey:
    """The key as pycose has it."""
    jwk = key.export_private(as_dict=True)
    part = {name: base64.urlsafe_b64decode(jwk[name] + "==") for name in ("x", "y", "d") if name in jwk}
    make = OKPKey if alg == "EDDSA" else EC2Key
    return make(crv=CURVES[alg][1], **part)


def unpadded(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


def signed_there(key: JWK, alg: str, protected: dict | None = None, payload: bytes | None = None) -> str:
    """A message of theirs, in base64 as files carry it."""
    header = {Algorithm: alg, ContentType: "application/vc", TYP: "application/vc+cose", KID: KEY_ID.encode()}
    message = Sign1Message(phdr=header | (protected or {}), payload=payload or json.dumps(DOCUMENT).encode())
    message.key = there(key, alg)
    return unpadded(message.encode())


def verified_here(text: str, key: JWK) -> tuple[str, str | dict]:
    return vc("verify", input=text, key=method(key), feature=FEATURE)


def verified_there(text: str, key: JWK, alg: str) -> dict | None:
    """The document, if their signature check passes."""
    message = CoseMessage.decode(bytes_of(text))
    message.key = there(key, alg)
    return json.loads(message.payload) if message.verify_signature() else None


def refused_here(text: str, key: JWK) -> str:
    """Why."""
    result, why = verified_here(text, key)
    assert result == "failure", why
    return why


def changed(text: str) -> str:
    """The same message about somebody else."""
    raw = bytes_of(text)
    return unpadded(raw.replace(b"did:example:holder", b"did:example:hunter"))


def test_ours_verifies_there(key: JWK, alg: str):
    result, text = vc("issue", input=DOCUMENT, key=method(key, private=True), feature=FEATURE)
    assert result == "success", text
    assert verified_there(text, key, alg) == DOCUMENT
    assert verified_there(changed(text), key, alg) is None
    header = cbor2.loads(cbor2.loads(bytes_of(text)).value[0])
    assert header[TYP] == "application/vc+cose"
    assert header[3] == "application/vc"


def test_theirs_verifies_here(key: JWK, alg: str):
    text = signed_there(key, alg)
    result, seen = verified_here(text, key)
    assert result == "success", seen
    assert seen["credentialSubject"] == DOCUMENT["credentialSubject"]
    assert refused_here(changed(text), key) == "signature_wrong"


def test_another_key_verifies_nowhere(key: JWK, alg: str):
    other = JWK.generate(kty=key["kty"], crv=key["crv"])
    assert refused_here(signed_there(key, alg), other) == "signature_wrong"
    result, text = vc("issue", input=DOCUMENT, key=method(key, private=True), feature=FEATURE)
    assert result == "success", text
    assert verified_there(text, other, alg) is None


@pytest.mark.parametrize(
    "protected",
    [
        pytest.param({TYP: "application/vp+cose"}, id="type_of_a_presentation"),
        pytest.param({TYP: "application/statuslist+cwt"}, id="type_of_a_status_list"),
        pytest.param({ContentType: "application/json"}, id="content_type_of_another"),
    ],
)
def test_what_they_sign_as_something_else_is_refused_here(protected: dict, key: JWK, alg: str):
    assert refused_here(signed_there(key, alg, protected), key) == "the message is of another type"


def test_a_critical_header_is_refused_here(key: JWK, alg: str):
    assert "critical" in refused_here(signed_there(key, alg, {2: [99], 99: 1}), key)


def test_a_name_that_stands_twice_is_refused_here(key: JWK, alg: str):
    twice = json.dumps(DOCUMENT).replace("{", '{"issuer": "https://other.example",', 1).encode()
    assert "twice" in refused_here(signed_there(key, alg, payload=twice), key)


# Presentations. A holder is a did:jwk; nonce, audience and time are CWT claims in the header (RFC 9597).
NONCE, AUDIENCE = "n-0S6_WzA2Mj", "https://verifier.example"
CWT_CLAIMS, CLAIM_AUDIENCE, CLAIM_ISSUED_AT, CLAIM_NONCE = 15, 3, 6, 10
SHOWING = "presentation_cose"


def holder_of(key: JWK) -> tuple[str, str]:
    """The holder's DID, and the key's DID URL."""
    did = "did:jwk:" + base64.urlsafe_b64encode(key.export_public().encode()).decode().rstrip("=")
    return did, f"{did}#0"


def holders(key: JWK, private: bool = False) -> dict:
    did, name = holder_of(key)
    return method(key, private) | {"id": name, "controller": did}


def presentation(holder: JWK, credentials: list[str]) -> dict:
    enveloped = [
        {
            "@context": "https://www.w3.org/ns/credentials/v2",
            "id": f"data:application/vc+cose;base64,{text}",
            "type": "EnvelopedVerifiableCredential",
        }
        for text in credentials
    ]
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "holder": holder_of(holder)[0],
        "verifiableCredential": enveloped,
    }


def shown_there(holder: JWK, alg: str, document: dict, **claims) -> str:
    told = {CLAIM_AUDIENCE: AUDIENCE, CLAIM_ISSUED_AT: int(time.time()), CLAIM_NONCE: NONCE.encode()} | claims.pop("told", {})
    header = {Algorithm: alg, ContentType: "application/vp", TYP: "application/vp+cose", KID: holder_of(holder)[1].encode()}
    message = Sign1Message(phdr=header | {CWT_CLAIMS: told} | claims, payload=json.dumps(document).encode())
    message.key = there(holder, alg)
    return unpadded(message.encode())


def held(key: JWK, alg: str, holder: JWK) -> str:
    """A credential about this holder, signed by an issuer of theirs."""
    subject = DOCUMENT["credentialSubject"] | {"id": holder_of(holder)[0]}
    return signed_there(key, alg, payload=json.dumps(DOCUMENT | {"credentialSubject": subject}).encode())


def presented_here(text: str, holder: JWK, issuer: JWK) -> tuple[str, str | dict]:
    asked = {"nonce": NONCE, "audience": AUDIENCE, "issuer_keys": [method(issuer)]}
    return vc("verify", input=text, key=holders(holder), feature=SHOWING, **asked)


@pytest.fixture
def holder(alg: str) -> JWK:
    kind = "OKP" if alg == "EDDSA" else "EC"
    return JWK.generate(kty=kind, crv=CURVES[alg][0])


def test_our_presentation_verifies_there(key: JWK, holder: JWK, alg: str):
    document = presentation(holder, [held(key, alg, holder)])
    result, text = vc("issue", input=document, key=holders(holder, private=True), feature=SHOWING)
    assert result == "success", text
    assert verified_there(text, holder, alg) == document
    assert verified_there(text, key, alg) is None
    header = cbor2.loads(cbor2.loads(bytes_of(text)).value[0])
    assert header[TYP] == "application/vp+cose"
    assert header[3] == "application/vp"
    assert header[4].decode() == holder_of(holder)[1]
    inside = document["verifiableCredential"][0]["id"].split(",")[1]
    assert verified_there(inside, key, alg)["credentialSubject"]["id"] == holder_of(holder)[0]


def test_their_presentation_verifies_here(key: JWK, holder: JWK, alg: str):
    document = presentation(holder, [held(key, alg, holder)])
    result, seen = presented_here(shown_there(holder, alg, document), holder, key)
    assert result == "success", seen
    assert seen["credentials"] == [{"issuer": ISSUER, "verified": True}]
    assert seen["presentation"] == document


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        pytest.param({"told": {CLAIM_NONCE: b"another"}}, "nonce_wrong", id="nonce_of_another_request"),
        pytest.param({"told": {CLAIM_AUDIENCE: "https://other.example"}}, "audience_wrong", id="audience_of_another"),
        pytest.param({"told": {CLAIM_ISSUED_AT: 1_700_000_000}}, "key_binding_too_old", id="too_old"),
    ],
)
def test_their_presentation_for_something_else_is_refused_here(claims: dict, why: str, key: JWK, holder: JWK, alg: str):
    document = presentation(holder, [held(key, alg, holder)])
    result, told = presented_here(shown_there(holder, alg, document, **claims), holder, key)
    assert (result, why in told) == ("failure", True), told


def test_their_presentation_by_somebody_else_is_refused_here(key: JWK, holder: JWK, alg: str):
    thief = JWK.generate(kty=holder["kty"], crv=holder["crv"])
    stolen = presentation(thief, [held(key, alg, holder)])
    result, told = presented_here(shown_there(thief, alg, stolen), thief, key)
    assert (result, "holder_is_another" in told) == ("failure", True), told
    right = shown_there(holder, alg, presentation(holder, [held(key, alg, holder)]))
    result, told = vc("verify", input=right, key=holders(thief), feature=SHOWING)
    assert (result, told) == ("failure", "the key binding is not signed by the holder's key"), told
    forged = presentation(holder, [held(thief, alg, holder)])
    result, told = presented_here(shown_there(holder, alg, forged), holder, key)
    assert (result, told) == ("failure", "signature_wrong"), told
