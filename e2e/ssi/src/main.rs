//! ssi's own verification of credentials that were made elsewhere, timed.
//!
//! One JSON object a line on standard input ([`Given`]), one a line on standard output: `{"us": 2104.3}`, the median of one verification
//! from the text on, or `{"refused": "…"}` when ssi does not take it, and nothing was timed.

use std::collections::HashMap;
use std::fmt::Display;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use futures::executor::block_on;
use iref::IriBuf;
use json_syntax::Parse as _;
use serde::Deserialize;
use serde_json::{Value, json};
use ssi_claims_core::VerificationParameters;
use ssi_data_integrity::AnyDataIntegrity;
use ssi_json_ld::ContextLoader;
use ssi_jwk::JWK;
use ssi_sd_jwt::SdJwt;
use ssi_verification_methods::AnyMethod;

/// So many verifications between two looks at the clock.
const IN_A_ROW: u32 = 5;
/// At least so many looks.
const LEAST: usize = 5;

/// A credential to be verified, and for how long.
#[derive(Deserialize)]
struct Given {
    /// The credential as it is sent.
    text: String,
    seconds: f64,
    #[serde(flatten)]
    form: Form,
}

#[derive(Deserialize)]
#[serde(tag = "form", rename_all = "kebab-case")]
enum Form {
    /// W3C Data Integrity: the issuer's verification method, its key as Multikey, contexts by URL.
    Proof { method: String, multikey: String, contexts: HashMap<String, String> },
    /// `vc+jwt`, by the issuer's key.
    Jwt { key: JWK },
    /// SD-JWT with key binding: the issuer's key and the holder's.
    SdJwt { key: JWK, holder: JWK },
}

fn main() {
    for line in std::io::stdin().lock().lines() {
        let answer = match line.map_err(said).and_then(|line| timed(&line)) {
            Ok(us) => json!({ "us": us }),
            Err(refused) => json!({ "refused": refused }),
        };
        let mut out = std::io::stdout().lock();
        if writeln!(out, "{answer}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// The median of one verification, in microseconds.
fn timed(line: &str) -> Result<f64, String> {
    let given: Given = serde_json::from_str(line).map_err(said)?;
    let verify = verifying(given.form)?;
    verify(&given.text)?;
    let budget = Duration::try_from_secs_f64(given.seconds).map_err(said)?;
    let (start, mut each) = (Instant::now(), Vec::new());
    while each.len() < LEAST || start.elapsed() < budget {
        let begun = Instant::now();
        for _ in 0..IN_A_ROW {
            verify(black_box(&given.text))?;
        }
        each.push(begun.elapsed().as_secs_f64() * 1e6 / f64::from(IN_A_ROW));
    }
    each.sort_by(f64::total_cmp);
    Ok(each[each.len() / 2])
}

type Verifying = Box<dyn Fn(&str) -> Result<(), String>>;

fn verifying(form: Form) -> Result<Verifying, String> {
    match form {
        Form::Proof { method, multikey, contexts } => {
            let controller = method.split('#').next();
            let document = json!({ "id": method, "type": "Multikey", "controller": controller, "publicKeyMultibase": multikey });
            let key: AnyMethod = serde_json::from_value(document).map_err(said)?;
            let keys = HashMap::from([(IriBuf::new(method).map_err(said)?, key)]);
            let loader = ContextLoader::default().with_context_map_from(contexts).map_err(said)?;
            let params = VerificationParameters::from_resolver(keys).with_json_ld_loader(loader);
            Ok(Box::new(move |text| {
                let (document, _) = json_syntax::Value::parse_str(text).map_err(said)?;
                let secured: AnyDataIntegrity = json_syntax::from_value(document).map_err(said)?;
                block_on(secured.verify(&params)).map_err(said)?.map_err(said)
            }))
        }
        Form::Jwt { key } => Ok(Box::new(move |text| {
            let (_, payload) = ssi_jws::decode_verify(text, &key).map_err(said)?;
            black_box::<Value>(serde_json::from_slice(&payload).map_err(said)?);
            Ok(())
        })),
        Form::SdJwt { key, holder } => Ok(Box::new(move |text| {
            let shown = SdJwt::new(text).map_err(|_| "no SD-JWT")?;
            let issued = shown.decode_reveal_verify_any(VerificationParameters::from_resolver(&key));
            let (revealed, signed) = block_on(issued).map_err(said)?;
            black_box::<Value>(serde_json::to_value(revealed.claims()).map_err(said)?);
            signed.map_err(said)?;
            let binding = shown.decode_kb().map_err(said)?.ok_or("no key binding")?;
            block_on(binding.verify(VerificationParameters::from_resolver(&holder))).map_err(said)?.map_err(said)
        })),
    }
}

fn said(error: impl Display) -> String {
    error.to_string()
}
