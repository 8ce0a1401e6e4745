//! Verifying.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use credentials::envelope::Presented;
use credentials::vc_jose::{self, Form};
use credentials::{Findings, Flaw, Refused, UnixSeconds, sd_jwt, vc_cose};
use serde_json::{Map, Value, json};

use super::key::KeyFile;
use super::{Feature, Files, Outcome, Request, Unsuccessful};

/// How old a presentation may be, in seconds.
const MAX_AGE: i64 = 300;

pub(super) fn run(files: &Files, issuers: &[PathBuf], request: &Request) -> Outcome {
    let key = KeyFile::read(&files.key)?;
    let issuers = issuers.iter().map(|path| KeyFile::read(path)).collect::<Result<Vec<_>, _>>()?;
    let input = files.input()?;
    let now = files.now()?;
    let expected = request.nonce.as_deref().zip(request.audience.as_deref());
    match files.feature {
        Feature::CredentialJose => credential(&input, Form::Jwt, &key, None, now),
        Feature::CredentialSdJwt => credential(&input, Form::SdJwt, &key, expected, now),
        Feature::CredentialCose => {
            let credential =
                vc_cose::UnverifiedCredential::parse(&bytes(&input)?).map_err(Unsuccessful::refused)?;
            let verified = credential.verify(&key.public, now).map_err(|refused| flaws(&refused))?;
            Ok(Value::Object(verified.members().clone()))
        }
        Feature::PresentationJose => presentation(&input, Form::Jwt, &key, &issuers, expected, now),
        Feature::PresentationSdJwt => presentation(&input, Form::SdJwt, &key, &issuers, expected, now),
        Feature::PresentationCose => {
            let presentation =
                vc_cose::UnverifiedPresentation::parse(&bytes(&input)?).map_err(Unsuccessful::refused)?;
            presentation.check_signature(&key.public).map_err(Unsuccessful::refused)?;
            let members = presentation.dangerous_members().clone();
            if let Some((nonce, audience)) = expected {
                let expect = vc_cose::Expect { nonce, audience, now, max_age: MAX_AGE };
                presentation.verify(&expect).map_err(|refused| flaws(&refused))?;
            }
            let inside = inside(&members)?;
            report(&members, &inside, &issuers, now)
        }
    }
}

fn credential(
    text: &str,
    form: Form,
    key: &KeyFile,
    expected: Option<(&str, &str)>,
    now: UnixSeconds,
) -> Outcome {
    let credential = vc_jose::UnverifiedCredential::parse_as(text, form).map_err(Unsuccessful::refused)?;
    let verified = match expected {
        None => credential.verify(&key.public, now),
        Some((nonce, audience)) => {
            let expect = sd_jwt::Expect { audience, nonce, now, max_age: MAX_AGE };
            credential.verify_presented(&key.public, &expect)
        }
    };
    Ok(Value::Object(verified.map_err(|refused| flaws(&refused))?.members().clone()))
}

fn presentation(
    text: &str,
    form: Form,
    key: &KeyFile,
    issuers: &[KeyFile],
    expected: Option<(&str, &str)>,
    now: UnixSeconds,
) -> Outcome {
    let presentation =
        vc_jose::UnverifiedPresentation::parse_as(text, form).map_err(Unsuccessful::refused)?;
    passed(&presentation.check_signature(&key.public, now))?;
    if let Some((nonce, audience)) = expected {
        let expect = vc_jose::Expect { nonce, audience, now, max_age: MAX_AGE };
        passed(&presentation.check(&expect))?;
    }
    report(presentation.dangerous_members(), presentation.credentials(), issuers, now)
}

/// What a COSE presentation holds, each read as what it is.
fn inside(members: &Map<String, Value>) -> Result<Vec<Presented>, Unsuccessful> {
    let list = match members.get("verifiableCredential") {
        None => &[],
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    list.iter().map(Presented::read).collect::<Result<_, _>>().map_err(Unsuccessful::refused)
}

/// The presentation, and of each credential inside whether it was verified; with issuers' keys at hand, each must be.
fn report(
    members: &Map<String, Value>,
    inside: &[Presented],
    issuers: &[KeyFile],
    now: UnixSeconds,
) -> Outcome {
    let mut credentials = Vec::new();
    for credential in inside {
        let issuer = credential.issuer();
        let key = issuers.iter().find(|key| key.is_named(credential.key_id(), issuer));
        match key {
            Some(key) => passed(&credential.check(&key.public, now))?,
            None if !issuers.is_empty() => {
                return Err(Unsuccessful::Refused(format!("no key is given for a credential of {issuer}")));
            }
            None => {}
        }
        credentials.push(json!({ "issuer": issuer, "verified": key.is_some() }));
    }
    Ok(json!({ "presentation": members, "credentials": credentials }))
}

fn bytes(text: &str) -> Result<Vec<u8>, Unsuccessful> {
    BASE64.decode(text).map_err(|_| Unsuccessful::Refused("not base64".to_owned()))
}

fn passed(findings: &Findings) -> Result<(), Unsuccessful> {
    if findings.flaws().is_empty() { Ok(()) } else { Err(Unsuccessful::Refused(names(findings.flaws()))) }
}

pub(super) fn flaws(refused: &Refused) -> Unsuccessful {
    Unsuccessful::Refused(names(refused.flaws()))
}

/// `expired, nonce_wrong`.
fn names(flaws: &[Flaw]) -> String {
    flaws.iter().map(|flaw| flaw.id()).collect::<Vec<_>>().join(", ")
}
