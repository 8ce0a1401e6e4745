//! `bbs-2023`: the W3C's vectors step by step, and what is refused.

use credentials::bbs::{BbsError, Disclosed, Proof, PublicKey, SecretKey, Signature, prove};
use credentials::data_integrity::bbs::{DeriveError, IssueError, Issuing, LabelKey, derive};
use credentials::data_integrity::{Issuance, ParseError, UnverifiedCredential};
use credentials::jsonld::{Contexts, JsonLdError};
use credentials::key::{Algorithm, Signer as _};
use credentials::{Flaw, UnixSeconds};
use rand_core::CryptoRngCore;
use serde_json::{Map, Value, json};

use crate::bbs::{Mocked, unhex};
use crate::ld_support::{Folder, object, w3c_contexts};
use crate::rdf_suites::options_of;
use crate::sd_2023::{changes, pointers, with_value};
use crate::support::{NOW, issuer, status, vc_issuance};

/// The W3C's mocked randomness goes by the suite's bare tag.
const PURPOSE: &str = "";

struct Material {
    key: SecretKey,
    label_key: [u8; 32],
    presentation_header: Vec<u8>,
    seed: Vec<u8>,
}

fn material(root: &Folder) -> Material {
    let (key, derive) = (root.json("BBSKeyMaterial.json"), root.json("BBSDeriveMaterial.json"));
    let made = SecretKey::from_bytes(&unhex(&key["privateKeyHex"]).try_into().unwrap()).unwrap();
    assert_eq!(made.public_key().to_bytes().as_slice(), unhex(&key["publicKeyHex"]));
    Material {
        key: made,
        label_key: unhex(&key["hmacKeyString"]).try_into().unwrap(),
        presentation_header: unhex(&derive["presentationHeaderHex"]),
        seed: unhex(&derive["pseudoRandSeedHex"]),
    }
}

/// BBS cryptosuites, test vectors `prc`: base proof, derived proof and verification, byte for byte.
#[test]
fn w3c_files() {
    let Some(root) = Folder::open("vc-di-bbs") else { return };
    let Material { key, label_key, presentation_header, seed } = material(&root);
    let contexts = w3c_contexts();
    let given = root.json("prc/addSignedSDBase.json");
    let read = UnverifiedCredential::read(given.clone()).unwrap();
    let public = PublicKey::from_did_key(read.verification_method()).unwrap();
    assert_eq!(&public, key.public_key());
    assert_eq!(signature_flaws(&given, &public, &contexts), []);

    let mut document = object(&given);
    let proof = document.remove("proof").unwrap();
    let mandatory = pointers(&root.json("prCredMandatory.json"));
    let issuing = Issuing { document, options: options_of(&proof), mandatory, contexts: &contexts };
    let issued = issuing.sign(&key, &LabelKey::dangerous_fixed(label_key)).unwrap();
    assert_eq!(issued, given, "base proof");

    let selective = pointers(&root.json("prCredSelective.json"));
    let expected = root.json("prc/derivedRevealDocument.json");
    assert_eq!(signature_flaws(&expected, &public, &contexts), [], "their derived proof");
    let hidden = (unhex(&root.json("prc/derivedDisclosureData.json")["bbsProof"]).len() - 272) / 32;
    let mut rng = Mocked::new(&seed, PURPOSE, 5 + hidden);
    let derived = derive(&object(&given), &selective, &presentation_header, &contexts, &mut rng).unwrap();
    assert_eq!(derived, expected, "derived proof");
    let read = UnverifiedCredential::read(derived).unwrap();
    assert_eq!(read.presentation_header(), Some(presentation_header.as_slice()));
}

/// The windsurf vectors have a context written out in the document, which is refused here; so they are taken as statements.
#[test]
fn w3c_statements() {
    let Some(root) = Folder::open("vc-di-bbs") else { return };
    let Material { key, presentation_header, seed, .. } = material(&root);
    let transform = root.json("addBaseTransform.json");
    let others: Vec<String> = transform["nonMandatory"]["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| pair[1].as_str().unwrap().to_owned())
        .collect();
    let messages: Vec<&[u8]> = others.iter().map(String::as_bytes).collect();
    let hashes = root.json("addHashData.json");
    let header = [unhex(&hashes["proofHash"]), unhex(&hashes["mandatoryHash"])].concat();
    let signature = unhex(&root.json("addRawBaseSignatureInfo.json")["bbsSignature"]);
    assert_eq!(key.sign(&header, &messages).unwrap().to_bytes().as_slice(), signature);

    let disclosure = root.json("derivedDisclosureData.json");
    let indexes: Vec<usize> = serde_json::from_value(disclosure["adjSelectiveIndexes"].clone()).unwrap();
    let signature = Signature::from_bytes(&signature.try_into().unwrap()).unwrap();
    let mut rng = Mocked::new(&seed, PURPOSE, 5 + messages.len() - indexes.len());
    let headers = (header.as_slice(), presentation_header.as_slice());
    let proof = prove(key.public_key(), &signature, headers, &messages, &indexes, &mut rng).unwrap();
    assert_eq!(proof.to_bytes(), unhex(&disclosure["bbsProof"]));
    let shown: Vec<&[u8]> = indexes.iter().map(|at| messages[*at]).collect();
    let disclosed = Disclosed {
        header: &header,
        presentation_header: &presentation_header,
        messages: &shown,
        indexes: &indexes,
    };
    let given = Proof::from_bytes(&unhex(&disclosure["bbsProof"])).unwrap();
    assert_eq!(key.public_key().verify_proof(&given, &disclosed), Ok(()));
}

/// Features that are not supported are refused by name.
#[test]
fn w3c_features_refused() {
    let Some(root) = Folder::open("vc-di-bbs") else { return };
    for (folder, name) in [
        ("HolderBinding", "anonymous holder binding"),
        ("Pseudonym", "pseudonym"),
        ("PseudonymHB", "pseudonym"),
    ] {
        for file in ["addSignedSDBase", "derivedRevealDocument"] {
            let mut given = root.json(&format!("{folder}/{file}.json"));
            // Of VCDM 1.1: the contexts are not what is looked at here.
            given["@context"][0] = "https://www.w3.org/ns/credentials/v2".into();
            let read = UnverifiedCredential::read(given);
            assert_eq!(read.err(), Some(ParseError::ProofFeature(name)), "{folder}/{file}");
        }
    }
}

/// The flaws of the proof alone.
fn signature_flaws(value: &Value, key: &PublicKey, contexts: &Contexts) -> Vec<Flaw> {
    let read = UnverifiedCredential::read(value.clone()).unwrap();
    let findings = read.check_bbs(key, NOW, contexts);
    let flaws = findings.flaws().iter().copied();
    // Their issuers are not the keys' controllers, and their times are long past.
    flaws.filter(|flaw| !matches!(flaw, Flaw::KeyOfAnotherController | Flaw::Expired)).collect()
}

fn mandatory() -> Vec<String> {
    ["/issuer", "/validUntil"].map(str::to_owned).to_vec()
}

fn key() -> SecretKey {
    SecretKey::generate(&mut testkit::rng(1))
}

fn signed(issuance: Issuance, mandatory: Vec<String>) -> Result<Map<String, Value>, IssueError> {
    let (document, options) = issuance.document().unwrap();
    let issuing = Issuing { document, options, mandatory, contexts: Contexts::pinned() };
    Ok(object(&issuing.sign(&key(), &LabelKey::generate(&mut testkit::rng(7)))?))
}

/// A business licence with a base proof.
fn issued() -> Map<String, Value> {
    signed(vc_issuance(), mandatory()).unwrap()
}

const CHOSEN: [&str; 2] = ["/credentialSubject/name", "/credentialSubject/creditCode"];

fn shown_with(rng: &mut impl CryptoRngCore) -> Value {
    derive(&issued(), &CHOSEN.map(str::to_owned), b"nonce", Contexts::pinned(), rng).unwrap()
}

fn shown() -> Value {
    shown_with(&mut testkit::rng(8))
}

fn flaws(value: Value) -> Vec<Flaw> {
    let read = UnverifiedCredential::read(value).unwrap();
    read.check_bbs(key().public_key(), NOW, Contexts::pinned()).flaws().to_vec()
}

#[test]
fn licence_shown_in_part() {
    assert_eq!(flaws(Value::Object(issued())), [], "the holder checks what it was given");
    let shown = shown();
    let subject = shown["credentialSubject"].as_object().unwrap();
    assert_eq!(subject.keys().collect::<Vec<_>>(), ["creditCode", "id", "name"]);
    assert!(!shown.to_string().contains("credentialStatus"));
    let read = UnverifiedCredential::read(shown).unwrap();
    assert_eq!(read.presentation_header(), Some(b"nonce".as_slice()));
    let verified = read.verify_bbs(key().public_key(), NOW, Contexts::pinned()).unwrap();
    assert_eq!(verified.valid_until(), Some(UnixSeconds(NOW.0 + 86_400)));
}

/// Two showings of one credential: nothing of the proof is the same, beyond the numbers that say what is shown.
#[test]
fn showings_share_no_bytes() {
    let values = [8, 9].map(|seed| {
        let mut bytes = Vec::new();
        with_value(shown_with(&mut testkit::rng(seed)), |value| bytes = value.clone());
        bytes
    });
    let [one, two] = values.each_ref();
    assert_eq!(one.len(), two.len());
    // Three bytes of kind, the head of the array, the head of the proof with a length of two bytes.
    let length = usize::from(u16::from_be_bytes([one[5], one[6]]));
    let (proofs, rest) = ([one, two].map(|value| &value[7..7 + length]), 7 + length);
    assert!(!proofs[0].windows(16).any(|part| proofs[1].windows(16).any(|other| part == other)));
    assert_eq!(one[rest..], two[rest..]);
    let base = issued()["proof"]["proofValue"].as_str().unwrap().to_owned();
    let base = hex::encode(with_value_bytes(&base));
    assert!(!proofs[0].windows(16).any(|part| base.contains(&hex::encode(part))));
}

fn with_value_bytes(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&text[1..]).unwrap()
}

/// Elements of arrays, objects without ids, values that look alike.
#[test]
fn blank_nodes_are_told_apart() {
    let mut issuance = vc_issuance();
    issuance.status = Some(credentials::status::StatusRef { token: None, ..status() });
    let issued = signed(issuance, Vec::new()).unwrap();
    for pointers in [
        &["/issuer", "/credentialSubject/name", "/credentialStatus/1"][..],
        &["/issuer", "/credentialSubject", "/credentialStatus/2"],
        &["/issuer", "/credentialSubject/name", "/credentialStatus"],
    ] {
        let pointers: Vec<String> = pointers.iter().map(|&pointer| pointer.to_owned()).collect();
        let shown = derive(&issued, &pointers, b"", Contexts::pinned(), &mut testkit::rng(2)).unwrap();
        assert_eq!(flaws(shown), [], "{pointers:?}");
    }
}

#[test]
fn refused_by_flaw() {
    let shown = shown();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut shown = shown.clone();
        change(&mut shown);
        flaws(shown)
    };
    assert_eq!(changed(&|_| {}), []);
    for (name, flaw, change) in changes(Flaw::SignatureWrong) {
        assert_eq!(changed(change).first(), Some(&flaw), "{name}");
    }
    let read = || UnverifiedCredential::read(shown.clone()).unwrap();
    let flaw = read().check_proof(issuer(Algorithm::Es256).public_key());
    assert_eq!(flaw, Err(Flaw::AlgorithmNotOfKey), "wrong_key_type");
    let other = SecretKey::generate(&mut testkit::rng(9));
    for credential in [Value::Object(issued()), shown.clone()] {
        let read = UnverifiedCredential::read(credential).unwrap();
        let findings = read.check_bbs(other.public_key(), NOW, Contexts::pinned());
        assert_eq!(findings.flaws(), [Flaw::SignatureWrong], "another_issuer");
    }
    let late = read().check_bbs(key().public_key(), NOW.plus(90_000), Contexts::pinned());
    assert_eq!(late.flaws(), [Flaw::Expired]);
    // A proof of another suite under a BBS key.
    let ordinary = crate::support::vc_issued(Algorithm::EdDsa);
    let read = UnverifiedCredential::read(ordinary).unwrap();
    let findings = read.check_bbs(key().public_key(), NOW, Contexts::pinned());
    assert_eq!(findings.flaws(), [Flaw::AlgorithmNotOfKey], "signature_under_bbs_key");
}

/// The last members of the CBOR: labels, numbers of the mandatory statements, of the others, presentation header.
#[test]
fn proof_values_refused() {
    let shown = shown();
    type Edit<'e> = &'e dyn Fn(&mut Vec<u8>);
    let last = |bytes: &Vec<u8>, back: usize| bytes.len() - back;
    // `nonce` and its head are six bytes; before them, numbers of one byte each.
    let read: [(&str, Flaw, Edit<'_>); 5] = [
        ("presentation_header_changed", Flaw::SignatureWrong, &|bytes| *bytes.last_mut().unwrap() ^= 1),
        ("index_repeated", Flaw::SignatureWrong, &|bytes| {
            let at = last(bytes, 7);
            bytes[at] = bytes[at - 1];
        }),
        ("index_beyond", Flaw::SignatureWrong, &|bytes| {
            let at = last(bytes, 7);
            bytes.splice(at..=at, [0x19, 0xff, 0xff]).for_each(drop);
        }),
        ("index_changed", Flaw::SignatureWrong, &|bytes| {
            let at = last(bytes, 7);
            bytes[at] -= 1;
        }),
        ("proof_changed", Flaw::SignatureWrong, &|bytes| bytes[7 + 3 * 48 + 31] ^= 1),
    ];
    for (name, flaw, change) in read {
        let changed = with_value(shown.clone(), |bytes| change(bytes));
        assert_eq!(flaws(changed).first(), Some(&flaw), "{name}");
    }
    let malformed: [(&str, Edit<'_>); 9] = [
        ("cbor_cut_off", &|bytes| bytes.truncate(bytes.len() - 1)),
        ("cbor_goes_on", &|bytes| bytes.push(0)),
        ("cbor_other_kind", &|bytes| bytes[2] = 2),
        ("cbor_kind_of_another_suite", &|bytes| bytes[2] = 1),
        ("cbor_length_huge", &|bytes| {
            bytes.splice(3.., [0x9b, 255, 255, 255, 255, 255, 255, 255, 255]).for_each(drop);
        }),
        ("cbor_number_spelt_longer", &|bytes| {
            let at = last(bytes, 7);
            bytes.splice(at..at, [0x18]).for_each(drop);
        }),
        ("proof_point_not_of_the_curve", &|bytes| bytes[7] &= 0x7f),
        ("proof_point_identity", &|bytes| {
            bytes[7..55].fill(0);
            bytes[7] = 0xc0;
        }),
        ("presentation_header_endless", &|bytes| {
            let at = last(bytes, 6);
            bytes.truncate(at);
            bytes.extend([0x59, 0x04, 0x01]);
            bytes.extend([0; 1025]);
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

/// Base proofs: the header and the key stand in them, and must be those of the document and the issuer.
#[test]
fn base_proofs_refused() {
    let issued = Value::Object(issued());
    // Three bytes of kind; the array; two bytes and the signature; two and the header; two and the key; two and the label key.
    for (name, at) in [("signature", 6 + 79), ("header", 88), ("key", 152), ("label_key", 250)] {
        let changed = with_value(issued.clone(), |bytes| bytes[at] ^= 1);
        match UnverifiedCredential::read(changed) {
            Ok(read) => {
                let findings = read.check_bbs(key().public_key(), NOW, Contexts::pinned());
                assert_eq!(findings.flaws().first(), Some(&Flaw::SignatureWrong), "{name}");
            }
            Err(error) => assert_eq!(error, ParseError::ProofValue, "{name}"),
        }
    }
}

#[test]
fn base_proof_under_another_key() {
    let other = SecretKey::generate(&mut testkit::rng(9));
    let changed = with_value(Value::Object(issued()), |bytes| {
        assert_eq!(bytes[152..154], [0x58, 96]);
        bytes[154..250].copy_from_slice(other.public_key().to_bytes());
    });
    assert_eq!(flaws(changed), [Flaw::SignatureWrong]);
}

/// A map of labels that does not rise says the same in other bytes.
#[test]
fn labels_in_another_order() {
    let issued = signed(vc_issuance(), Vec::new()).unwrap();
    let pointers = ["/issuer", "/credentialStatus"].map(str::to_owned);
    let shown = derive(&issued, &pointers, b"", Contexts::pinned(), &mut testkit::rng(2)).unwrap();
    let turned = with_value(shown, |bytes| {
        let proof = usize::from(u16::from_be_bytes([bytes[5], bytes[6]]));
        let head = 7 + proof;
        assert!(bytes[head] > 0xa1 && bytes[head + 1] == 0 && bytes[head + 3] == 1);
        bytes[head + 1..head + 5].rotate_left(2);
    });
    assert_eq!(UnverifiedCredential::read(turned).err(), Some(ParseError::ProofValue));
}

/// Kinds of proof that are not taken, by their first bytes (BBS cryptosuites §3.3.1, §3.3.6).
#[test]
fn features_refused_by_name() {
    for (kinds, feature) in [(4..=5, "anonymous holder binding"), (6..=9, "pseudonym")] {
        for kind in kinds {
            let of_kind = with_value(shown(), |bytes| bytes[2] = kind);
            assert_eq!(UnverifiedCredential::read(of_kind).err(), Some(ParseError::ProofFeature(feature)));
        }
    }
}

#[test]
fn nothing_to_derive() {
    let issued = issued();
    let try_with = |credential: &Map<String, Value>, pointers: &[&str], ph: &[u8]| {
        let pointers: Vec<String> = pointers.iter().map(|&pointer| pointer.to_owned()).collect();
        derive(credential, &pointers, ph, Contexts::pinned(), &mut testkit::rng(3)).err()
    };
    for pointer in ["", "credentialSubject", "/nothing", "/credentialSubject/~2", "/credentialStatus/00"] {
        let error = try_with(&issued, &[pointer], b"");
        assert_eq!(error, Some(DeriveError::JsonLd(JsonLdError::Pointer)), "{pointer:?}");
    }
    assert_eq!(try_with(&object(&shown()), &[], b""), Some(DeriveError::NoBaseProof), "derived_twice");
    let mut changed = issued.clone();
    changed["credentialSubject"]["address"] = json!(["a", "b"]);
    assert_eq!(try_with(&changed, &CHOSEN, b""), Some(DeriveError::Bbs(BbsError::SignatureWrong)));
    assert_eq!(try_with(&issued, &CHOSEN, &[0; 1025]), Some(DeriveError::Bbs(BbsError::TooMuch)));
    assert_eq!(signed_twice(&issued), Some(IssueError::HasProof));
    let bare = signed(vc_issuance(), Vec::new()).unwrap();
    assert_eq!(try_with(&bare, &[], b""), Some(DeriveError::JsonLd(JsonLdError::Pointer)), "nothing_shown");
    let wrong = signed(vc_issuance(), vec!["/nothing".to_owned()]);
    assert_eq!(wrong.err(), Some(IssueError::JsonLd(JsonLdError::Pointer)));
}

fn signed_twice(issued: &Map<String, Value>) -> Option<IssueError> {
    let options = vc_issuance().document().unwrap().1;
    let issuing =
        Issuing { document: issued.clone(), options, mandatory: mandatory(), contexts: Contexts::pinned() };
    issuing.sign(&key(), &LabelKey::generate(&mut testkit::rng(7))).err()
}
