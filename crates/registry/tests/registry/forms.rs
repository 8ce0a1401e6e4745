//! Text, JSON and byte forms: what is written can be read, and only in its one form.

use crate::world::{World, plan, signer, slug};
use proptest::prelude::*;
use registry::build::{TxSigner, organisation_document};
use registry::{
    Action, Author, Did, Hash32, KeyId, PublicKey, Record, RecordKey, ResolutionError, ResolutionResult,
    StatusListId, Transaction, UnixMillis, did_document_json,
};
use serde_json::json;

fn keys(did: &Did) -> Vec<RecordKey> {
    let list = StatusListId { owner: did.clone(), number: 3 };
    vec![
        RecordKey::Did(did.clone()),
        RecordKey::DidVersion(did.clone(), 12),
        RecordKey::Trust(did.clone(), slug("digital-id")),
        RecordKey::Purpose(did.clone(), slug("open-account")),
        RecordKey::Schema(slug("digital-id")),
        RecordKey::StatusList(list.clone()),
        RecordKey::StatusChunk(list, 0),
        RecordKey::Nonce(Author::Did(did.clone())),
        RecordKey::Nonce(Author::Governance),
        RecordKey::Governance,
        RecordKey::Validators,
        RecordKey::LogAnchor(did.clone(), slug("audit")),
        RecordKey::Kept(StatusListId { owner: did.clone(), number: 3 }, 2),
    ]
}

#[test]
fn record_keys() {
    let did = plan(1).1.did;
    let texts: Vec<_> = keys(&did).iter().map(ToString::to_string).collect();
    let expected = [
        format!("did/{did}"),
        format!("did/{did}/v/12"),
        format!("trust/{did}/digital-id"),
        format!("verifier/{did}/open-account"),
        "schema/digital-id".into(),
        format!("status/{did}/3"),
        format!("status/{did}/3/0"),
        format!("nonce/{did}"),
        "nonce/governance".into(),
        "governance".into(),
        "validators".into(),
        format!("anchor/{did}/audit"),
        format!("kept/{did}/3/2"),
    ];
    assert_eq!(texts, expected);
    for (key, text) in keys(&did).iter().zip(&texts) {
        assert_eq!(text.parse::<RecordKey>().as_ref(), Ok(key));
        assert_eq!(&borsh::from_slice::<RecordKey>(&borsh::to_vec(key).unwrap()).unwrap(), key);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b":/-".contains(&b)), "needs no escaping");
    }
    for bad in [
        "",
        "/",
        "did",
        "did/",
        "did/x",
        "governance/",
        "governance/x",
        "validators/1",
        "schema/",
        "schema/A",
        "nonce/",
        "anchor/x/audit",
        &format!("anchor/{did}"),
        &format!("anchor/{did}/"),
        &format!("anchor/{did}/Audit"),
        &format!("anchor/{did}/audit/1"),
        "trust/x/y",
        &format!("did/{did}/"),
        &format!("did/{did}/v/"),
        &format!("did/{did}/v/01"),
        &format!("did/{did}/v/+1"),
        &format!("did/{did}/w/1"),
        &format!("status/{did}"),
        &format!("status/{did}/1/2/3"),
        &format!("status/{did}/4294967296"),
        &format!("did/{did}/v/1/"),
    ] {
        assert!(bad.parse::<RecordKey>().is_err(), "{bad}");
    }
}

#[test]
fn dids_and_urls() {
    let did = plan(1).1.did;
    let text = did.to_string();
    assert!(text.starts_with("did:hui:anhui:z"), "{text}");
    assert_eq!(text.parse(), Ok(did.clone()));
    let url = did.key(&slug("key-1"));
    assert_eq!(url.to_string(), format!("{text}#key-1"));
    assert_eq!(url.to_string().parse::<KeyId>(), Ok(url));
    let id = text.rsplit_once('z').unwrap().1;
    for bad in [
        String::new(),
        "did:web:example.org".into(),
        format!("did:hui:anhui:{id}"),
        format!("did:hui:AnHui:z{id}"),
        format!("did:hui:z{id}"),
        format!("{text}1"),
        format!("{text}#"),
        format!("{text}/x"),
        text[..text.len() - 2].into(),
        format!("did:hui:anhui:z1{id}"),
        text.replace(id, "0OIl"),
    ] {
        assert!(bad.parse::<Did>().is_err(), "{bad}");
    }
    for bad in [text.clone(), format!("{text}#"), format!("{text}#Key"), format!("{text}#a#b")] {
        assert!(bad.parse::<KeyId>().is_err(), "{bad}");
    }
    assert_eq!(format!("{text}/status/3").parse::<StatusListId>().unwrap().number, 3);
    for bad in [format!("{text}/status/"), format!("{text}/status/03"), format!("{text}/status/3/1"), text] {
        assert!(bad.parse::<StatusListId>().is_err(), "{bad}");
    }
}

#[test]
fn multikeys() {
    // did:key method, section 2.3, and Controlled Identifiers 1.0, example 7.
    let ed25519 = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
    let key: PublicKey = ed25519.parse().unwrap();
    assert_eq!(key.to_multikey(), ed25519);
    let p256 = "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv";
    let key: PublicKey = p256.parse().unwrap();
    assert_eq!(key.to_multikey(), p256);
    for bad in [
        "",
        "z",
        "z6Mk",
        "u6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
        &format!("{ed25519}1"),
        "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
    ] {
        assert!(bad.parse::<PublicKey>().is_err(), "{bad}");
    }
    assert!(PublicKey::ed25519(&[0; 32]).is_err(), "small_order");
    let mut identity = [0; 32];
    identity[0] = 1;
    assert!(PublicKey::ed25519(&identity).is_err(), "identity");
    assert!(PublicKey::ed25519(&[2; 32]).is_err() || PublicKey::ed25519(&[7; 32]).is_err(), "off_curve");
    assert!(PublicKey::p256(&[4; 33]).is_err(), "uncompressed");
}

#[test]
fn hashes_and_times() {
    let hash = Hash32::of(b"x");
    assert_eq!(hash.to_string().parse(), Ok(hash));
    for bad in [String::new(), hash.to_string().to_uppercase(), format!("{hash}0"), "g".repeat(64)] {
        assert!(bad.parse::<Hash32>().is_err(), "{bad}");
    }
    let time = UnixMillis(1_780_000_000_250);
    assert_eq!(time.to_string(), "2026-05-28T20:26:40.250Z");
    assert_eq!("2026-05-29T04:26:40.25+08:00".parse(), Ok(time));
    assert_eq!(
        (time.seconds(), UnixMillis::from_seconds(1_780_000_000)),
        (1_780_000_000, UnixMillis(1_780_000_000_000))
    );
    for bad in ["", "2026-05-28", "1969-12-31T23:59:59Z", "now"] {
        assert!(bad.parse::<UnixMillis>().is_err(), "{bad}");
    }
    assert!(!UnixMillis(u64::MAX).to_string().is_empty());
}

#[test]
fn transactions_and_records_through_json() {
    let mut world = World::new();
    let org = world.organisation(1);
    let (plan, other) = plan(2);
    let transaction = world.transaction(&other.did, &other.author, plan.into_action());
    let json = serde_json::to_value(&transaction).unwrap();
    assert_eq!(json["action"]["kind"], "didCreate");
    assert_eq!(json["author"], other.did.to_string());
    let back: Transaction = serde_json::from_value(json).unwrap();
    assert_eq!(back.hash(), transaction.hash());
    back.verify().unwrap();
    for key in [
        RecordKey::Did(org.did.clone()),
        RecordKey::Governance,
        RecordKey::Validators,
        RecordKey::Nonce(Author::Did(org.did)),
    ] {
        let record = world.record(&key).unwrap();
        assert_eq!(record.key(), key);
        assert_eq!(serde_json::from_value::<Record>(serde_json::to_value(&record).unwrap()).unwrap(), record);
        let bytes = record.to_bytes();
        assert_eq!(Record::from_bytes(&bytes), Ok(record));
        assert!(Record::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err(), "trailing");
    }
}

#[test]
fn did_documents_and_resolution() {
    let mut world = World::new();
    let org = world.organisation(1);
    let created = world.now();
    let (signing, p256) = (signer(5), PublicKey::p256(&[3; 33]).unwrap());
    let service = registry::Service {
        fragment: slug("issuer"),
        kind: "OpenID4VCI".into(),
        endpoint: "https://issuer.example".into(),
    };
    let keys = [PublicKey::Ed25519(signing.public_key()), p256];
    let full = organisation_document(&org.author.public_key(), &keys, vec![service]);
    world.act(&org, Action::DidRotate { document: full }).unwrap();
    let Some(Record::Did(record)) = world.record(&RecordKey::Did(org.did.clone())) else { panic!() };
    let did = org.did.to_string();
    let method = |at: u32, key: String| json!({ "id": format!("{did}#key-{at}"), "type": "Multikey", "controller": did, "publicKeyMultibase": key });
    let expected = json!({
        "@context": ["https://www.w3.org/ns/did/v1.1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [method(1, org.author.public_key().to_string()), method(2, signing.public_key().to_string()), method(3, p256.to_multikey())],
        "assertionMethod": [format!("{did}#key-2"), format!("{did}#key-3")],
        "authentication": [format!("{did}#key-2"), format!("{did}#key-3")],
        "capabilityInvocation": [format!("{did}#key-1")],
        "service": [{ "id": format!("{did}#issuer"), "type": "OpenID4VCI", "serviceEndpoint": "https://issuer.example" }],
    });
    assert_eq!(did_document_json(&record), expected);
    let result = serde_json::to_value(ResolutionResult::found(&record)).unwrap();
    assert_eq!(
        result["didDocumentMetadata"],
        json!({ "created": created, "updated": world.now(), "versionId": "2" })
    );

    let Some(Record::Did(first)) = world.record(&RecordKey::DidVersion(org.did.clone(), 1)) else { panic!() };
    let result = ResolutionResult::found(&first);
    assert_eq!(result.did_document_metadata["nextVersionId"], "2");
    assert_eq!(result.did_document.unwrap()["verificationMethod"].as_array().unwrap().len(), 1);

    world.act(&org, Action::DidDeactivate).unwrap();
    let Some(Record::Did(record)) = world.record(&RecordKey::Did(org.did.clone())) else { panic!() };
    let result = ResolutionResult::found(&record);
    assert_eq!(result.did_document_metadata["deactivated"], true);
    assert_eq!(result.did_document.unwrap().as_object().unwrap().len(), 2, "no keys, no services");
    let failed = ResolutionResult::failed(ResolutionError::NotFound);
    assert_eq!(failed.did_resolution_metadata["error"]["type"], "https://www.w3.org/ns/did#NOT_FOUND");
}

proptest! {
    #[test]
    fn no_bytes_make_decoding_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Transaction::from_bytes(&bytes);
        let _ = Record::from_bytes(&bytes);
        let _ = registry::Evidence::from_bytes(&bytes);
        let _ = borsh::from_slice::<registry::CertifiedBlock>(&bytes);
        let _ = borsh::from_slice::<registry::Genesis>(&bytes);
    }

    #[test]
    fn no_text_makes_parsing_panic(text in "\\PC{0,80}", did in "did:hui:[a-z]{0,3}:z[1-9A-Za-z]{0,40}") {
        for text in [text, did] {
            let _ = text.parse::<Did>();
            let _ = text.parse::<KeyId>();
            let _ = text.parse::<RecordKey>();
            let _ = text.parse::<PublicKey>();
            let _ = text.parse::<UnixMillis>();
            let _ = text.parse::<StatusListId>();
        }
    }

    #[test]
    fn a_decoded_transaction_encodes_to_the_same_bytes(n in 1..50_u8, at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let world = World::new();
        let (plan, org) = plan(n);
        let mut bytes = world.transaction(&org.did, &org.author, plan.into_action()).to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        if let Ok(transaction) = Transaction::from_bytes(&bytes) {
            prop_assert_eq!(transaction.to_bytes(), bytes);
            prop_assert!(transaction.verify().is_err(), "byte {} changed and still signed", at);
        }
    }
}
