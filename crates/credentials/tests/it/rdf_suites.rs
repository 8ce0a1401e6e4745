//! The suites over RDF and on P-384: the W3C's vectors, byte for byte.

use credentials::data_integrity::{
    Cryptosuite, Making, Prepared, ProofOptions, Purpose, Reading, UnverifiedCredential,
};
use credentials::jsonld::Contexts;
use credentials::key::{Algorithm, SelfContained, Signer, SoftwareKey};
use credentials::rdf::{HashAlgorithm, Work};
use credentials::{Flaw, UnixSeconds};
use serde_json::{Map, Value, json};

use crate::ld_support::{Change, Folder, object, w3c_contexts};

/// A Multikey text of a private key: base58 of two bytes that say which, and the secret.
pub(crate) fn secret_key(multibase: &str) -> SoftwareKey {
    let bytes = bs58::decode(multibase.strip_prefix('z').unwrap()).into_vec().unwrap();
    let algorithm = match bytes[..2] {
        [0x80, 0x26] => Algorithm::EdDsa,
        [0x86, 0x26] => Algorithm::Es256,
        [0x87, 0x26] => Algorithm::Es384,
        _ => unreachable!("another kind of key"),
    };
    SoftwareKey::from_secret_bytes(algorithm, &bytes[2..]).unwrap()
}

/// What a proof in the vectors says, to be made again.
pub(crate) fn options_of(proof: &Value) -> ProofOptions {
    ProofOptions {
        verification_method: proof["verificationMethod"].as_str().unwrap().to_owned(),
        purpose: Purpose::AssertionMethod,
        created: proof["created"].as_str().map(|text| UnixSeconds::parse_rfc3339(text).unwrap()),
        expires: None,
        challenge: None,
        domain: None,
    }
}

/// Two proof values are the same signature. ECDSA has two for each message: `s`, and its mirror.
fn assert_same(algorithm: Algorithm, made: &Value, given: &Value, name: &str) {
    let bytes = |value: &Value| bs58::decode(&value.as_str().unwrap()[1..]).into_vec().unwrap();
    let (made, given) = (bytes(made), bytes(given));
    match algorithm {
        Algorithm::EdDsa => assert_eq!(made, given, "{name}"),
        _ => assert_eq!(made[..made.len() / 2], given[..given.len() / 2], "{name}"),
    }
}

fn canonical(contexts: &Contexts, document: &Map<String, Value>, hash: HashAlgorithm) -> String {
    contexts.to_rdf(document).unwrap().canonicalize(hash, Work::default()).unwrap().lines().concat()
}

/// EdDSA cryptosuites 1.0 §B.2: from the seed there the proof value there, without any file.
#[test]
fn w3c_eddsa_rdfc_2022_is_issued_byte_for_byte() {
    let key = secret_key("z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq");
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
    let contexts = w3c_contexts();
    let options = options_of(&json!({
        "verificationMethod": key.public_key().did_key().verification_method,
        "created": "2023-02-24T23:36:38Z"
    }));
    let making = Making { contexts: &contexts, ..Making::with(Cryptosuite::EddsaRdfc2022) };
    let prepared = Prepared::beside(object(&document), options, key.public_key(), &making).unwrap();
    assert_eq!(
        hex::encode(prepared.bytes()),
        "bea7b7acfbad0126b135104024a5f1733e705108f42d59668b05c0c50004c6b0\
         517744132ae165a5349155bef0bb0cf2258fff99dfe1dbd914b938d775a36017"
    );
    let secured = prepared.sign(&key).unwrap();
    assert_eq!(
        secured["proof"]["proofValue"],
        "z2YwC8z3ap7yx1nZYCg4L3j3ApHsF8kgPdSb5xoS1VR7vPG3F561B52hYnQF9iseabecm3ijx4K1FBTQsCZahKZme"
    );
}

/// Each secured credential of the vectors: verified, its canonical form and hashes compared, and issued again.
#[test]
fn w3c_files() {
    let contexts = w3c_contexts();
    for (folder, suffix, keys) in [
        ("vc-di-eddsa/eddsa-rdfc-2022", "DataInt", "vc-di-eddsa/keyPair.json"),
        ("vc-di-eddsa/eddsa-rdfc-2022/employ", "DataInt", "vc-di-eddsa/keyPair.json"),
        ("vc-di-ecdsa/ecdsa-rdfc-2019-p256", "ECDSAP256", "vc-di-ecdsa/p256KeyPair.json"),
        ("vc-di-ecdsa/ecdsa-rdfc-2019-p256/employ", "ECDSAP256", "vc-di-ecdsa/p256KeyPair.json"),
        ("vc-di-ecdsa/ecdsa-rdfc-2019-p384", "ECDSAP384", "vc-di-ecdsa/p384KeyPair.json"),
        ("vc-di-ecdsa/ecdsa-rdfc-2019-p384/employ", "ECDSAP384", "vc-di-ecdsa/p384KeyPair.json"),
        ("vc-di-ecdsa/ecdsa-jcs-2019-p384", "JCSECDSAP384", "vc-di-ecdsa/p384KeyPair.json"),
    ] {
        let (Some(files), Some(root)) = (Folder::open(folder), Folder::open("")) else { return };
        let keys = root.json(keys);
        let secret = keys.get("secretKeyMultibase").or(keys.get("privateKeyMultibase")).unwrap();
        let key = secret_key(secret.as_str().unwrap());
        let algorithm = key.algorithm();
        let secured = files.json(&format!("signed{suffix}.json"));
        let mut document = object(&secured);
        let proof = document.remove("proof").unwrap();
        let suite = Cryptosuite::named(proof["cryptosuite"].as_str().unwrap()).unwrap();
        let hash = match algorithm {
            Algorithm::Es384 => HashAlgorithm::Sha384,
            _ => HashAlgorithm::Sha256,
        };
        if suite.is_rdf() {
            let expected = files.text(&format!("canonDoc{suffix}.txt"));
            assert_eq!(canonical(&contexts, &document, hash), expected, "{folder}");
            let config = files.object(&format!("proofConfig{suffix}.json"));
            let expected = files.text(&format!("proofCanon{suffix}.txt"));
            assert_eq!(canonical(&contexts, &config, hash), expected, "{folder}");
        }

        let read = UnverifiedCredential::read(secured).unwrap();
        let named = SelfContained::parse(read.verification_method()).unwrap();
        assert_eq!(&named.key, key.public_key(), "{folder}");
        assert_eq!(read.check_proof_with(&named.key, &contexts), Ok(()), "{folder}");
        let mut making = Making { contexts: &contexts, ..Making::with(suite) };
        let prepared = Prepared::beside(document.clone(), options_of(&proof), &named.key, &making).unwrap();
        assert_eq!(
            hex::encode(prepared.bytes()),
            files.text(&format!("combinedHash{suffix}.txt")),
            "{folder}"
        );
        let again = prepared.sign(&key).unwrap();
        assert_same(algorithm, &again["proof"]["proofValue"], &proof["proofValue"], folder);

        // The same signature under another suite's name is refused.
        making.cryptosuite =
            if suite.is_rdf() { Cryptosuite::of(algorithm) } else { Cryptosuite::EcdsaRdfc2019 };
        let mut other = again;
        other["proof"]["cryptosuite"] = making.cryptosuite.name().into();
        let other = UnverifiedCredential::read(other).unwrap();
        assert_eq!(other.check_proof_with(&named.key, &contexts), Err(Flaw::SignatureWrong), "{folder}");
    }
}

fn keys_named(method: &str) -> Option<credentials::key::PublicKey> {
    SelfContained::parse(method).ok().map(|named| named.key)
}

/// Data Integrity 1.0 §4.3 and §4.5: sets and chains of proofs of the vectors, verified and made again.
#[test]
fn w3c_sets_and_chains() {
    let Some(files) = Folder::open("vc-di-eddsa/proof-set-chain") else { return };
    let contexts = w3c_contexts();
    let pairs = files.json("multiKeyPairs.json");
    let several = Reading { several_proofs: true, ..Reading::default() };
    for name in ["signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2"] {
        let secured = files.json(&format!("{name}.json"));
        let read = UnverifiedCredential::read_as(secured.clone(), several).unwrap();
        let methods: Vec<String> = read.verification_methods().map(str::to_owned).collect();
        for (at, method) in methods.iter().enumerate() {
            let key = keys_named(method).unwrap();
            assert_eq!(read.check_proof_at(at, &key, &contexts), Ok(()), "{name} {at}");
        }
        // Made again, proof by proof.
        let mut document = object(&secured);
        let proofs = match document.remove("proof").unwrap() {
            Value::Array(list) => list,
            one => vec![one],
        };
        for proof in &proofs {
            let multikey = proof["verificationMethod"].as_str().unwrap().rsplit('#').next().unwrap();
            let pair =
                pairs.as_object().unwrap().values().find(|pair| pair["publicKeyMultibase"] == multikey);
            let key = secret_key(pair.unwrap()["privateKeyMultibase"].as_str().unwrap());
            let previous = match &proof["previousProof"] {
                Value::Array(list) => list.iter().map(|id| id.as_str().unwrap().to_owned()).collect(),
                Value::String(id) => vec![id.clone()],
                _ => Vec::new(),
            };
            let making = Making {
                contexts: &contexts,
                id: proof["id"].as_str().map(str::to_owned),
                previous,
                ..Making::with(Cryptosuite::EddsaRdfc2022)
            };
            let prepared = Prepared::beside(document, options_of(proof), key.public_key(), &making).unwrap();
            document = object(&prepared.sign(&key).unwrap());
        }
        match &document["proof"] {
            Value::Array(made) => assert_eq!(made, &proofs, "{name}"),
            one => assert_eq!(std::slice::from_ref(one), proofs, "{name}"),
        }
    }
}

/// A chain with a link changed, missing, or named twice.
#[test]
fn broken_chains() {
    let contexts = Contexts::pinned();
    let keys = [1, 2].map(|seed| crate::support::key(seed, Algorithm::EdDsa));
    let issuer = keys[0].public_key().did_key();
    let mut document = object(&json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": issuer.did,
        "credentialSubject": {"id": "did:example:a", "name": "a"}
    }));
    for (key, id, previous) in
        [(&keys[0], "urn:1", Vec::new()), (&keys[1], "urn:2", vec!["urn:1".to_owned()])]
    {
        let options =
            options_of(&json!({"verificationMethod": key.public_key().did_key().verification_method}));
        let making = Making { id: Some(id.to_owned()), previous, ..Making::with(Cryptosuite::EddsaRdfc2022) };
        let prepared = Prepared::beside(document, options, key.public_key(), &making).unwrap();
        document = object(&prepared.sign(key).unwrap());
    }
    let chain = Value::Object(document);
    let several = Reading { several_proofs: true, ..Reading::default() };
    let verify = |chain: Value| {
        let read = UnverifiedCredential::read_as(chain, several).unwrap();
        read.verify_all(&keys_named, crate::support::NOW, contexts)
            .map_err(|refused| refused.flaws().to_vec())
    };
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut chain = chain.clone();
        change(&mut chain["proof"]);
        verify(chain).err().unwrap_or_default()
    };
    assert!(verify(chain.clone()).is_ok());
    let cases: [(&str, Vec<Flaw>, Change<'_>); 6] = [
        ("previous_missing", vec![Flaw::SignatureWrong, Flaw::ProofChainBroken], &|proof| {
            proof[0]["id"] = "urn:0".into();
        }),
        ("previous_twice", vec![Flaw::ProofChainBroken], &|proof| {
            let mut list = proof.as_array().unwrap().clone();
            list.push(list[0].clone());
            *proof = list.into();
        }),
        ("previous_is_itself", vec![Flaw::ProofChainBroken], &|proof| {
            proof[1]["previousProof"] = "urn:2".into();
        }),
        ("previous_dropped", vec![Flaw::SignatureWrong], &|proof| {
            proof[1].as_object_mut().unwrap().remove("previousProof");
        }),
        ("first_proof_removed", vec![Flaw::ProofChainBroken, Flaw::KeyOfAnotherController], &|proof| {
            *proof = json!([proof[1]]);
        }),
        ("first_proof_changed", vec![Flaw::SignatureWrong, Flaw::SignatureWrong], &|proof| {
            proof[0]["created"] = "2026-01-01T00:00:00Z".into();
        }),
    ];
    for (name, flaws, change) in cases {
        let mut found = changed(change);
        if name == "first_proof_changed" {
            found.retain(|flaw| *flaw == Flaw::SignatureWrong);
        }
        assert_eq!(found, flaws, "{name}");
    }
    let read = UnverifiedCredential::read_as(chain, several).unwrap();
    assert_eq!(read.check_proof(keys[1].public_key()), Err(Flaw::ProofChainBroken), "chain_as_single");
}
