//! `ecdsa-sd-2023`: the W3C's vectors step by step, and what is refused.

use credentials::data_integrity::sd::{DeriveError, Issuing, Secrets, derive};
use credentials::data_integrity::{
    Cryptosuite, Making, ParseError, Prepared, SecureError, UnverifiedCredential,
};
use credentials::jsonld::{Contexts, JsonLdError};
use credentials::key::{Algorithm, SelfContained, Signer, SoftwareKey};
use credentials::{Flaw, UnixSeconds, cbor};
use hmac::{Hmac, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::ld_support::{Change, Folder, object, w3c_contexts};
use crate::rdf_suites::{options_of, secret_key};
use crate::support::{NOW, issuer, status, vc_issuance};

pub(crate) fn pointers(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|pointer| pointer.as_str().unwrap().to_owned()).collect()
}

/// ECDSA cryptosuites 1.0 §A.7: base proof, derived proof and verification, each as there.
#[test]
fn w3c_files() {
    let Some(root) = Folder::open("vc-di-ecdsa") else { return };
    let material = root.json("ecdsa-sd-2023/SDKeyMaterial.json");
    let key_of = |name: &str| secret_key(material[name]["secretKeyMultibase"].as_str().unwrap());
    let contexts = w3c_contexts();
    for (folder, prefix) in [("prc", "prCred"), ("employ", "employ")] {
        let file = |name: &str| root.json(&format!("ecdsa-sd-2023/{folder}/{name}.json"));
        let given = file("addSignedSDBase");
        let read = UnverifiedCredential::read(given.clone()).unwrap();
        let issuer = SelfContained::parse(read.verification_method()).unwrap();
        assert_eq!(read.check_proof_with(&issuer.key, &contexts), Ok(()), "{folder}: base proof");

        // Issued again with the same secrets: the same statements under the same labels.
        let mut document = object(&given);
        let proof = document.remove("proof").unwrap();
        let hmac_key = hex::decode(material["hmacKeyString"].as_str().unwrap()).unwrap();
        let secrets = Secrets::dangerous_fixed(hmac_key.try_into().unwrap(), key_of("proofKeyPair")).unwrap();
        let mandatory = pointers(&root.json(&format!("{prefix}Mandatory.json")));
        let issuing = Issuing {
            document,
            options: options_of(&proof),
            mandatory: mandatory.clone(),
            contexts: &contexts,
        };
        let prepared = issuing.prepare(key_of("baseKeyPair").public_key(), &secrets).unwrap();
        let hashes = file("addHashData");
        let signed = hex::encode(prepared.bytes());
        assert!(signed.starts_with(hashes["proofHash"].as_str().unwrap()), "{folder}");
        let hash = hashes["mandatoryHash"].as_str().unwrap();
        assert!(signed.ends_with(hash), "{folder}");
        let issued = prepared.sign(&key_of("baseKeyPair")).unwrap();

        // Derived from theirs: the same document, labels, indexes and signatures, byte for byte.
        let selective = pointers(&root.json(&format!("{prefix}Selective.json")));
        let expected = file("derivedRevealDocument");
        let derived = derive(&object(&given), &selective, &contexts).unwrap();
        assert_eq!(derived, expected, "{folder}");
        for shown in [expected, derive(&object(&issued), &selective, &contexts).unwrap()] {
            let read = UnverifiedCredential::read(shown).unwrap();
            assert_eq!(read.check_proof_with(&issuer.key, &contexts), Ok(()), "{folder}");
        }
    }
}

fn mandatory() -> Vec<String> {
    ["/issuer", "/validFrom", "/validUntil", "/credentialStatus"].map(str::to_owned).to_vec()
}

fn key() -> SoftwareKey {
    issuer(Algorithm::Es256)
}

/// A business licence with a base proof.
fn issued() -> Map<String, Value> {
    let secrets = Secrets::generate(&mut testkit::rng(7));
    let prepared =
        vc_issuance().prepare_sd(key().public_key(), mandatory(), &secrets, Contexts::pinned()).unwrap();
    let signature = key().sign(prepared.bytes()).unwrap();
    object(&prepared.finish(&signature).unwrap())
}

fn shown(pointers: &[&str]) -> Value {
    let pointers: Vec<String> = pointers.iter().map(|&pointer| pointer.to_owned()).collect();
    derive(&issued(), &pointers, Contexts::pinned()).unwrap()
}

fn flaws(value: Value) -> Vec<Flaw> {
    let read = UnverifiedCredential::read(value).unwrap();
    read.check(key().public_key(), NOW).flaws().to_vec()
}

#[test]
fn licence_shown_in_part() {
    assert!(flaws(Value::Object(issued())).is_empty(), "the holder checks what it was given");
    let shown = shown(&["/credentialSubject/name", "/credentialSubject/creditCode"]);
    let subject = shown["credentialSubject"].as_object().unwrap();
    assert_eq!(subject.keys().collect::<Vec<_>>(), ["creditCode", "id", "name"]);
    assert!(!shown.to_string().contains("address"));
    let verified = UnverifiedCredential::read(shown).unwrap().verify(key().public_key(), NOW).unwrap();
    assert_eq!(verified.status().unwrap().registry, status().registry);
    assert_eq!(verified.valid_until(), Some(UnixSeconds(NOW.0 + 86_400)));
}

/// Elements of arrays, objects without ids, values that look alike.
#[test]
fn blank_nodes_are_told_apart() {
    let mut issuance = vc_issuance();
    issuance.status = Some(credentials::status::StatusRef { token: None, ..status() });
    let secrets = Secrets::generate(&mut testkit::rng(8));
    let none = Vec::new();
    let prepared = issuance.prepare_sd(key().public_key(), none, &secrets, Contexts::pinned()).unwrap();
    let issued = object(&prepared.sign(&key()).unwrap());
    for pointers in [
        &["/issuer", "/credentialSubject/name", "/credentialStatus/1"][..],
        &["/issuer", "/credentialSubject", "/credentialStatus/0/statusListIndex", "/credentialStatus/2"],
        &["/issuer", "/credentialSubject/name", "/credentialStatus"],
    ] {
        let pointers: Vec<String> = pointers.iter().map(|&pointer| pointer.to_owned()).collect();
        let shown = derive(&issued, &pointers, Contexts::pinned()).unwrap();
        let proof = shown["proof"].clone();
        let read = UnverifiedCredential::read(shown);
        match read {
            Ok(read) => assert_eq!(read.check_proof(key().public_key()), Ok(()), "{pointers:?} {proof}"),
            // A status entry of which only the index is shown is no status entry.
            Err(error) => assert!(matches!(error, ParseError::Status(_)), "{error}"),
        }
    }
}

/// The CBOR inside a proof value, changed and put back.
pub(crate) fn with_value(mut shown: Value, change: impl FnOnce(&mut Vec<u8>)) -> Value {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut bytes = engine.decode(&shown["proof"]["proofValue"].as_str().unwrap()[1..]).unwrap();
    change(&mut bytes);
    shown["proof"]["proofValue"] = format!("u{}", engine.encode(bytes)).into();
    shown
}

/// How many there are: the last array of the CBOR, with numbers of one byte each.
fn mandatory_statements(shown: &Value) -> usize {
    let mut found = 0;
    let _ = with_value(shown.clone(), |bytes| {
        found = bytes.iter().rev().take_while(|byte| **byte & 0xe0 != 0x80).count();
    });
    found
}

/// What is done to a credential shown in part, and the first flaw; `changed` is that of a statement that shows but was not signed.
pub(crate) fn changes(changed: Flaw) -> [(&'static str, Flaw, Change<'static>); 8] {
    [
        ("claim_changed", changed, &|c| c["credentialSubject"]["name"] = "x".into()),
        ("claim_removed", Flaw::StatementCountWrong, &|c| {
            c["credentialSubject"].as_object_mut().unwrap().remove("name");
        }),
        ("extra_message", Flaw::StatementCountWrong, &|c| c["credentialSubject"]["address"] = "x".into()),
        ("mandatory_removed", Flaw::StatementCountWrong, &|c| {
            c.as_object_mut().unwrap().remove("validUntil");
        }),
        ("mandatory_changed", Flaw::SignatureWrong, &|c| c["validUntil"] = "2099-01-01T00:00:00Z".into()),
        ("undefined_term_added", Flaw::JsonLd(JsonLdError::TermUndefined), &|c| {
            c["credentialSubject"]["nmae"] = "x".into();
        }),
        ("options_changed", Flaw::SignatureWrong, &|c| c["proof"]["created"] = "2026-01-01T00:00:00Z".into()),
        ("other_suite", Flaw::AlgorithmNotOfKey, &|c| {
            c["proof"]["cryptosuite"] = "eddsa-rdfc-2022".into();
            c["proof"]["proofValue"] = format!("z{}", bs58::encode([1; 64]).into_string()).into();
        }),
    ]
}

#[test]
fn refused_by_flaw() {
    let shown = shown(&["/credentialSubject/name", "/credentialSubject/creditCode"]);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut shown = shown.clone();
        change(&mut shown);
        flaws(shown)
    };
    assert!(changed(&|_| {}).is_empty());
    for (name, flaw, change) in changes(Flaw::StatementUnsigned) {
        assert_eq!(changed(change).first(), Some(&flaw), "{name}");
    }
    let other = issuer(Algorithm::EdDsa);
    let read = UnverifiedCredential::read(shown.clone()).unwrap();
    assert_eq!(read.check_proof(other.public_key()), Err(Flaw::AlgorithmNotOfKey), "wrong_key_type");
    let other = crate::support::key(9, Algorithm::Es256);
    assert_eq!(read.check_proof(other.public_key()), Err(Flaw::SignatureWrong), "another_issuer");

    // The last members are the labels and the numbers of the mandatory statements. A label is found by its CBOR head.
    let label = |bytes: &[u8]| bytes.windows(2).rposition(|pair| pair == [0x58, 0x20]).unwrap();
    let relabelled = with_value(shown.clone(), |bytes| {
        let at = label(bytes) + 2;
        bytes[at] ^= 1;
    });
    assert_eq!(flaws(relabelled).first(), Some(&Flaw::SignatureWrong), "label_map_changed");
    let merged = with_value(shown.clone(), |bytes| {
        let last = label(bytes) + 2;
        let before = label(&bytes[..last - 2]) + 2;
        let copy = bytes[before..before + 32].to_vec();
        bytes[last..last + 32].copy_from_slice(&copy);
    });
    assert_eq!(flaws(merged).first(), Some(&Flaw::LabelMapWrong), "label_map_merged");
    let indexes = with_value(shown.clone(), |bytes| *bytes.last_mut().unwrap() = 0);
    assert_eq!(flaws(indexes).first(), Some(&Flaw::StatementCountWrong), "mandatory_index_repeated");
    // One number more, so that each statement is still named.
    let count = mandatory_statements(&shown);
    let twice = with_value(shown.clone(), |bytes| {
        let head = bytes.len() - count - 1;
        assert_eq!(usize::from(bytes[head]), 0x80 + count);
        bytes[head] += 1;
        bytes.push(bytes[bytes.len() - 1]);
    });
    assert_eq!(flaws(twice), [Flaw::StatementCountWrong], "mandatory_index_twice");

    // A mandatory statement taken away, and the numbers of the others brought in order: no choice of it helps.
    let mut without = shown.clone();
    without.as_object_mut().unwrap().remove("validUntil");
    for left_out in 1..=count {
        let renumbered = with_value(without.clone(), |bytes| {
            let from = bytes.len() - count - 1;
            bytes[from] -= 1;
            bytes.remove(from + left_out);
            bytes[from + left_out..].iter_mut().for_each(|number| *number -= 1);
        });
        assert_eq!(flaws(renumbered).first(), Some(&Flaw::SignatureWrong), "mandatory_removed_{left_out}");
    }

    type Edit<'e> = &'e dyn Fn(&mut Vec<u8>);
    let malformed: [(&str, Edit<'_>); 7] = [
        ("cbor_cut_off", &|bytes| bytes.truncate(bytes.len() - 1)),
        ("cbor_goes_on", &|bytes| bytes.push(0)),
        ("cbor_other_kind", &|bytes| bytes[2] = 2),
        ("cbor_number_spelt_longer", &|bytes| {
            let at = bytes.len() - 1;
            bytes.splice(at..at, [0x18]).for_each(drop);
        }),
        ("cbor_label_number_spelt_longer", &|bytes| {
            let at = label(bytes) - 1;
            bytes.splice(at..at, [0x18]).for_each(drop);
        }),
        ("cbor_length_spelt_longer", &|bytes| {
            let at = label(bytes);
            bytes.splice(at..at + 2, [0x59, 0, 0x20]).for_each(drop);
        }),
        ("cbor_length_huge", &|bytes| {
            bytes.splice(3.., [0x9b, 255, 255, 255, 255, 255, 255, 255, 255]).for_each(drop);
        }),
    ];
    for (name, change) in malformed {
        let read = UnverifiedCredential::read(with_value(shown.clone(), |bytes| change(bytes)));
        assert_eq!(read.err(), Some(ParseError::ProofValue), "{name}");
    }
    let mut wrong_base = shown;
    let text = wrong_base["proof"]["proofValue"].as_str().unwrap().replacen('u', "z", 1);
    wrong_base["proof"]["proofValue"] = text.into();
    assert_eq!(UnverifiedCredential::read(wrong_base).err(), Some(ParseError::ProofValue), "wrong_base");
}

#[test]
fn pointers_that_do_not_fit() {
    let issued = issued();
    for pointer in
        ["", "credentialSubject", "/nothing", "/credentialSubject/~2", "/credentialStatus/00", "/type/9"]
    {
        let derived = derive(&issued, &[pointer.to_owned()], Contexts::pinned());
        assert_eq!(derived.err(), Some(DeriveError::JsonLd(JsonLdError::Pointer)), "{pointer:?}");
    }
    let shown = shown(&["/credentialSubject/name"]);
    let again = derive(&object(&shown), &[], Contexts::pinned());
    assert_eq!(again.err(), Some(DeriveError::NoBaseProof), "derived_twice");
    let mut changed = issued.clone();
    changed["credentialSubject"]["address"] = json!(["a", "b"]);
    let derived = derive(&changed, &["/credentialSubject/name".to_owned()], Contexts::pinned());
    assert_eq!(derived.err(), Some(DeriveError::Mismatch));
}

/// The CBOR of a proof value.
fn components(value: &Value) -> Vec<cbor::Value> {
    let mut found = Vec::new();
    let _ = with_value(value.clone(), |bytes| {
        found = cbor::parse(&bytes[3..]).unwrap().as_array().unwrap().to_vec();
    });
    found
}

/// §3.4.5: labels are HMACs under a key of this credential's own, which only its holder is given. Computed here anew.
#[test]
fn labels_are_keyed() {
    let base = components(&Value::Object(issued()));
    let label_key = base[2].as_bytes().unwrap();
    assert!(label_key.len() == 32 && label_key.iter().any(|byte| *byte != 0));
    let possible: Vec<Vec<u8>> = (0..32)
        .map(|number| {
            let mut mac = Hmac::<Sha256>::new_from_slice(label_key).unwrap();
            mac.update(format!("c14n{number}").as_bytes());
            mac.finalize().into_bytes().to_vec()
        })
        .collect();
    let derived = components(&shown(&["/credentialSubject/name"]));
    let labels: Vec<_> =
        derived[3].as_map().unwrap().iter().map(|(_, label)| label.as_bytes().unwrap().to_vec()).collect();
    assert!(labels.len() > 1 && labels.iter().all(|label| possible.contains(label)));
    // What the issuer signed stands in both, byte for byte.
    let read = UnverifiedCredential::read(shown(&["/credentialSubject/name"])).unwrap();
    assert_eq!(read.issuer_signature(), base[0].as_bytes());
}

/// Its proofs have parts of their own: nothing is signed in its name the plain way.
#[test]
fn no_plain_signature_in_its_name() {
    let (document, options) = vc_issuance().document().unwrap();
    let making = Making::with(Cryptosuite::EcdsaSd2023);
    let made = Prepared::beside(document, options, key().public_key(), &making).map(drop);
    assert_eq!(made, Err(SecureError::KeyNotOfSuite));
}

#[test]
fn label_for_no_node() {
    let more = with_value(shown(&["/credentialSubject/name"]), |bytes| {
        let last = bytes.windows(2).rposition(|pair| pair == [0x58, 0x20]).unwrap();
        // Entries of 35 bytes, the number first; before the first of them the head of the map.
        let count = bytes[last - 1] + 1;
        let head = last - 2 - 35 * usize::from(count - 1);
        assert_eq!(bytes[head], 0xa0 + count);
        let entry = [vec![count, 0x58, 0x20], vec![9; 32]].concat();
        bytes.splice(last + 34..last + 34, entry).for_each(drop);
        bytes[head] += 1;
    });
    assert_eq!(flaws(more), [Flaw::LabelMapWrong]);
}

/// The statements' key is on P-256, whatever else would verify.
#[test]
fn statement_keys_of_other_kinds() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es384] {
        let other = crate::support::key(9, algorithm).public_key().to_multikey_bytes();
        let exchanged = with_value(shown(&["/credentialSubject/name"]), |bytes| {
            let at = bytes.windows(4).position(|four| four == [0x58, 0x23, 0x80, 0x24]).unwrap();
            let key = [vec![0x58, u8::try_from(other.len()).unwrap()], other.clone()].concat();
            bytes.splice(at..at + 37, key).for_each(drop);
        });
        let read = UnverifiedCredential::read(exchanged);
        assert_eq!(read.err(), Some(ParseError::ProofValue), "{algorithm:?}");
    }
}
