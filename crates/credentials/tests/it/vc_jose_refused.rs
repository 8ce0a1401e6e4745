//! Tokens that must not be taken for credentials or presentations, each named by its flaw.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::data_integrity::ParseError as DocumentError;
use credentials::jws::{self, Header, ParseError as TokenError, WrongTime};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use credentials::sd_jwt::{self, ParseError as SdError};
use credentials::status::{TokenList, TokenListError};
use credentials::vc_jose::{ParseError, PresentationError, UnverifiedCredential, UnverifiedPresentation};
use credentials::{Flaw, json as strict};
use serde_json::{Value, json};

use crate::support::{NOW, expect, issuer, key, vc_issuance};
use crate::vc_jose::{holder_key, issued, issued_sd, presenting, read_payload};

/// A token of these texts as they stand, signed by the issuer's P-256 key.
fn signed(header: &str, payload: &str) -> String {
    let input = format!("{}.{}", BASE64.encode(header), BASE64.encode(payload));
    let signature = issuer(Algorithm::Es256).sign(input.as_bytes()).unwrap();
    format!("{input}.{}", BASE64.encode(signature))
}

fn payload() -> Value {
    read_payload(&issued(Algorithm::Es256))
}

const HEADER: &str = r#"{"alg":"ES256","typ":"vc+jwt"}"#;

fn with(change: impl FnOnce(&mut Value)) -> String {
    let mut payload = payload();
    change(&mut payload);
    signed(HEADER, &payload.to_string())
}

/// Each kind of token taken for each other.
#[test]
fn typ_crossed() {
    const TYPES: [&str; 14] = [
        "vc+jwt",
        "vp+jwt",
        "vc+sd-jwt",
        "vp+sd-jwt",
        "dc+sd-jwt",
        "kb+jwt",
        "statuslist+jwt",
        "openid4vci-proof+jwt",
        "oauth-authz-req+jwt",
        "at+jwt",
        "dpop+jwt",
        "vc-ld+jwt",
        "JWT",
        "",
    ];
    let vc = payload();
    let holder = crate::support::vc_holder();
    let vp = read_payload(&presenting(&holder).prepare().unwrap().sign(&holder_key()).unwrap());
    for typ in TYPES {
        let header = json!({"alg": "ES256", "typ": typ}).to_string();
        let (credential, presentation) = (signed(&header, &vc.to_string()), signed(&header, &vp.to_string()));
        let read = UnverifiedCredential::parse(&credential).map(drop);
        assert_eq!(read, if typ == "vc+jwt" { Ok(()) } else { Err(ParseError::TypeWrong) }, "{typ}");
        let read = UnverifiedPresentation::parse(&presentation).map(drop);
        let crossed = Err(PresentationError::Parse(ParseError::TypeWrong));
        assert_eq!(read, if typ == "vp+jwt" { Ok(()) } else { crossed }, "{typ}");
        let sd = Err(ParseError::SdJwt(SdError::TypeWrong));
        let read = UnverifiedCredential::parse_sd(&format!("{credential}~")).map(drop);
        assert_eq!(read, if typ == "vc+sd-jwt" { Ok(()) } else { sd }, "{typ}");
        let read = UnverifiedPresentation::parse_sd(&format!("{presentation}~")).map(drop);
        let crossed = Err(PresentationError::Parse(ParseError::SdJwt(SdError::TypeWrong)));
        assert_eq!(read, if typ == "vp+sd-jwt" { Ok(()) } else { crossed }, "{typ}");
        // And the reverse.
        if typ != "dc+sd-jwt" {
            let read = sd_jwt::Unverified::parse(&format!("{credential}~")).map(drop);
            assert_eq!(read, Err(SdError::TypeWrong), "{typ}");
        }
        for other in ["kb+jwt", "statuslist+jwt", "openid4vci-proof+jwt", "oauth-authz-req+jwt", "at+jwt"] {
            let taken = jws::Unverified::parse(&credential)
                .unwrap()
                .verify::<Value>(issuer(Algorithm::Es256).public_key(), other);
            assert_eq!(taken.is_ok(), typ == other, "{typ} as {other}");
        }
        if typ != "statuslist+jwt" {
            let read = TokenList::verify(&credential, "x", issuer(Algorithm::Es256).public_key(), NOW);
            assert_eq!(read.map(drop), Err(TokenListError::Refused(jws::VerifyError::TypeWrong)), "{typ}");
        }
    }
    let typeless = signed(r#"{"alg":"ES256"}"#, &vc.to_string());
    assert_eq!(UnverifiedCredential::parse(&typeless).map(drop), Err(ParseError::TypeWrong), "typ_missing");
    // RFC 7515 §4.1.9: the long form and any case are the same type.
    let long = signed(r#"{"alg":"ES256","typ":"application/VC+JWT"}"#, &vc.to_string());
    assert!(UnverifiedCredential::parse(&long).is_ok());
}

#[test]
fn refused_by_the_parser() {
    use ParseError as E;
    use TokenError as T;
    let header = |header: &str| signed(header, &payload().to_string());
    let text = |payload: &str| signed(HEADER, payload);
    let deep = |n: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(n), "]".repeat(n));
    let good = issued(Algorithm::Es256);
    let parts: Vec<&str> = good.split('.').collect();
    let json = |error| E::Token(T::Payload(error));
    for (name, text, error) in [
        ("alg_missing", header(r#"{"typ":"vc+jwt"}"#), E::Token(T::Header(strict::Error::Syntax))),
        (
            "alg_twice",
            header(r#"{"alg":"ES256","alg":"none","typ":"vc+jwt"}"#),
            E::Token(T::Header(strict::Error::DuplicateName)),
        ),
        (
            "crit_unknown",
            header(r#"{"alg":"ES256","typ":"vc+jwt","crit":["x"],"x":1}"#),
            E::Token(T::Critical),
        ),
        ("crit_empty", header(r#"{"alg":"ES256","typ":"vc+jwt","crit":[]}"#), E::Token(T::Critical)),
        ("b64_false", header(r#"{"alg":"ES256","typ":"vc+jwt","b64":false}"#), E::Token(T::Critical)),
        (
            "kid_number",
            header(r#"{"alg":"ES256","typ":"vc+jwt","kid":1}"#),
            E::Token(T::Header(strict::Error::Syntax)),
        ),
        (
            "content_of_another_type",
            header(r#"{"alg":"ES256","typ":"vc+jwt","cty":"vp"}"#),
            E::ContentTypeWrong,
        ),
        ("content_type_number", header(r#"{"alg":"ES256","typ":"vc+jwt","cty":1}"#), E::ContentTypeWrong),
        ("duplicate_name", text(r#"{"issuer":"a","issuer":"b"}"#), json(strict::Error::DuplicateName)),
        (
            "duplicate_name_escaped",
            text(r#"{"issuer":"a","\u0069ssuer":"b"}"#),
            json(strict::Error::DuplicateName),
        ),
        ("lone_surrogate", text(r#"{"a":"\ud800"}"#), json(strict::Error::Syntax)),
        ("number_beyond_doubles", text(r#"{"a":1e400}"#), json(strict::Error::Syntax)),
        ("number_not_exact", text(r#"{"exp":9007199254740993}"#), json(strict::Error::NumberNotExact)),
        ("nested_too_deep", text(&deep(64)), json(strict::Error::TooDeep)),
        ("nested_20000", text(&deep(20_000)), json(strict::Error::TooDeep)),
        ("payload_array", text("[]"), json(strict::Error::Syntax)),
        ("payload_text", text("\"x\""), json(strict::Error::Syntax)),
        (
            "payload_not_utf8",
            {
                let p = [parts[0], &BASE64.encode(b"{\"a\":\"\xff\"}"), parts[2]];
                p.join(".")
            },
            json(strict::Error::Syntax),
        ),
        ("base64_padded", format!("{}=.{}.{}", parts[0], parts[1], parts[2]), E::Token(T::Form)),
        (
            "base64_standard_alphabet",
            format!("{}.{}.+/{}", parts[0], parts[1], &parts[2][2..]),
            E::Token(T::Form),
        ),
        ("base64_trailing_bits", trailing_bits(&good), E::Token(T::Form)),
        ("base64_newline", format!("{good}\n"), E::Token(T::Form)),
        ("two_parts", format!("{}.{}", parts[0], parts[1]), E::Token(T::Form)),
        ("four_parts", format!("{good}.x"), E::Token(T::Form)),
        ("five_parts_as_encrypted", format!("{good}.x.y"), E::Token(T::Form)),
        ("disclosures_on_a_plain_token", format!("{good}~"), E::Token(T::Form)),
        ("signature_missing", format!("{}.{}.", parts[0], parts[1]), E::Token(T::SignatureLength)),
        (
            "signature_truncated",
            format!("{}.{}.{}", parts[0], parts[1], &parts[2][..84]),
            E::Token(T::SignatureLength),
        ),
        ("too_long", format!("{}.{}.{}", parts[0], "A".repeat(12 << 20), parts[2]), E::Token(T::Form)),
        ("vc_claim", with(|p| p["vc"] = json!({})), E::ClaimWrong("vc")),
        ("vp_claim", with(|p| p["vp"] = json!("x")), E::ClaimWrong("vp")),
        ("iss_of_another", with(|p| p["iss"] = json!("did:hui:anhui:zOther")), E::ClaimWrong("iss")),
        ("iss_list", with(|p| p["iss"] = json!(["did:hui:anhui:zIssuer"])), E::ClaimWrong("iss")),
        ("sub_of_another", with(|p| p["sub"] = json!("did:key:zOther")), E::ClaimWrong("sub")),
        (
            "sub_of_several",
            with(|p| {
                p["sub"] = p["credentialSubject"]["id"].clone();
                p["credentialSubject"] = json!([p["credentialSubject"], {"id": "did:key:zOther"}]);
            }),
            E::ClaimWrong("sub"),
        ),
        (
            "jti_of_another",
            with(|p| {
                p["id"] = json!("urn:a");
                p["jti"] = json!("urn:b");
            }),
            E::ClaimWrong("jti"),
        ),
        ("jti_without_id", with(|p| p["jti"] = json!("urn:b")), E::ClaimWrong("jti")),
        ("exp_text", with(|p| p["exp"] = json!("1883000000")), E::Time(WrongTime("exp"))),
        ("exp_timestamp", with(|p| p["exp"] = json!("2027-01-01T00:00:00Z")), E::Time(WrongTime("exp"))),
        ("exp_null", with(|p| p["exp"] = Value::Null), E::Time(WrongTime("exp"))),
        ("exp_list", with(|p| p["exp"] = json!([1])), E::Time(WrongTime("exp"))),
        ("nbf_true", with(|p| p["nbf"] = json!(true)), E::Time(WrongTime("nbf"))),
        ("iat_words", with(|p| p["iat"] = json!("yesterday")), E::Time(WrongTime("iat"))),
        (
            "context_missing",
            with(|p| drop(p.as_object_mut().unwrap().remove("@context"))),
            E::Document(DocumentError::Context),
        ),
        (
            "context_of_1_1",
            with(|p| p["@context"] = json!(["https://www.w3.org/2018/credentials/v1"])),
            E::Document(DocumentError::Context),
        ),
        (
            "type_of_a_presentation",
            with(|p| p["type"] = json!(["VerifiablePresentation"])),
            E::Document(DocumentError::Type),
        ),
        (
            "valid_until_number",
            with(|p| p["validUntil"] = json!(1)),
            E::Document(DocumentError::Member("validUntil")),
        ),
        (
            "subject_missing",
            with(|p| drop(p.as_object_mut().unwrap().remove("credentialSubject"))),
            E::Document(DocumentError::Member("credentialSubject")),
        ),
    ] {
        assert_eq!(UnverifiedCredential::parse(&text).map(drop), Err(error), "{name}");
    }
    // Text like any other: names that mean something to JavaScript.
    let proto = with(|p| p["credentialSubject"]["__proto__"] = json!({"isAdmin": true}));
    let read = UnverifiedCredential::parse(&proto).unwrap();
    assert!(read.dangerous_members()["credentialSubject"].get("isAdmin").is_none());
    // A time as `validFrom` has it is read as one: some write `iat` so.
    let iat = with(|p| p["iat"] = json!("2020-01-01T00:00:00Z"));
    assert!(UnverifiedCredential::parse(&iat).is_ok());
}

/// The last character's unused bits set: another text of the same bytes.
fn trailing_bits(token: &str) -> String {
    let (rest, last) = token.split_at(token.len() - 1);
    // 64 bytes leave four unused bits in the last of 86 characters.
    let other = match last {
        "A" => "B",
        "Q" => "R",
        "g" => "h",
        _ => "x",
    };
    format!("{rest}{other}")
}

#[test]
fn refused_by_verification() {
    let right = issuer(Algorithm::Es256);
    let flaws = |text: &str, key: &SoftwareKey, now| {
        let read = UnverifiedCredential::parse(text).unwrap();
        read.verify(key.public_key(), now).unwrap_err().flaws().to_vec()
    };
    let header = |header: &str| signed(header, &payload().to_string());
    let none = header(r#"{"alg":"none","typ":"vc+jwt"}"#);
    let hmac = header(r#"{"alg":"HS256","typ":"vc+jwt"}"#);
    let crossed = header(r#"{"alg":"EdDSA","typ":"vc+jwt"}"#);
    let es384 = header(r#"{"alg":"ES384","typ":"vc+jwt"}"#);
    let embedded = header(
        &json!({"alg": "ES256", "typ": "vc+jwt", "jwk": key(9, Algorithm::Es256).public_key().to_jwk()})
            .to_string(),
    );
    for (name, text) in [
        ("alg_none", none),
        ("alg_hs256_with_public_key", hmac),
        ("alg_crossed", crossed),
        ("alg_longer", es384),
    ] {
        assert_eq!(flaws(&text, &right, NOW), [Flaw::AlgorithmNotOfKey], "{name}");
    }
    let other = key(9, Algorithm::Es256);
    assert_eq!(
        flaws(&issued(Algorithm::Es256), &other, NOW),
        [Flaw::SignatureWrong],
        "signed_with_other_key"
    );
    // A key in the header is no key to be trusted.
    assert_eq!(flaws(&embedded, &other, NOW), [Flaw::SignatureWrong], "key_embedded");
    for kid in ["did:hui:anhui:zOther#key-1", "https://other.example/keys#1"] {
        let text = header(&json!({"alg": "ES256", "typ": "vc+jwt", "kid": kid}).to_string());
        assert_eq!(flaws(&text, &right, NOW), [Flaw::KeyOfAnotherController], "{kid}");
    }
    let good = issued(Algorithm::Es256);
    assert_eq!(flaws(&good, &right, NOW.plus(86_460)), [Flaw::Expired], "valid_until_past");
    assert_eq!(flaws(&good, &right, NOW.plus(-61)), [Flaw::CreatedInFuture], "in_future");
    assert_eq!(flaws(&with(|p| p["exp"] = json!(NOW.0 - 60)), &right, NOW), [Flaw::Expired], "exp_past");
    assert_eq!(
        flaws(&with(|p| p["nbf"] = json!(NOW.0 + 61)), &right, NOW),
        [Flaw::NotYetValid],
        "nbf_to_come"
    );
    let from = with(|p| p["validFrom"] = json!(NOW.plus(61).rfc3339()));
    assert_eq!(flaws(&from, &right, NOW), [Flaw::NotYetValid], "valid_from_to_come");
    let mut claims = payload();
    claims["credentialSubject"]["name"] = json!("another");
    let parts: Vec<&str> = good.split('.').collect();
    let changed = format!("{}.{}.{}", parts[0], BASE64.encode(claims.to_string()), parts[2]);
    assert_eq!(flaws(&changed, &right, NOW), [Flaw::SignatureWrong], "claim_changed");
    // With selective disclosure it is the same.
    let sd = issued_sd(None);
    let read = UnverifiedCredential::parse_sd(&sd).unwrap();
    let refused = read.verify(other.public_key(), NOW).unwrap_err();
    assert_eq!(refused.flaws(), [Flaw::SignatureWrong], "sd_signed_with_other_key");
    let disclosure = sd.split('~').nth(1).unwrap();
    let doubled = format!("{sd}{disclosure}~");
    let error = ParseError::SdJwt(SdError::Disclosure(sd_jwt::DisclosureError::Duplicate));
    assert_eq!(UnverifiedCredential::parse_sd(&doubled).map(drop), Err(error), "duplicate_disclosure");
    let orphan = BASE64.encode(r#"["salt","validUntil","2099-01-01T00:00:00Z"]"#);
    let error = ParseError::SdJwt(SdError::Disclosure(sd_jwt::DisclosureError::Orphan));
    assert_eq!(
        UnverifiedCredential::parse_sd(&format!("{sd}{orphan}~")).map(drop),
        Err(error),
        "orphan_disclosure"
    );
    assert!(vc_issuance().valid_until.is_some());
    let typed = jws::sign(&Header::typed("vc+jwt"), &payload(), &right).unwrap();
    UnverifiedCredential::parse(&typed).unwrap().verify(right.public_key(), NOW).unwrap();
}

/// The presentation of [`presenting`], changed before its holder signed it.
fn presentation(
    kid: Option<&str>,
    change: impl FnOnce(&mut Value),
) -> Result<UnverifiedPresentation, PresentationError> {
    let holder = crate::support::vc_holder();
    let mut payload = read_payload(&presenting(&holder).prepare().unwrap().sign(&holder_key()).unwrap());
    change(&mut payload);
    let header = Header { kid: kid.map(str::to_owned), ..Header::typed("vp+jwt") };
    UnverifiedPresentation::parse(&jws::sign(&header, &payload, &holder_key()).unwrap())
}

#[test]
fn presentations_refused() {
    let kid = crate::support::vc_holder().verification_method;
    let read = |change: fn(&mut Value)| presentation(Some(&kid), change);
    let claim = |name| PresentationError::Parse(ParseError::ClaimWrong(name));
    for (name, outcome, error) in [
        ("iss_not_the_holder", read(|p| p["iss"] = json!("did:key:zOther")), claim("iss")),
        (
            "jti_not_the_id",
            read(|p| {
                p["id"] = json!("urn:a");
                p["jti"] = json!("urn:b");
            }),
            claim("jti"),
        ),
        ("holder_a_number", read(|p| p["holder"] = json!(1)), claim("holder")),
        ("too_many_credentials", read(|p| fill(p, 17)), PresentationError::TooMany),
    ] {
        assert_eq!(outcome.map(drop), Err(error), "{name}");
    }
    assert_eq!(read(|p| fill(p, 16)).unwrap().credentials().len(), 16);

    let flaws = |presentation: UnverifiedPresentation| {
        let checked = presentation.check(&expect()).flaws().to_vec();
        assert_eq!(
            presentation.verify(&expect()).map(drop).map_err(|r| r.flaws().to_vec()),
            match &*checked {
                [] => Ok(()),
                flaws => Err(flaws.to_vec()),
            }
        );
        checked
    };
    let good = read(|_| {}).unwrap();
    assert_eq!(good.dangerous_members()["nonce"], json!(crate::support::NONCE));
    assert_eq!(
        good.check_signature(key(1, Algorithm::EdDsa).public_key(), NOW).flaws(),
        [Flaw::KeyBindingSignatureWrong]
    );
    assert_eq!(
        good.check_signature(key(1, Algorithm::Es256).public_key(), NOW).flaws(),
        [Flaw::KeyBindingTypeWrong]
    );
    assert_eq!(flaws(good), []);
    let named = |holder: &str| {
        let mut holder = Some(json!(holder));
        presentation(Some(&kid), |p| {
            p["holder"] = holder.take().unwrap();
            p.as_object_mut().unwrap().remove("iss");
        })
    };
    // The key is the named holder's: it is asked for by whoever looks the holder up elsewhere, and here.
    let other = named("did:web:other.example").unwrap();
    assert_eq!(other.check_signature(holder_key().public_key(), NOW).flaws(), [Flaw::HolderIsAnother]);
    // Seen twice: it is not whose key the token names, and not who made it.
    assert_eq!(flaws(other), [Flaw::HolderIsAnother; 2], "holder_names_another");
    assert_eq!(flaws(presentation(None, |_| {}).unwrap()), [Flaw::NotBound], "kid_missing");
    let resolved = presentation(Some("did:web:a.example#1"), |_| {}).unwrap();
    assert_eq!(flaws(resolved), [Flaw::NotBound], "kid_to_be_looked_up");
}

fn fill(presentation: &mut Value, count: usize) {
    let one = presentation["verifiableCredential"][0].clone();
    presentation["verifiableCredential"] = vec![one; count].into();
}
