//! Showing a choice of claims.

use credentials::vc_jose::UnverifiedCredential;

use super::key::KeyFile;
use super::path::paths;
use super::{Feature, Files, Outcome, Request, Unsuccessful};

pub(super) fn run(files: &Files, show: &str, request: &Request) -> Outcome {
    if files.feature != Feature::CredentialSdJwt {
        return Err(Unsuccessful::Unreadable("only credential_sdjwt has something to choose".to_owned()));
    }
    let key = KeyFile::read(&files.key)?;
    let credential = UnverifiedCredential::parse_sd(&files.input()?).map_err(Unsuccessful::refused)?;
    let Some(token) = credential.sd_jwt() else {
        return Err(Unsuccessful::Refused("no claims to choose from".to_owned()));
    };
    let selection = token.select(&paths("--show", show)?).map_err(Unsuccessful::refused)?;
    let (Some(nonce), Some(audience)) = (&request.nonce, &request.audience) else {
        return Ok(selection.text().into());
    };
    let to_bind = selection.bind(audience, nonce, files.now()?).map_err(Unsuccessful::refused)?;
    Ok(to_bind.sign(key.signer()?).map_err(Unsuccessful::refused)?.into())
}
