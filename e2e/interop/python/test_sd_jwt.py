"""vc+sd-jwt with PyPI's sd-jwt: theirs verify here, ours verify there, changed ones nowhere."""

import base64
import json

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import InvalidJWSObject
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from ours import vc

ISSUER = "https://issuer.example/departments/1"
KEY_ID = f"{ISSUER}#key-1"
NONCE = "n-0S6_WzA2Mj"
AUDIENCE = "https://verifier.example"
FEATURE = "credential_sdjwt"
HIDDEN = [
    "credentialSubject.name",
    "credentialSubject.address",
    "credentialSubject.address.street",
    "credentialSubject.address.street.number",
    "credentialSubject.taxes[]",
    "credentialSubject.taxes[].rate",
]
SHOWN = ["credentialSubject.address.street.name", "credentialSubject.taxes[1].code"]
SEEN = {"id": "did:example:holder", "address": {"city": "合肥", "street": {"name": "长江中路"}}, "taxes": [{"code": "b"}]}


def document(mark=lambda value: value) -> dict:
    """The credential; `mark` wraps each name and element that can be held back."""
    taxes = [mark({"code": code, mark("rate"): rate}) for code, rate in (("a", 1), ("b", 2), ("c", 3))]
    street = {"name": "长江中路", mark("number"): 1}
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "type": ["VerifiableCredential", "ExampleLicence"],
        "issuer": ISSUER,
        "validFrom": "2024-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "did:example:holder",
            mark("name"): "合肥云帆科技有限公司",
            mark("address"): {"city": "合肥", mark("street"): street},
            "taxes": taxes,
        },
    }


def new_key(alg: str) -> JWK:
    return JWK.generate(kty="EC", crv="P-256") if alg == "ES256" else JWK.generate(kty="OKP", crv="Ed25519")


def method(key: JWK, private: bool = False) -> dict:
    """The verification method as `huizheng vc` reads it."""
    jwk = {"secretKeyJwk": key.export_private(as_dict=True)} if private else {"publicKeyJwk": key.export_public(as_dict=True)}
    return {"id": KEY_ID, "controller": ISSUER, "type": "JsonWebKey", **jwk}


def without_binding(presented: str) -> str:
    return presented[: presented.rindex("~") + 1]


def changed(presented: str) -> str:
    """Another value in the first disclosure, still well formed."""
    token, disclosure, *rest = presented.split("~")
    parts = json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
    parts[-1] = "changed"
    text = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
    return "~".join([token, text, *rest])


def there(presented: str, issuer: JWK, nonce: str = NONCE) -> dict:
    """What their verifier sees."""
    return SDJWTVerifier(presented, lambda _issuer, _header: issuer, AUDIENCE, nonce).get_verified_payload()


def here(presented: str, issuer: JWK, nonce: str = NONCE) -> tuple[str, str | dict]:
    """What our verifier says."""
    return vc("verify", input=presented, key=method(issuer), feature=FEATURE, nonce=nonce, audience=AUDIENCE)


@pytest.fixture(params=["ES256", "EdDSA"])
def alg(request) -> str:
    return request.param


@pytest.fixture
def issuer(alg: str) -> JWK:
    return new_key(alg)


@pytest.fixture
def holder() -> JWK:
    return new_key("ES256")


@pytest.fixture
def ours(issuer: JWK, holder: JWK) -> str:
    """Issued and presented here."""
    claims = {**document(), "cnf": {"jwk": holder.export_public(as_dict=True)}}
    result, issued = vc("issue", input=claims, key=method(issuer, private=True), feature=FEATURE, sd=HIDDEN, decoys=3)
    assert result == "success", issued
    key = method(holder, private=True)
    result, presented = vc("present", input=issued, key=key, feature=FEATURE, show=SHOWN, nonce=NONCE, audience=AUDIENCE)
    assert result == "success", presented
    return presented


@pytest.fixture
def issued_there(alg: str, issuer: JWK, holder: JWK) -> str:
    header = {"typ": "vc+sd-jwt", "kid": KEY_ID}
    made = SDJWTIssuer(document(SDObj), issuer, holder, alg, add_decoy_claims=True, extra_header_parameters=header)
    assert made.decoy_digests
    return made.sd_jwt_issuance


@pytest.fixture
def theirs(issued_there: str, holder: JWK) -> str:
    """Issued and presented there."""
    made = SDJWTHolder(issued_there)
    # Their holder goes on below what is shown, where it needs an object rather than True.
    show = {"credentialSubject": {"address": {"street": {"number": False, "name": True}}, "taxes": [False, True]}}
    made.create_presentation(show, NONCE, AUDIENCE, holder)
    return made.sd_jwt_presentation


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_both_verify(side: str, issuer: JWK, request):
    presented = request.getfixturevalue(side)
    assert there(presented, issuer)["credentialSubject"] == SEEN
    result, seen = here(presented, issuer)
    assert result == "success" and seen["credentialSubject"] == SEEN, seen


def test_theirs_with_all_shown_verifies_here(issued_there: str, issuer: JWK):
    result, whole = vc("verify", input=issued_there, key=method(issuer), feature=FEATURE)
    assert (result, whole["credentialSubject"]) == ("success", document()["credentialSubject"]), whole


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_both_refuse_a_stripped_binding(side: str, issuer: JWK, request):
    presented = without_binding(request.getfixturevalue(side))
    assert here(presented, issuer) == ("failure", "key_binding_missing")
    with pytest.raises(InvalidJWSObject):
        there(presented, issuer)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_both_refuse_a_changed_disclosure(side: str, issuer: JWK, request):
    presented = changed(request.getfixturevalue(side))
    assert here(presented, issuer)[0] == "failure"
    with pytest.raises(ValueError, match="Invalid digest in KB-JWT"):
        there(presented, issuer)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_both_refuse_another_nonce_and_another_key(side: str, alg: str, issuer: JWK, request):
    presented = request.getfixturevalue(side)
    assert here(presented, issuer, "another") == ("failure", "nonce_wrong")
    with pytest.raises(ValueError, match="Invalid nonce"):
        there(presented, issuer, "another")
    result, why = here(presented, new_key(alg))
    assert result == "failure" and "signature_wrong" in why
