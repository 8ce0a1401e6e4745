"""vc+cose with PyPI's pycose: theirs verify here, ours verify there, changed ones nowhere."""

import base64
import json

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
