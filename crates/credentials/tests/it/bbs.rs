//! BBS signatures: the draft's fixtures for BLS12-381-SHA-256 (draft-irtf-cfrg-bbs-signatures, `fixture_data`), and what is
//! refused.

use credentials::bbs::{BbsError, Disclosed, MAX_MESSAGES, Proof, PublicKey, SecretKey, Signature, prove};
use credentials::key::{BadSignature, KeyError};
use rand_core::{CryptoRng, RngCore};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::ld_support::Folder;

/// The draft's mocked random scalars (§8.1): `expand_message` of a seed under the suite's tag and a purpose, from its beginning each
/// time.
pub(crate) struct Mocked(Vec<u8>);

impl Mocked {
    pub(crate) fn new(seed: &[u8], purpose: &str, scalars: usize) -> Self {
        let tag = [b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_HM2S_".as_slice(), purpose.as_bytes()].concat();
        let length = u16::try_from(48 * scalars).unwrap();
        let tagged = [tag.as_slice(), &[u8::try_from(tag.len()).unwrap()]].concat();
        let hash = |parts: &[&[u8]]| Sha256::digest([&parts.concat(), tagged.as_slice()].concat());
        let first = hash(&[&[0; 64], seed, &length.to_be_bytes(), &[0]]);
        let mut block = hash(&[&first, &[1]]);
        let mut bytes = block.to_vec();
        for number in 2.. {
            if bytes.len() >= usize::from(length) {
                break;
            }
            let mixed: Vec<u8> = first.iter().zip(&block).map(|(a, b)| a ^ b).collect();
            block = hash(&[&mixed, &[number]]);
            bytes.extend(block);
        }
        bytes.truncate(usize::from(length));
        Self(bytes)
    }
}

impl RngCore for Mocked {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, to: &mut [u8]) {
        to.copy_from_slice(&self.0[..to.len()]);
        self.0.drain(..to.len());
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(to);
        Ok(())
    }
}

impl CryptoRng for Mocked {}

pub(crate) fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn all(list: &Value) -> Vec<Vec<u8>> {
    list.as_array().unwrap().iter().map(unhex).collect()
}

fn slices(list: &[Vec<u8>]) -> Vec<&[u8]> {
    list.iter().map(Vec::as_slice).collect()
}

fn public_key(value: &Value) -> PublicKey {
    PublicKey::from_bytes(&unhex(value).try_into().unwrap()).unwrap()
}

fn signature(bytes: &[u8]) -> Signature {
    Signature::from_bytes(bytes.try_into().unwrap()).unwrap()
}

const PURPOSE: &str = "MOCK_RANDOM_SCALARS_DST_";
const SEED: &[u8] = b"3.141592653589793238462643383279";

#[test]
fn draft_fixtures_signatures() {
    let Some(folder) = Folder::open("bbs-fixtures/fixture_data/bls12-381-sha-256") else { return };
    let pair = folder.json("keypair.json");
    let made = SecretKey::from_material(&unhex(&pair["keyMaterial"]), &unhex(&pair["keyInfo"])).unwrap();
    assert_eq!(made.to_bytes().as_slice(), unhex(&pair["keyPair"]["secretKey"]));
    assert_eq!(made.public_key().to_bytes().as_slice(), unhex(&pair["keyPair"]["publicKey"]));

    for number in 1..=10 {
        let case = folder.json(&format!("signature/signature{number:03}.json"));
        let key =
            SecretKey::from_bytes(&unhex(&case["signerKeyPair"]["secretKey"]).try_into().unwrap()).unwrap();
        // In one case the public key is another pair's.
        let public = public_key(&case["signerKeyPair"]["publicKey"]);
        let (header, messages) = (unhex(&case["header"]), all(&case["messages"]));
        let given = unhex(&case["signature"]);
        let is_valid = case["result"]["valid"].as_bool().unwrap();
        let verdict = public.verify(&header, &slices(&messages), &signature(&given));
        assert_eq!(verdict.is_ok(), is_valid, "{number}: {}", case["caseName"]);
        let again = key.sign(&header, &slices(&messages)).unwrap().to_bytes();
        let is_again = is_valid || public != *key.public_key();
        assert_eq!(again.as_slice() == given, is_again, "{number}");
    }
}

#[test]
fn draft_fixtures_proofs() {
    let Some(folder) = Folder::open("bbs-fixtures/fixture_data/bls12-381-sha-256") else { return };
    let mocked = folder.json("mockedRng.json");
    assert_eq!(unhex(&mocked["seed"]), SEED);
    for number in 1..=15 {
        let case = folder.json(&format!("proof/proof{number:03}.json"));
        let key = public_key(&case["signerPublicKey"]);
        let (header, ph) = (unhex(&case["header"]), unhex(&case["presentationHeader"]));
        let messages = all(&case["messages"]);
        let indexes: Vec<usize> = serde_json::from_value(case["disclosedIndexes"].clone()).unwrap();
        let is_valid = case["result"]["valid"].as_bool().unwrap();
        let given = unhex(&case["proof"]);
        let shown: Vec<&[u8]> = indexes.iter().map(|at| messages[*at].as_slice()).collect();
        let disclosed =
            Disclosed { header: &header, presentation_header: &ph, messages: &shown, indexes: &indexes };
        let verdict = Proof::from_bytes(&given).ok_or(BadSignature);
        let verdict = verdict.and_then(|proof| key.verify_proof(&proof, &disclosed));
        assert_eq!(verdict.is_ok(), is_valid, "{number}: {}", case["caseName"]);
        if is_valid {
            let count = 5 + messages.len() - indexes.len();
            let by = signature(&unhex(&case["signature"]));
            let mut rng = Mocked::new(SEED, PURPOSE, count);
            let again = prove(&key, &by, (&header, &ph), &slices(&messages), &indexes, &mut rng).unwrap();
            assert_eq!(hex::encode(again.to_bytes()), hex::encode(given), "{number}");
        }
    }
}

/// The first of each, restated: a clone alone proves the core.
#[test]
fn first_fixtures() {
    let key = SecretKey::from_material(
        b"this-IS-just-an-Test-IKM-to-generate-$e(r@t#-key",
        b"this-IS-some-key-metadata-to-be-used-in-test-key-gen",
    )
    .unwrap();
    assert_eq!(
        hex::encode(key.to_bytes().as_slice()),
        "60e55110f76883a13d030b2f6bd11883422d5abde717569fc0731f51237169fc"
    );
    let message = hex::decode("9872ad089e452c7b6e283dfac2a80d58e8d0ff71cc4d5e310a1debdda4a45f02").unwrap();
    let header = hex::decode("11223344556677889900aabbccddeeff").unwrap();
    let made = key.sign(&header, &[&message]).unwrap();
    assert_eq!(
        hex::encode(made.to_bytes()),
        "84773160b824e194073a57493dac1a20b667af70cd2352d8af241c77658da5253aa8458317cca0eae615690d55b1f271\
         64657dcafee1d5c1973947aa70e2cfbb4c892340be5969920d0916067b4565a0"
    );
    let ph = hex::decode("bed231d880675ed101ead304512e043ade9958dd0241ea70b4b3957fba941501").unwrap();
    let mut rng = Mocked::new(SEED, PURPOSE, 5);
    let proof = prove(key.public_key(), &made, (&header, &ph), &[&message], &[0], &mut rng).unwrap();
    assert_eq!(
        hex::encode(proof.to_bytes()),
        "94916292a7a6bade28456c601d3af33fcf39278d6594b467e128a3f83686a104ef2b2fcf72df0215eeaf69262ffe8194\
         a19fab31a82ddbe06908985abc4c9825788b8a1610942d12b7f5debbea8985296361206dbace7af0cc834c80f33e0aad\
         aeea5597befbb651827b5eed5a66f1a959bb46cfd5ca1a817a14475960f69b32c54db7587b5ee3ab665fbd37b506830a\
         49f21d592f5e634f47cee05a025a2f8f94e73a6c15f02301d1178a92873b6e8634bafe4983c3e15a663d64080678dbf2\
         9417519b78af042be2b3e1c4d08b8d520ffab008cbaaca5671a15b22c239b38e940cfeaa5e72104576a9ec4a6fad78c5\
         32381aeaa6fb56409cef56ee5c140d455feeb04426193c57086c9b6d397d9418"
    );
}

struct World {
    key: SecretKey,
    messages: Vec<Vec<u8>>,
    signature: Signature,
}

const SHOWN: [usize; 3] = [1, 4, 7];
const HEADERS: (&[u8], &[u8]) = (b"header", b"nonce");

fn world() -> World {
    let key = SecretKey::generate(&mut testkit::rng(1));
    let messages: Vec<Vec<u8>> = (0..9).map(|number| format!("message {number}").into_bytes()).collect();
    let signature = key.sign(HEADERS.0, &slices(&messages)).unwrap();
    World { key, messages, signature }
}

impl World {
    fn prove(&self, seed: u64) -> Proof {
        let (list, mut rng) = (slices(&self.messages), testkit::rng(seed));
        prove(self.key.public_key(), &self.signature, HEADERS, &list, &SHOWN, &mut rng).unwrap()
    }

    fn verify(&self, proof: &Proof, indexes: &[usize], headers: (&[u8], &[u8])) -> Result<(), BadSignature> {
        let shown: Vec<&[u8]> = SHOWN.iter().map(|at| self.messages[*at].as_slice()).collect();
        self.key.public_key().verify_proof(
            proof,
            &Disclosed { header: headers.0, presentation_header: headers.1, messages: &shown, indexes },
        )
    }
}

/// Two proofs of one signature have no 16 bytes in common, wherever they stand.
#[test]
fn proofs_share_no_bytes() {
    let world = world();
    let (one, two) = (world.prove(2), world.prove(3));
    for proof in [&one, &two] {
        assert_eq!(world.verify(proof, &SHOWN, HEADERS), Ok(()));
        assert_eq!(proof.hidden(), 6);
    }
    let (one, two) = (one.to_bytes(), two.to_bytes());
    assert!(!one.windows(16).any(|part| two.windows(16).any(|other| part == other)));
    let signature = world.signature.to_bytes();
    assert!(!one.windows(16).any(|part| signature.windows(16).any(|other| part == other)));
}

#[test]
fn proofs_refused() {
    let world = world();
    let proof = world.prove(2);
    let bytes = proof.to_bytes();
    assert_eq!(Proof::from_bytes(&bytes).as_ref(), Some(&proof));
    // Each of its parts, changed by one: if it can still be read, it does not verify.
    for at in (0..bytes.len()).filter(|at| at % 16 == 15) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let verdict = Proof::from_bytes(&changed).map(|proof| world.verify(&proof, &SHOWN, HEADERS));
        assert_ne!(verdict, Some(Ok(())), "byte {at}");
    }
    type Indexes = &'static [usize];
    let indexes: [(&str, Indexes); 5] = [
        ("another_index", &[1, 4, 8]),
        ("index_repeated", &[1, 4, 4]),
        ("indexes_fall", &[4, 1, 7]),
        ("index_beyond", &[1, 4, 9]),
        ("index_missing", &[1, 4]),
    ];
    for (name, indexes) in indexes {
        assert_eq!(world.verify(&proof, indexes, HEADERS), Err(BadSignature), "{name}");
    }
    let long = vec![0; 1025];
    let headers: [(&str, &[u8], &[u8]); 4] = [
        ("another_header", b"Header", b"nonce"),
        ("another_presentation_header", b"header", b"Nonce"),
        ("headers_merged", b"headern", b"once"),
        ("presentation_header_too_long", b"header", &long),
    ];
    for (name, header, presentation) in headers {
        assert_eq!(world.verify(&proof, &SHOWN, (header, presentation)), Err(BadSignature), "{name}");
    }
    // Four of the hidden answers taken away: the generators would be others.
    let mut shorter = bytes.clone();
    shorter.drain(272 - 32..272 - 32 + 4 * 32);
    let shorter = Proof::from_bytes(&shorter).unwrap();
    assert_eq!(world.verify(&shorter, &SHOWN, HEADERS), Err(BadSignature), "answers_missing");
}

/// The order of the scalars, and that of the field that coordinates are in.
const ORDER: &str = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
const FIELD: &str =
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";

/// Points that have another spelling or belong elsewhere.
fn bad_points() -> Vec<(&'static str, Vec<u8>)> {
    let identity = [[0xc0].as_slice(), &[0; 47]].concat();
    let mut identity_signed = identity.clone();
    identity_signed[0] = 0xe0;
    let mut identity_goes_on = identity.clone();
    identity_goes_on[47] = 1;
    let mut field = hex::decode(FIELD).unwrap();
    field[0] |= 0x80;
    // x = 0 is on the curve (y² = 4), but of order 3.
    let order_three = [[0x80].as_slice(), &[0; 47]].concat();
    let mut not_compressed = world().signature.to_bytes()[..48].to_vec();
    not_compressed[0] &= 0x7f;
    vec![
        ("identity", identity),
        ("identity_with_sign", identity_signed),
        ("identity_with_coordinate", identity_goes_on),
        ("coordinate_not_below_the_field", field),
        ("outside_the_subgroup", order_three),
        ("flag_of_compression_missing", not_compressed),
        ("zeros", vec![0; 48]),
        ("ones", vec![0xff; 48]),
    ]
}

fn bad_scalars() -> Vec<(&'static str, Vec<u8>)> {
    vec![("zero", vec![0; 32]), ("order", hex::decode(ORDER).unwrap()), ("ones", vec![0xff; 32])]
}

#[test]
fn encodings_refused() {
    let world = world();
    let (good_signature, good_proof) = (world.signature.to_bytes(), world.prove(2).to_bytes());
    for (name, point) in bad_points() {
        let mut changed = good_signature;
        changed[..48].copy_from_slice(&point);
        assert_eq!(Signature::from_bytes(&changed), None, "signature: {name}");
        for at in [0, 48, 96] {
            let mut changed = good_proof.clone();
            changed[at..at + 48].copy_from_slice(&point);
            assert_eq!(Proof::from_bytes(&changed), None, "proof at {at}: {name}");
        }
    }
    for (name, scalar) in bad_scalars() {
        let mut changed = good_signature;
        changed[48..].copy_from_slice(&scalar);
        assert_eq!(Signature::from_bytes(&changed), None, "signature: {name}");
        for at in (144..good_proof.len()).step_by(32) {
            let mut changed = good_proof.clone();
            changed[at..at + 32].copy_from_slice(&scalar);
            assert_eq!(Proof::from_bytes(&changed), None, "proof at {at}: {name}");
        }
        let scalar = scalar.try_into().unwrap();
        assert_eq!(SecretKey::from_bytes(&scalar).err(), Some(KeyError::Encoding), "key: {name}");
    }
    for length in [0, 47, 271, 273, 303, good_proof.len() - 1] {
        let mut bytes = good_proof.clone();
        bytes.truncate(length);
        assert_eq!(Proof::from_bytes(&bytes), None, "{length} bytes");
    }
    let endless = [good_proof.as_slice(), &good_proof[144..176].repeat(MAX_MESSAGES)].concat();
    assert_eq!(Proof::from_bytes(&endless), None, "too many answers");
}

#[test]
fn keys_refused() {
    let key = world().key;
    let public = key.public_key();
    let text = public.to_multikey();
    assert!(text.starts_with("zUC7"));
    assert_eq!(PublicKey::from_multikey(&text).as_ref(), Ok(public));
    assert_eq!(PublicKey::from_did_key(&public.did_key_method()).as_ref(), Ok(public));
    let with = |change: &dyn Fn(&mut [u8; 96])| {
        let mut bytes = *public.to_bytes();
        change(&mut bytes);
        PublicKey::from_bytes(&bytes).err()
    };
    assert_eq!(with(&|bytes| bytes[0] &= 0x7f), Some(KeyError::NotOnCurve), "not_compressed");
    let identity = |bytes: &mut [u8; 96]| {
        *bytes = [0; 96];
        bytes[0] = 0xc0;
    };
    assert_eq!(with(&identity), Some(KeyError::SmallOrder), "identity");
    // The first coordinates after 0 that are on the twist: none of them is of the subgroup.
    let found = (0..16).map(|last| {
        with(&|bytes| {
            *bytes = [0; 96];
            (bytes[0], bytes[95]) = (0x80, last);
        })
    });
    assert!(found.into_iter().all(|error| error == Some(KeyError::NotOnCurve)), "outside_the_subgroup");
    let cut = [&[0xeb, 0x01], &public.to_bytes()[..95]].concat();
    let cut = format!("z{}", bs58::encode(cut).into_string());
    let wrong_texts = [
        ("base", text.replacen('z', "u", 1), KeyError::Encoding),
        ("cut", cut, KeyError::Encoding),
        ("other_kind", "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2".to_owned(), KeyError::Unsupported),
        ("endless", format!("z{}", "1".repeat(200)), KeyError::Encoding),
    ];
    for (name, text, error) in wrong_texts {
        assert_eq!(PublicKey::from_multikey(&text), Err(error), "{name}");
    }
    assert!(PublicKey::from_did_key(&format!("did:key:{text}#key-1")).is_err());
    assert!(PublicKey::from_did_key(&format!("did:web:{text}")).is_err());
    assert!(SecretKey::from_material(&[7; 31], b"").is_err());
    // Nothing of the key is shown.
    assert!(!format!("{key:?}").contains(&hex::encode(key.to_bytes().as_slice())));
}

#[test]
fn bounds() {
    let World { key, messages, signature } = world();
    let list = slices(&messages);
    let public = key.public_key();
    let mut rng = testkit::rng(4);
    let too_many = vec![b"x".as_slice(); MAX_MESSAGES + 1];
    assert_eq!(key.sign(b"", &too_many), Err(BbsError::TooMuch));
    assert_eq!(key.sign(&[0; 1025], &list), Err(BbsError::TooMuch));
    assert_eq!(public.verify(b"", &too_many, &signature), Err(BadSignature));
    let mut prove = |ph: &[u8], list: &[&[u8]], shown: &[usize]| {
        prove(public, &signature, (HEADERS.0, ph), list, shown, &mut rng).map(|_| ())
    };
    assert_eq!(prove(&[0; 1025], &list, &[0]), Err(BbsError::TooMuch));
    assert_eq!(prove(b"", &list, &[0, 0]), Err(BbsError::Indexes));
    assert_eq!(prove(b"", &list, &[9]), Err(BbsError::Indexes));
    assert_eq!(prove(b"", &list[1..], &[0]), Err(BbsError::SignatureWrong));
    assert_eq!(prove(b"", &list, &[]), Ok(()));
    assert_eq!(prove(b"", &list, &[0, 1, 2, 3, 4, 5, 6, 7, 8]), Ok(()));
    // No messages at all: the header alone is signed.
    let bare = key.sign(b"header", &[]).unwrap();
    assert_eq!(public.verify(b"header", &[], &bare), Ok(()));
    assert_eq!(public.verify(b"Header", &[], &bare), Err(BadSignature));
}

/// A message beside those that the numbers name is no part of what was signed.
#[test]
fn a_message_more_than_numbers() {
    let world = world();
    let proof = world.prove(3);
    let verify = |messages: &[&[u8]]| {
        let (header, presentation_header) = HEADERS;
        let disclosed = Disclosed { header, presentation_header, messages, indexes: &SHOWN };
        world.key.public_key().verify_proof(&proof, &disclosed)
    };
    let mut shown: Vec<&[u8]> = SHOWN.iter().map(|at| world.messages[*at].as_slice()).collect();
    assert_eq!(verify(&shown), Ok(()));
    assert_eq!(verify(&shown[1..]), Err(BadSignature), "one_less");
    shown.push(b"forged");
    assert_eq!(verify(&shown), Err(BadSignature), "one_more");
}
