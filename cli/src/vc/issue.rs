//! Securing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use credentials::json;
use credentials::sd_jwt::{Concealing, Hash};
use credentials::vc_jose::{self, Document};
use credentials::{key::Signer as _, vc_cose};
use rand_core::OsRng;
use serde_json::{Map, Value};

use super::key::KeyFile;
use super::path::paths;
use super::{Feature, Files, HashName, Outcome, Unsuccessful};

pub(super) fn run(files: &Files, sd: Option<&str>, decoys: usize, hash: HashName) -> Outcome {
    let key = KeyFile::read(&files.key)?;
    let document = document(&files.input()?)?;
    let disclosable = sd.map(|sd| paths("--sd", sd)).transpose()?.unwrap_or_default();
    let hash = match hash {
        HashName::Sha256 => Hash::Sha256,
        HashName::Sha384 => Hash::Sha384,
        HashName::Sha512 => Hash::Sha512,
    };
    let concealing = Concealing { disclosable: &disclosable, hash, decoys, inner_decoys: decoys };
    let secured = match files.feature {
        Feature::CredentialJose => jose(Document::Credential, document, &key)?,
        Feature::PresentationJose => jose(Document::Presentation, document, &key)?,
        Feature::CredentialSdJwt => sd_jwt(Document::Credential, document, &concealing, &key)?,
        Feature::PresentationSdJwt => sd_jwt(Document::Presentation, document, &concealing, &key)?,
        Feature::CredentialCose => cose(vc_cose::Document::Credential, document, &key)?,
        Feature::PresentationCose => cose(vc_cose::Document::Presentation, document, &key)?,
    };
    Ok(secured.into())
}

fn document(text: &str) -> Result<Map<String, Value>, Unsuccessful> {
    match json::parse(text.as_bytes()) {
        Ok(Value::Object(document)) => Ok(document),
        Ok(_) => Err(Unsuccessful::Refused("the input is no JSON object".to_owned())),
        Err(error) => Err(Unsuccessful::refused(error)),
    }
}

fn jose(kind: Document, document: Map<String, Value>, key: &KeyFile) -> Result<String, Unsuccessful> {
    let signer = key.signer()?;
    let prepared = vc_jose::secure(kind, document, key.name(), signer.public_key());
    prepared.map_err(Unsuccessful::refused)?.sign(signer).map_err(Unsuccessful::refused)
}

fn sd_jwt(
    kind: Document,
    document: Map<String, Value>,
    concealing: &Concealing<'_>,
    key: &KeyFile,
) -> Result<String, Unsuccessful> {
    let signer = key.signer()?;
    let (name, public) = (key.name(), signer.public_key());
    let prepared = vc_jose::secure_sd(kind, document, name, concealing, public, &mut OsRng);
    prepared.map_err(Unsuccessful::refused)?.sign(signer).map_err(Unsuccessful::refused)
}

fn cose(
    kind: vc_cose::Document,
    document: Map<String, Value>,
    key: &KeyFile,
) -> Result<String, Unsuccessful> {
    let signer = key.signer()?;
    let prepared = vc_cose::secure(kind, document, key.name(), signer.public_key());
    let message = prepared.map_err(Unsuccessful::refused)?.sign(signer).map_err(Unsuccessful::refused)?;
    Ok(BASE64.encode(message))
}
