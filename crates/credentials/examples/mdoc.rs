//! mdocs at the edge of a shell: makes one, or checks one that another made.
//!
//! `mdoc make NOW` writes a synthetic licence as JSON: `root` and `certificate` (DER), `issued` (`IssuerSigned`), `response`
//! (`DeviceResponse`), `transcript` (`SessionTranscript`), `signer` and `device` (the secret scalars of the two keys, so that
//! another party can issue and present too), all base64url. `NOW` is in seconds.
//!
//! `mdoc check` reads `root`, `response`, `transcript`, `doc_type` and `now` from standard input, and writes either
//! `claims` or `flaws`.

use std::error::Error;
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::UnixSeconds;
use credentials::cbor::{self, Value};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use credentials::mdoc::{
    DeviceResponse, Expect, Issuance, MDL, MDL_NAMESPACE, SessionTranscript, Trust, Unverified,
};
use credentials::x509::{Certificate, Certifying, MDOC_SIGNER};
use serde_json::{Value as Json, json};

const USAGE: &str = "usage: mdoc make NOW | mdoc check < JSON";

fn main() -> Result<(), Box<dyn Error>> {
    let answer = match std::env::args().nth(1).as_deref() {
        Some("make") => make(UnixSeconds(std::env::args().nth(2).ok_or(USAGE)?.parse()?))?,
        Some("check") => {
            let mut text = Vec::new();
            std::io::stdin().read_to_end(&mut text)?;
            check(&serde_json::from_slice(&text)?)?
        }
        _ => return Err(USAGE.into()),
    };
    println!("{answer}");
    Ok(())
}

fn make(now: UnixSeconds) -> Result<Json, Box<dyn Error>> {
    let rng = &mut testkit::rng(1);
    let [root, signer, device] = [0; 3].map(|_| SoftwareKey::generate(Algorithm::Es256, rng));
    let names = ["C=CN,CN=Synthetic Root", "C=CN,CN=Synthetic Signer"];
    let certifying = Certifying {
        issuer: names[0],
        subject: names[1],
        uri: Some("did:hui:anhui:zIssuer#key-2"),
        serial: &[1; 16],
        from: now.plus(-86_400),
        until: now.plus(86_400 * 365),
        purpose: Some(MDOC_SIGNER),
    };
    let own = Certifying { subject: names[0], uri: None, purpose: None, ..certifying.clone() };
    let root_certificate = own.sign(root.public_key(), &root)?;
    let certificate = certifying.sign(signer.public_key(), &root)?;
    let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    let elements = vec![
        text("family_name", "张"),
        text("given_name", "三"),
        ("birth_date".to_owned(), Value::tagged(1004, "1990-01-01".into())),
        text("document_number", "340100000001"),
        ("age_over_18".to_owned(), true.into()),
    ];
    let issuance = Issuance {
        doc_type: MDL.to_owned(),
        name_spaces: vec![(MDL_NAMESPACE.to_owned(), elements)],
        device_key: device.public_key().clone(),
        signed: now,
        valid_from: now,
        valid_until: now.plus(86_400 * 30),
        status: None,
        x5chain: vec![certificate.clone()],
    };
    let issued = issuance.sign(&signer, rng)?;
    let session = SessionTranscript::openid4vp(
        "x509_san_dns:counter.example",
        "n-0S6_WzA2Mj",
        None,
        "https://counter.example/response",
    );
    let chosen = [(MDL_NAMESPACE, "family_name"), (MDL_NAMESPACE, "age_over_18")];
    let response = Unverified::parse(&issued)?.select(&chosen)?.bind(&session).sign(&device)?;
    Ok(json!({
        "root": BASE64.encode(root_certificate),
        "certificate": BASE64.encode(certificate),
        "signer": BASE64.encode(signer.to_secret_bytes()),
        "device": BASE64.encode(device.to_secret_bytes()),
        "issued": BASE64.encode(issued),
        "response": BASE64.encode(response),
        "transcript": BASE64.encode(session.encode()),
    }))
}

fn check(input: &Json) -> Result<Json, Box<dyn Error>> {
    let text = |name: &str| input[name].as_str().ok_or_else(|| format!("{name} is missing"));
    let bytes = |name: &str| Ok::<_, Box<dyn Error>>(BASE64.decode(text(name)?)?);
    let transcript = cbor::encode(&Value::encoded(bytes("transcript")?));
    let transcript = SessionTranscript::parse(&transcript)?;
    let expect = Expect {
        doc_type: text("doc_type")?,
        transcript: &transcript,
        reader: None,
        now: UnixSeconds(input["now"].as_i64().ok_or("now is missing")?),
    };
    let anchors = [Certificate::parse(&bytes("root")?)?];
    let mut response = DeviceResponse::parse(&bytes("response")?)?;
    let document = response.documents.pop().ok_or("no document")?;
    Ok(match document.verify(Trust::Anchors(&anchors), &expect) {
        Ok(verified) => json!({ "claims": verified.claims() }),
        Err(refused) => json!({ "flaws": refused.flaws() }),
    })
}
