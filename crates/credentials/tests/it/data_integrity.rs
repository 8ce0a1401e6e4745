//! Data Integrity in JCS form: the W3C vectors, and our own credentials and presentations.

use credentials::data_integrity::{
    Prepared, ProofOptions, Purpose, UnverifiedCredential, UnverifiedPresentation, secure,
};
use credentials::key::{Algorithm, SelfContained, SignatureRefused, Signer, SoftwareKey};
use credentials::{CheckName, Outcome, UnixSeconds, json};
use serde_json::{Map, Value, json};

use crate::bulk::vectors;
use crate::support::{
    MAX_AGE, NOW, bytes, expect, issuer, key, licence, presenting, status, vc_holder, vc_issuance, vc_issued,
    vp_presented,
};

/// The unsigned credential of EdDSA cryptosuites 1.0 §B.1 and ECDSA cryptosuites 1.0 §A.
fn unsigned() -> Map<String, Value> {
    let document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "AlumniCredential"],
        "name": "Alumni Credential",
        "description": "A minimum viable example of an Alumni Credential.",
        "issuer": "https://vc.example/issuers/5678",
        "validFrom": "2023-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"}
    });
    document.as_object().unwrap().clone()
}

fn options(key: &SelfContained) -> ProofOptions {
    ProofOptions {
        verification_method: key.verification_method.clone(),
        purpose: Purpose::AssertionMethod,
        created: Some(UnixSeconds::parse_rfc3339("2023-02-24T23:36:38Z").unwrap()),
        expires: None,
        challenge: None,
        domain: None,
    }
}

/// EdDSA cryptosuites 1.0 §B.3, `eddsa-jcs-2022`: the seed there gives the proof value there.
#[test]
fn w3c_eddsa_jcs_2022_is_issued_byte_for_byte() {
    let seed = bs58::decode("3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq").into_vec().unwrap();
    assert_eq!(seed[..2], [0x80, 0x26], "multicodec ed25519-priv");
    let key = SoftwareKey::from_secret_bytes(Algorithm::EdDsa, &seed[2..]).unwrap();
    let did = key.public_key().did_key();
    assert_eq!(did.did, "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2");

    let prepared = Prepared::new(unsigned(), options(&did), key.public_key()).unwrap();
    assert_eq!(
        hex::encode(prepared.bytes()),
        "66ab154f5c2890a140cb8388a22a160454f80575f6eae09e5a097cabe539a1db\
         59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19"
    );
    let secured = prepared.sign(&key).unwrap();
    assert_eq!(
        secured["proof"]["proofValue"],
        "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"
    );
    let read = UnverifiedCredential::parse(&bytes(&secured)).unwrap();
    assert_eq!(read.check_proof(key.public_key()), Ok(()));
}

/// ECDSA cryptosuites 1.0 §A, `ecdsa-jcs-2019` on P-256: the proof value there verifies. Its `s` is in the upper
/// half; ours never are.
#[test]
fn w3c_ecdsa_jcs_2019_verifies() {
    let did = SelfContained::parse("did:key:zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP").unwrap();
    let mut document = unsigned();
    let signature =
        "z5ptCet75SaEgzG4v4zJhbJtfNi74Wv7Fq15hhKouJQQjEPQvPZKaYxcMXAMLPQS2FXrkCWokNJkFVkwxNzZfD5oT";
    document.insert(
        "proof".to_owned(),
        json!({
            "type": "DataIntegrityProof",
            "cryptosuite": "ecdsa-jcs-2019",
            "created": "2023-02-24T23:36:38Z",
            "verificationMethod": did.verification_method,
            "proofPurpose": "assertionMethod",
            "@context": document["@context"],
            "proofValue": signature,
        }),
    );
    let credential = UnverifiedCredential::read(Value::Object(document)).unwrap();
    assert_eq!(credential.check_proof(&did.key), Ok(()));
    assert!(credential.check_proof(key(1, Algorithm::Es256).public_key()).is_err());
}

/// The files of the W3C test vectors, canonical forms and hashes included.
#[test]
fn w3c_files() {
    for (folder, suffix) in
        [("vc-di-eddsa/eddsa-jcs-2022", "JCS"), ("vc-di-ecdsa/ecdsa-jcs-2019-p256", "JCSECDSAP256")]
    {
        let Some(folder) = vectors(folder) else { return };
        let read =
            |name: &str, end: &str| std::fs::read(folder.join(format!("{name}{suffix}.{end}"))).unwrap();
        let secured = json::parse(&read("signed", "json")).unwrap();
        let mut document = secured.clone();
        document.as_object_mut().unwrap().remove("proof").unwrap();
        assert_eq!(json::canonical(&document), read("canonDoc", "txt"));
        let config = json::parse(&read("proofConfig", "json")).unwrap();
        assert_eq!(json::canonical(&config), read("proofCanon", "txt"));
        let credential = UnverifiedCredential::read(secured).unwrap();
        let signer = SelfContained::parse(credential.verification_method()).unwrap();
        let prepared =
            Prepared::new(document.as_object().unwrap().clone(), options(&signer), &signer.key).unwrap();
        assert_eq!(hex::encode(prepared.bytes()).into_bytes(), read("combinedHash", "txt"));
        credential.check_proof(&signer.key).unwrap();
    }
}

#[test]
fn issued_and_verified() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let issued = vc_issued(algorithm);
        assert_eq!(issued, vc_issued(algorithm), "issuing is deterministic");
        let unverified = UnverifiedCredential::parse(&bytes(&issued)).unwrap();
        assert_eq!(unverified.issuer(), "did:hui:anhui:zIssuer");
        assert_eq!(unverified.verification_method(), "did:hui:anhui:zIssuer#key-1");
        let verified = unverified.verify(issuer(algorithm).public_key(), NOW).unwrap();
        assert_eq!(verified.types(), ["VerifiableCredential", "BusinessLicence"]);
        assert_eq!(verified.subject()["creditCode"], licence().0["creditCode"]);
        assert_eq!(verified.subject_ids().collect::<Vec<_>>(), [Some(vc_holder().did.as_str())]);
        assert_eq!(verified.valid_until(), Some(NOW.plus(86_400)));
        let found = verified.status().unwrap();
        assert_eq!((&found.registry, &found.bitstring), (&status().registry, &status().bitstring));
        let outcomes: Vec<_> = verified.findings().checks().collect();
        assert_eq!(
            outcomes,
            [(CheckName::IssuerSignature, Outcome::Passed), (CheckName::Validity, Outcome::Passed)]
        );
        assert!(!format!("{verified:?}").contains("合肥"), "Debug shows no claims");
    }
}

#[test]
fn issued_in_two_stages() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let key = issuer(algorithm);
        let prepared = vc_issuance().prepare(key.public_key()).unwrap();
        let signature = key.sign(prepared.bytes()).unwrap();
        assert_eq!(prepared.clone().finish(&signature).unwrap(), vc_issued(algorithm));
        assert_eq!(prepared.finish(&[1; 64]), Err(SignatureRefused));
    }
}

#[test]
fn presented_and_verified() {
    let text = bytes(&vp_presented());
    let unverified = UnverifiedPresentation::parse(&text).unwrap();
    assert_eq!(unverified.credentials()[0].issuer(), "did:hui:anhui:zIssuer");
    let verified = unverified.verify(&expect()).unwrap();
    assert_eq!(verified.holder(), vc_holder().did);
    assert_eq!(verified.holder_key(), key(2, Algorithm::EdDsa).public_key());
    for name in [CheckName::HolderBinding, CheckName::Nonce, CheckName::Audience] {
        assert_eq!(verified.findings().outcome(name), Outcome::Passed);
    }
    assert_eq!(verified.findings().outcome(CheckName::IssuerSignature), Outcome::Unknown);
    let credential = verified.into_credentials().remove(0);
    credential.verify(issuer(Algorithm::EdDsa).public_key(), NOW).unwrap();
}

/// A phone's P-256 key, as `did:jwk`, signs the presentation with the other suite.
#[test]
fn presented_with_a_hardware_key() {
    let key = key(2, Algorithm::Es256);
    let holder = key.public_key().did_jwk();
    let issued = Value::clone(
        &{
            let mut i = vc_issuance();
            i.holder = Some(holder.did.clone());
            i
        }
        .sign(&issuer(Algorithm::EdDsa))
        .unwrap(),
    );
    let prepared = presenting(vec![issued], &holder).prepare().unwrap();
    let signature = key.sign(prepared.bytes()).unwrap();
    let presentation = prepared.finish(&signature).unwrap();
    let read = UnverifiedPresentation::parse(&bytes(&presentation)).unwrap();
    assert_eq!(read.verify(&expect()).unwrap().holder(), holder.did);
}

#[test]
fn times_at_their_ends() {
    let credential = UnverifiedCredential::read(vc_issued(Algorithm::EdDsa)).unwrap();
    let key = issuer(Algorithm::EdDsa);
    let valid = |at: i64| credential.check(key.public_key(), NOW.plus(at)).flaws().is_empty();
    // Clocks may differ by 60 seconds.
    assert!(valid(-60) && !valid(-61));
    assert!(valid(86_400 + 59) && !valid(86_400 + 60));
    let presentation = UnverifiedPresentation::read(vp_presented()).unwrap();
    let fresh = |at: i64| {
        let expect = credentials::Expect { now: NOW.plus(at), ..expect() };
        presentation.check(&expect).flaws().is_empty()
    };
    assert!(fresh(-60) && !fresh(-61));
    assert!(fresh(MAX_AGE) && !fresh(MAX_AGE + 1));
}

/// An issuer may write one subject as an array, one proof as an array, and itself as an object.
#[test]
fn other_spellings_of_the_same() {
    let key = issuer(Algorithm::EdDsa);
    let mut document = unsigned();
    document.insert("issuer".to_owned(), json!({"id": "did:hui:anhui:zIssuer", "name": "Example"}));
    document.insert("credentialSubject".to_owned(), json!([{"id": "did:example:a"}, {"x": 1}]));
    let mut options = options(&vc_holder());
    options.verification_method = "did:hui:anhui:zIssuer#key-1".to_owned();
    let mut secured = secure(document, options, &key).unwrap();
    let proof = secured["proof"].take();
    secured["proof"] = json!([proof]);
    let verified = UnverifiedCredential::read(secured).unwrap().verify(key.public_key(), NOW).unwrap();
    assert_eq!(verified.subject_ids().collect::<Vec<_>>(), [Some("did:example:a"), None]);
    assert_eq!(verified.subject(), &json!({"id": "did:example:a"}));
}
