//! Every place in a credential, and in what secures it, where an address can stand.

use credentials::data_integrity::{ProofOptions, Purpose, secure};
use credentials::jws::{self, Header};
use credentials::key::SoftwareKey;
use serde_json::{Map, Value, json};

use crate::{now, signed_again};

/// Puts an address into a token: its header, its claims.
pub(crate) type InToken = fn(&mut Header, &mut Value, &str);
/// Puts an address into a document: its members, its proof.
pub(crate) type InDocument = fn(&mut Value, &mut ProofOptions, &str);

/// Of an SD-JWT VC, each by its name.
pub(crate) fn tokens() -> Vec<(&'static str, InToken)> {
    vec![
        ("jku", |header, _, url| say(header, "jku", url)),
        ("x5u", |header, _, url| say(header, "x5u", url)),
        ("vctm", |header, _, url| drop(header.other.insert("vctm".into(), json!([url])))),
        ("kid", |header, _, url| header.kid = Some(format!("{url}#key"))),
        ("kid_did_web", |header, _, url| header.kid = Some(format!("{}#key", did_web(url)))),
        ("iss", |_, claims, url| claims["iss"] = url.into()),
        ("iss_did_web", |header, claims, url| {
            claims["iss"] = did_web(url).into();
            header.kid = Some(format!("{}#key", did_web(url)));
        }),
        ("vct", |_, claims, url| claims["vct"] = url.into()),
        ("vct_integrity", |_, claims, url| {
            claims["vct"] = url.into();
            claims["vct#integrity"] = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".into();
        }),
        ("vct_extends", |_, claims, url| claims["extends"] = url.into()),
        ("status_list", |_, claims, url| claims["status"]["status_list"] = json!({"idx": 1, "uri": url})),
        ("status_list_alone", |_, claims, url| {
            claims["status"] = json!({"status_list": {"idx": 1, "uri": url}});
        }),
        ("cnf", |_, claims, url| {
            claims["cnf"]["jku"] = url.into();
            claims["cnf"]["kid"] = url.into();
        }),
        ("sub", |_, claims, url| claims["sub"] = url.into()),
        ("jti", |_, claims, url| claims["jti"] = url.into()),
        ("schema", |_, claims, url| claims["credentialSchema"] = schema(url)),
        ("terms_of_use", |_, claims, url| claims["termsOfUse"] = terms(url)),
        ("evidence", |_, claims, url| claims["evidence"] = evidence(url)),
        ("refresh_service", |_, claims, url| claims["refreshService"] = refresh(url)),
        ("picture", |_, claims, url| claims["picture"] = url.into()),
    ]
}

/// Of a W3C credential with a proof, each by its name.
pub(crate) fn documents() -> Vec<(&'static str, InDocument)> {
    vec![
        ("context", |vc, _, url| list(vc, "@context").push(url.into())),
        ("context_imported", |vc, _, url| list(vc, "@context").push(json!({"@import": url}))),
        ("context_alone", |vc, _, url| vc["@context"] = url.into()),
        ("id", |vc, _, url| vc["id"] = url.into()),
        ("type", |vc, _, url| list(vc, "type").push(url.into())),
        ("issuer", |vc, _, url| vc["issuer"] = url.into()),
        ("issuer_did_web", |vc, proof, url| {
            vc["issuer"] = did_web(url).into();
            proof.verification_method = format!("{}#key", did_web(url));
        }),
        ("issuer_image", |vc, _, url| {
            let id = vc["issuer"].as_str().map_or_else(|| vc["issuer"]["id"].clone(), Value::from);
            vc["issuer"] = json!({"id": id, "image": url, "logo": {"id": url}, "url": url});
        }),
        ("subject", |vc, _, url| vc["credentialSubject"]["id"] = url.into()),
        ("subject_did_web", |vc, _, url| vc["credentialSubject"]["id"] = did_web(url).into()),
        ("schema", |vc, _, url| vc["credentialSchema"] = schema(url)),
        ("terms_of_use", |vc, _, url| vc["termsOfUse"] = terms(url)),
        ("evidence", |vc, _, url| vc["evidence"] = evidence(url)),
        ("refresh_service", |vc, _, url| vc["refreshService"] = refresh(url)),
        ("render_method", |vc, _, url| {
            vc["renderMethod"] = json!({"type": "TemplateRenderMethod", "id": url});
        }),
        ("related_resource", |vc, _, url| {
            let digest = "sha384-MzNNbQTWCSUSi0bbz7dbua+RcENv7C6FvlmYJ1Y+I727HsPOHdzwELMYO9Mz68M26";
            vc["relatedResource"] = json!([{"id": url, "digestSRI": digest}]);
        }),
        ("status_list", |vc, _, url| {
            let status = &mut vc["credentialStatus"];
            match status {
                Value::Array(all) => all.iter_mut().for_each(|one| one["statusListCredential"] = url.into()),
                one => one["statusListCredential"] = url.into(),
            }
        }),
        ("status_list_alone", |vc, _, url| {
            vc["credentialStatus"] = json!({"id": format!("{url}#1"), "type": "BitstringStatusListEntry",
                "statusPurpose": "revocation", "statusListIndex": "1", "statusListCredential": url});
        }),
        ("verification_method", |_, proof, url| proof.verification_method = format!("{url}#key")),
        ("proof_domain", |_, proof, url| proof.domain = Some(url.to_owned())),
    ]
}

/// The SD-JWT VC with an address in it, signed anew.
pub(crate) fn token(credential: &str, put: InToken, url: &str, signer: &SoftwareKey) -> String {
    signed_again(credential, signer, |header, claims| put(header, claims, url))
}

/// The W3C credential with an address in it, signed anew.
pub(crate) fn document(credential: &Value, put: InDocument, url: &str, signer: &SoftwareKey) -> Value {
    let (members, proof) = with(credential, put, url);
    secure(members, proof, signer).expect("signed")
}

/// The same in a token as VC-JOSE-COSE has it, in an envelope, with an address in the header too; `kid` names the signer.
pub(crate) fn enveloped(
    credential: &Value,
    put: InDocument,
    url: &str,
    (kid, signer): (&str, &SoftwareKey),
) -> Value {
    let (mut members, proof) = with(credential, put, url);
    members.insert("iat".to_owned(), now().0.into());
    // Where the bait is another key, the token names that one too.
    let own = credential["proof"]["verificationMethod"].as_str();
    let kid = if own == Some(&proof.verification_method) { kid } else { &proof.verification_method };
    let mut header = Header::typed("vc+jwt").with_kid(kid);
    say(&mut header, "jku", url);
    say(&mut header, "x5u", url);
    let token = jws::sign(&header, &members, signer).expect("signed");
    json!({
        "@context": "https://www.w3.org/ns/credentials/v2",
        "type": "EnvelopedVerifiableCredential",
        "id": format!("data:application/vc+jwt,{token}"),
    })
}

fn with(credential: &Value, put: InDocument, url: &str) -> (Map<String, Value>, ProofOptions) {
    let mut credential = credential.clone();
    let proof = credential.as_object_mut().expect("an object").remove("proof").expect("a proof");
    let mut options = ProofOptions {
        verification_method: proof["verificationMethod"].as_str().expect("a key").to_owned(),
        purpose: Purpose::AssertionMethod,
        created: Some(now()),
        expires: None,
        challenge: None,
        domain: None,
    };
    put(&mut credential, &mut options, url);
    let Value::Object(members) = credential else { panic!("an object") };
    (members, options)
}

/// The `did:web` whose document would be at this address's host.
pub(crate) fn did_web(url: &str) -> String {
    let host = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).expect("a host");
    format!("did:web:{}", host.replace(':', "%3A"))
}

fn say(header: &mut Header, name: &str, url: &str) {
    header.other.insert(name.to_owned(), url.into());
}

fn list<'v>(value: &'v mut Value, name: &str) -> &'v mut Vec<Value> {
    value[name].as_array_mut().expect("a list")
}

fn schema(url: &str) -> Value {
    json!({"id": url, "type": "JsonSchema"})
}

fn terms(url: &str) -> Value {
    json!([{"id": url, "type": "TrustFrameworkPolicy", "policyId": url}])
}

fn evidence(url: &str) -> Value {
    json!([{"id": url, "type": ["DocumentVerification"], "evidenceDocument": url}])
}

fn refresh(url: &str) -> Value {
    json!({"id": url, "type": "VerifiableCredentialRefreshService2021", "url": url})
}
