//! `/credentials/verify`, `/presentations/verify`.

use credentials::UnixSeconds;
use credentials::data_integrity::{Cryptosuite, Making, Prepared, Presenting, ProofOptions, Purpose};
use credentials::jsonld::Contexts;
use credentials::key::{Algorithm, Signer, SoftwareKey};
use credentials::vc_api::{Instance, IssueRequest, Mechanism};
use registry::Status;
use serde_json::{Value, json};
use service::clock;

use crate::stack::{Card, Counter, Network, Phone, Reply, Stack};

fn now() -> UnixSeconds {
    UnixSeconds(clock::now().seconds())
}

fn key(seed: u64, algorithm: Algorithm) -> SoftwareKey {
    SoftwareKey::generate(algorithm, &mut testkit::rng(seed))
}

/// A credential about `subject`, by an issuer that is a `did:key`.
fn issued(mechanism: Mechanism, subject: &str) -> Value {
    let credential = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": subject, "name": "云帆"},
    });
    let request = IssueRequest { credential, options: Default::default() };
    let instance = Instance::from_secret(mechanism, &[40; 48]).unwrap();
    instance.issue(request, now(), Contexts::pinned(), &mut testkit::rng(41)).unwrap()
}

async fn verify(counter: &Counter, path: &str, body: &Value) -> (u16, Value) {
    let reply = Reply::read(counter.post(path, body, None).await).await;
    (reply.status, reply.body)
}

/// The flaws that an answer names.
fn flaws(answer: &Value) -> Vec<&str> {
    answer["problemDetails"].as_array().unwrap().iter().map(|one| one["flaw"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_verified_with_the_keys_that_their_dids_are() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    for mechanism in Mechanism::ALL.iter().copied().filter(|one| *one != Mechanism::EcdsaSd2023) {
        let credential = issued(mechanism, "urn:uuid:6c8c1f0e-5c37-4ad1-93c7-8b7e6c3a0002");
        let body = json!({"verifiableCredential": credential});
        let (status, answer) = verify(&counter, "/credentials/verify", &body).await;
        assert_eq!((status, &answer["verified"]), (200, &json!(true)), "{}: {answer}", mechanism.name());
        let mut body = body;
        if mechanism.cryptosuite().is_some() {
            body["verifiableCredential"]["credentialSubject"]["name"] = "风帆".into();
        } else {
            // The last bytes of an envelope are the signature's, or a disclosure's.
            let mut id = body["verifiableCredential"]["id"].as_str().unwrap().to_owned();
            let at = id.len() - 20;
            let other = if id.as_bytes()[at] == b'A' { "B" } else { "A" };
            id.replace_range(at..=at, other);
            body["verifiableCredential"]["id"] = id.into();
        }
        let (status, answer) = verify(&counter, "/credentials/verify", &body).await;
        assert_eq!((status, &answer["verified"]), (400, &json!(false)));
        // A disclosure that was changed fits no digest: that is no credential at all.
        let flaw = if mechanism == Mechanism::VcSdJwt { "malformed" } else { "signature_wrong" };
        assert_eq!(flaws(&answer), [flaw], "{}", mechanism.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_the_chain_count_by_their_key_and_status() {
    let Stack { network, market, counter, .. } = Stack::start().await;
    let Card::Whole(licence) = market.licence_whole(&Phone::new(), 1, 17) else {
        panic!("a VCDM credential")
    };
    let body = json!({"verifiableCredential": licence});
    let (status, answer) = verify(&counter, "/credentials/verify", &body).await;
    assert_eq!(status, 200, "{answer}");
    market.set(&network, 17, Status::Revoked).await;
    let (status, answer) = verify(&counter, "/credentials/verify", &body).await;
    assert_eq!((status, flaws(&answer)), (400, vec!["revoked"]));
    let only_proof =
        json!({"verifiableCredential": body["verifiableCredential"], "options": {"checks": ["proof"]}});
    let (status, answer) = verify(&counter, "/credentials/verify", &only_proof).await;
    assert_eq!(status, 200, "{answer}");
    let mut of_another = body;
    of_another["verifiableCredential"]["proof"]["verificationMethod"] =
        format!("{}#key-9", market.did).into();
    let (status, answer) = verify(&counter, "/credentials/verify", &of_another).await;
    assert_eq!((status, flaws(&answer)), (400, vec!["key_of_another_controller", "revoked"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_credential_is_refused() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let credential = issued(Mechanism::EddsaRdfc2022, "urn:x:1");
    let with = |change: fn(&mut Value)| {
        let mut body = json!({"verifiableCredential": credential});
        change(&mut body);
        body
    };
    let cases = [
        ("text", with(|b| b["verifiableCredential"] = "eyJ".into())),
        ("proof_missing", with(|b| drop(b["verifiableCredential"].as_object_mut().unwrap().remove("proof")))),
        ("proof_null", with(|b| b["verifiableCredential"]["proof"] = Value::Null)),
        ("member_unknown", with(|b| b["extra"] = 1.into())),
        ("check_unknown", with(|b| b["options"] = json!({"checks": ["none"]}))),
        (
            "type_undefined",
            with(|b| b["verifiableCredential"]["type"] = json!(["VerifiableCredential", "X"])),
        ),
        (
            "did_web_not_allowed",
            with(|b| {
                b["verifiableCredential"]["issuer"] = "did:web:example.com".into();
                b["verifiableCredential"]["proof"]["verificationMethod"] = "did:web:example.com#key".into();
            }),
        ),
        (
            "did_without_key",
            with(|b| {
                let did = b["verifiableCredential"]["issuer"].clone();
                b["verifiableCredential"]["proof"]["verificationMethod"] = did;
            }),
        ),
        ("challenge_not_answered", with(|b| b["options"] = json!({"challenge": "n-1"}))),
        ("domain_not_answered", with(|b| b["options"] = json!({"domain": "desk.example"}))),
    ];
    for (name, body) in cases {
        let (status, answer) = verify(&counter, "/credentials/verify", &body).await;
        assert_eq!((status, &answer["verified"]), (400, &json!(false)), "{name}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_and_a_chain_of_proofs_count_whole() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let mut first = issued(Mechanism::EddsaJcs2022, "urn:x:1");
    first["proof"]["id"] = "urn:x:first".into();
    // The id is signed too: the first proof is made anew with it.
    let credential = first.as_object().unwrap().clone();
    let mut unsecured: serde_json::Map<_, _> =
        credential.into_iter().filter(|(name, _)| name != "proof").collect();
    unsecured.insert("issuer".to_owned(), key(40, Algorithm::EdDsa).public_key().did_key().did.into());
    let add = |document: Value, seed: u64, id: &str, previous: &[&str]| {
        let key = key(seed, Algorithm::EdDsa);
        let options = ProofOptions {
            verification_method: key.public_key().did_key().verification_method,
            purpose: Purpose::AssertionMethod,
            created: Some(now()),
            expires: None,
            challenge: None,
            domain: None,
        };
        let making = Making {
            id: Some(id.to_owned()),
            previous: previous.iter().map(|one| (*one).to_owned()).collect(),
            ..Making::with(Cryptosuite::EddsaRdfc2022)
        };
        let document = document.as_object().unwrap().clone();
        Prepared::beside(document, options, key.public_key(), &making).unwrap().sign(&key).unwrap()
    };
    let one = add(Value::Object(unsecured), 40, "urn:x:first", &[]);
    for previous in [&[][..], &["urn:x:first"][..]] {
        let two = add(one.clone(), 50, "urn:x:second", previous);
        let body = json!({"verifiableCredential": two});
        let (status, answer) = verify(&counter, "/credentials/verify", &body).await;
        assert_eq!(status, 200, "{answer}");
        let mut broken = body;
        let value = broken["verifiableCredential"]["proof"][1]["proofValue"].clone();
        broken["verifiableCredential"]["proof"][0]["proofValue"] = value;
        let (status, answer) = verify(&counter, "/credentials/verify", &broken).await;
        assert_eq!((status, &answer["verified"]), (400, &json!(false)), "{answer}");
        assert!(flaws(&answer).contains(&"signature_wrong"));
    }
    let missing = add(one, 50, "urn:x:second", &["urn:x:first"]);
    let mut missing = json!({"verifiableCredential": missing});
    missing["verifiableCredential"]["proof"][0]["id"] = "urn:x:other".into();
    let (status, answer) = verify(&counter, "/credentials/verify", &missing).await;
    assert_eq!(status, 400);
    assert!(flaws(&answer).contains(&"proof_chain_broken"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn presentations_answer_a_challenge_and_a_domain() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let holder = key(60, Algorithm::EdDsa);
    let who = holder.public_key().did_key();
    let credential = issued(Mechanism::EddsaRdfc2022, &who.did);
    let presenting = Presenting {
        holder: &who,
        credentials: vec![credential],
        challenge: "n-1",
        domain: "desk.example",
        created: now(),
    };
    let presentation = presenting.sign(&holder).unwrap();
    let right = json!({"challenge": "n-1", "domain": "desk.example"});
    let ask = |presentation: &Value, options: &Value| json!({"verifiablePresentation": presentation, "options": options});
    let (status, answer) = verify(&counter, "/presentations/verify", &ask(&presentation, &right)).await;
    assert_eq!((status, &answer["verified"]), (200, &json!(true)), "{answer}");

    let options: [(&str, Value, &str); 3] = [
        ("challenge_another", json!({"challenge": "n-2", "domain": "desk.example"}), "nonce_wrong"),
        ("domain_another", json!({"challenge": "n-1", "domain": "other.example"}), "audience_wrong"),
        ("domain_not_asked", json!({"challenge": "n-1"}), "audience_wrong"),
    ];
    for (name, options, flaw) in options {
        let (status, answer) = verify(&counter, "/presentations/verify", &ask(&presentation, &options)).await;
        assert_eq!((status, flaws(&answer)), (400, vec![flaw]), "{name}");
    }
    let (status, _) = verify(&counter, "/presentations/verify", &ask(&presentation, &json!({}))).await;
    assert_eq!(status, 400, "challenge_missing");

    // A credential inside that does not verify.
    let mut inside = presenting.clone();
    inside.credentials[0]["credentialSubject"]["name"] = "风帆".into();
    let inside = inside.sign(&holder).unwrap();
    let (status, answer) = verify(&counter, "/presentations/verify", &ask(&inside, &right)).await;
    assert_eq!((status, flaws(&answer)), (400, vec!["signature_wrong"]));

    // Somebody else's credential, which may be shown where the holder does not matter.
    let mut of_another = presenting.clone();
    of_another.credentials = vec![issued(Mechanism::EcdsaRdfc2019P384, "urn:x:somebody")];
    let of_another = of_another.sign(&holder).unwrap();
    let (status, answer) = verify(&counter, "/presentations/verify", &ask(&of_another, &right)).await;
    assert_eq!((status, flaws(&answer)), (400, vec!["holder_is_another"]));
    let mut proof_only = right.clone();
    proof_only["checks"] = json!(["proof"]);
    let (status, answer) = verify(&counter, "/presentations/verify", &ask(&of_another, &proof_only)).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_there_unless_it_is_switched_on() {
    let network = Network::start().await;
    let mut config =
        Counter::config(&network, &network.dir.path().join("plain"), verifier::Policy::default());
    config.vc_api = None;
    let counter = Counter::of(verifier::Verifier::bind(config).await.unwrap());
    for path in ["/credentials/verify", "/presentations/verify"] {
        let reply = Reply::read(counter.post(path, &json!({}), None).await).await;
        assert_eq!(reply.status, 404, "{path}");
    }
}
