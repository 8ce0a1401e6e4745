//! Offline QR: what comes back is what went in, and whatever else a camera sees ends in an error with a name.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test builds on must hold")]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use proptest::prelude::*;
use protocol::jwt::NumericDate;
use protocol::offline::{
    Answer, Ask, BadOfflineRequest, Binding, Collected, Collector, FrameError, FrameSize, MAX_FRAMES,
    MAX_PAYLOAD, Message, MessageError, OfflineRequest, TooLarge, frames, one_way_nonce, place_of,
};
use protocol::openid4vp::{ClientId, Presentation};
use serde_json::json;

fn collect(collector: &mut Collector, texts: &[String]) -> Result<Collected, FrameError> {
    let mut last = Err(FrameError::NotOurs);
    for text in texts {
        last = collector.add(text);
        last.clone()?;
    }
    last
}

fn whole(texts: &[String]) -> Vec<u8> {
    match collect(&mut Collector::default(), texts) {
        Ok(Collected::Whole(bytes)) => bytes,
        other => panic!("{other:?}"),
    }
}

/// Bytes that can't be squeezed, always the same (splitmix64).
fn noise(length: usize) -> Vec<u8> {
    let mix = |n: u64| {
        let n = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (n ^ (n >> 31)) as u8
    };
    (1..=length as u64).map(mix).collect()
}

/// A token that looks like a three-claim digital ID with key binding: as many bytes of digests and signatures.
fn token(nonce: &str) -> String {
    let digest = |n: usize| BASE64.encode(noise(32 * (n + 1)).split_off(32 * n));
    let did = "did:hui:anhui:z4BZp8kTwvfpymf84mHQuVYmFoUEW";
    let header = json!({ "alg": "ES256", "kid": format!("{did}#key-2"), "typ": "dc+sd-jwt" });
    let payload = json!({
        "_sd": (0..12).map(digest).collect::<Vec<_>>(), "_sd_alg": "sha-256",
        "cnf": { "jwk": { "crv": "P-256", "kty": "EC", "x": digest(12), "y": digest(13) } },
        "exp": 1_803_960_000, "iat": 1_772_424_000, "iss": did,
        "status": {
            "registry": { "idx": 70_000, "list": format!("{did}/status/1") },
            "status_list": { "idx": 70_000, "uri": "https://issuer.example/status/token/1" },
        },
        "vct": "urn:huizheng:digital-id:1",
    });
    let claim = |n: usize, name: &str, value: serde_json::Value| {
        json!([BASE64.encode(&noise(16 * (n + 1))[16 * n..]), name, value])
    };
    let disclosures = [
        claim(0, "name", json!("方云舒")),
        claim(1, "ageOver18", json!(true)),
        claim(2, "idNumber", json!("11010519491231002X")),
    ];
    let binding = json!({
        "aud": "decentralized_identifier:did:hui:anhui:zNnLiu2Le3ca5hmNyoa8revSxkAD",
        "iat": 1_772_424_000, "nonce": nonce, "sd_hash": digest(14),
    });
    let encoded = |value: &serde_json::Value| BASE64.encode(value.to_string());
    let mut text = format!("{}.{}.{}", encoded(&header), encoded(&payload), BASE64.encode(noise(64)));
    for disclosure in &disclosures {
        text += &format!("~{}", encoded(disclosure));
    }
    let bound = json!({ "alg": "ES256", "typ": "kb+jwt" });
    text + &format!("~{}.{}.{}", encoded(&bound), encoded(&binding), BASE64.encode(noise(64)))
}

fn answer(staple: usize) -> Message {
    Message::Answer(Answer {
        nonce: "n-0123456789abcdef".to_owned(),
        presentations: vec![(
            "id".to_owned().try_into().unwrap(),
            Presentation::Text(token("n-0123456789abcdef")),
        )],
        staples: vec![noise(staple)],
    })
}

#[test]
fn a_message_comes_back_as_it_was() {
    let object = json!({ "type": ["VerifiablePresentation"], "note": "中文" });
    let mixed = Message::Answer(Answer {
        nonce: one_way_nonce("desk-3", [7; 16]),
        presentations: vec![
            ("a".to_owned().try_into().unwrap(), Presentation::Object(object.as_object().unwrap().clone())),
            ("b".to_owned().try_into().unwrap(), Presentation::Text(BASE64.encode(noise(700)))),
            ("c".to_owned().try_into().unwrap(), Presentation::Text("no token at all".to_owned())),
        ],
        staples: vec![],
    });
    let ask = Message::Ask(Ask { request: token("n"), staples: vec![noise(900), vec![0; 900]] });
    for message in [answer(1000), mixed, ask] {
        let bytes = message.to_bytes();
        assert!(Message::from_bytes(&bytes).unwrap() == message);
        for size in [FrameSize::CAMERA_720P, FrameSize::COARSE, FrameSize::of_characters(0)] {
            assert_eq!(whole(&frames(&bytes, size).unwrap()), bytes);
        }
    }
}

#[test]
fn a_three_claim_id_with_staples_fits_three_frames() {
    // Evidence of four records among 100,000 under four validators (ADR 0010: 2,571 B for three, 4,000 for five); one is
    // the status chunk, whose 512 bytes are nearly all zero.
    let Message::Answer(mut message) = answer(3_290 - 512) else { panic!("an answer") };
    message.staples[0].extend([0; 512]);
    let message = Message::Answer(message);
    let bytes = message.to_bytes();
    let texts = frames(&bytes, FrameSize::CAMERA_720P).unwrap();
    let bare = answer(0).to_bytes().len();
    println!(
        "token {} characters, {bare} bytes; with staples {} bytes, {} frames",
        token("n").len(),
        bytes.len(),
        texts.len()
    );
    assert!(texts.len() <= 3);
    assert!(texts.iter().all(|text| text.len() <= 2132));
    assert!(bare < token("n").len() * 2 / 3, "{bare}");
}

#[test]
fn frames_may_come_in_any_order_and_again_and_again() {
    let bytes = noise(5_000);
    let mut texts = frames(&bytes, FrameSize::COARSE).unwrap();
    assert!(texts.len() > 10);
    texts.reverse();
    let mut collector = Collector::default();
    for text in texts.iter().skip(1) {
        for _ in 0..3 {
            assert!(matches!(collector.add(text), Ok(Collected::Part { .. })));
        }
    }
    assert_eq!(collector.missing().collect::<Vec<_>>(), [texts.len() - 1]);
    // As a scanner types it.
    let typed = format!("{}\r\n", texts[0].to_ascii_lowercase());
    assert_eq!(collector.add(&typed), Ok(Collected::Whole(bytes)));
    assert_eq!(collector.missing().count(), 0);
}

#[test]
fn hostile_frames_have_names() {
    let mine = frames(&noise(3_000), FrameSize::COARSE).unwrap();
    let theirs = frames(&noise(2_999), FrameSize::COARSE).unwrap();
    let mut collector = Collector::default();
    assert!(collector.add(&mine[0]).is_ok());
    let swapped = mine[1].replacen(char::is_numeric, "$", 2);
    for (text, error) in [
        ("https://example.com", FrameError::NotOurs),
        ("HZ2:ABC.", FrameError::NotOurs),
        ("HZ1:ABC", FrameError::Length),
        ("HZ1:00.", FrameError::Length),
        ("HZ1:", FrameError::Length),
        ("HZ1:A_C.", FrameError::NotBase45),
        ("HZ1:GGW.", FrameError::NotBase45),
        (swapped.as_str(), FrameError::NotOurs),
        (&"A".repeat(1 << 20), FrameError::TooLong),
        (theirs[1].as_str(), FrameError::OtherCode),
    ] {
        assert_eq!(collector.add(text), Err(error), "{text:.20}");
    }
    let mut misread = mine[1].clone();
    let other = if misread.as_bytes()[50] == b'A' { "B" } else { "A" };
    misread.replace_range(50..51, other);
    assert!(matches!(collector.add(&misread), Err(FrameError::Misread | FrameError::NotBase45)));
    // What was collected before is still there.
    assert_eq!(collector.missing().count(), mine.len() - 1);
    assert_eq!(collect(&mut collector, &mine), Ok(Collected::Whole(noise(3_000))));
    // Another code, once the first was forgotten.
    assert!(collector.add(&mine[0]).is_ok());
    collector.clear();
    assert_eq!(collect(&mut collector, &theirs), Ok(Collected::Whole(noise(2_999))));
}

/// A frame of these parts with a right check, by the documented layout and nothing of the code under test.
fn forged(set: [u8; 8], length: u32, total: u8, number: u8, chunk: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let mut bytes = set.to_vec();
    bytes.extend(&length.to_be_bytes()[1..]);
    bytes.extend([total, number]);
    bytes.extend(chunk);
    let digest = Sha256::digest(&bytes);
    bytes.extend(&digest[..4]);
    let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let mut text = "HZ1:".to_owned();
    for pair in bytes.chunks(2) {
        let mut number = pair.iter().fold(0_usize, |number, byte| number * 256 + usize::from(*byte));
        for _ in 0..=pair.len() {
            text.push(char::from(alphabet[number % 45]));
            number /= 45;
        }
    }
    text + "."
}

#[test]
fn lying_totals_and_contradictions_have_names() {
    let set = [1; 8];
    for (length, total, number, chunk) in [
        (10, 0, 0, 10),
        (10, 65, 0, 1),
        (10, 2, 2, 5),
        (0, 1, 0, 0),
        (65_537, 2, 0, 100),
        (3, 4, 0, 1),
        (0x00FF_FFFF, 255, 254, 4),
    ] {
        let text = forged(set, length, total, number, &noise(chunk));
        assert_eq!(Collector::default().add(&text), Err(FrameError::Totals), "{length} {total} {number}");
    }
    for (length, total, number, chunk) in [(10, 2, 0, 4), (10, 2, 1, 6), (9, 2, 1, 5), (10, 1, 0, 0)] {
        let text = forged(set, length, total, number, &noise(chunk));
        assert_eq!(Collector::default().add(&text), Err(FrameError::Length), "{length} {total} {number}");
    }
    let mut collector = Collector::default();
    assert_eq!(collector.add(&forged(set, 10, 2, 0, b"12345")), Ok(Collected::Part { have: 1, total: 2 }));
    for text in [forged(set, 10, 2, 0, b"12346"), forged(set, 9, 2, 1, b"6789"), forged(set, 10, 5, 1, b"34")]
    {
        assert_eq!(collector.add(&text), Err(FrameError::Contradicts));
    }
    assert_eq!(collector.add(&forged(set, 10, 2, 1, b"67890")), Err(FrameError::NotWhole), "no such digest");
    // And nothing is left of it.
    let honest = frames(b"1234567890", FrameSize::COARSE).unwrap();
    assert_eq!(collect(&mut collector, &honest), Ok(Collected::Whole(b"1234567890".to_vec())));
}

#[test]
fn a_million_frames_fill_nothing() {
    let mut collector = Collector::default();
    let (mut taken, mut refused) = (0, 0);
    // Frames of one set and of others, each right in itself: the first set's id stays, 64 chunks of it at most.
    for n in 0..20_000_u32 {
        let set = if n % 2 == 0 { [9; 8] } else { u64::from(n).to_be_bytes() };
        let chunk = n.to_be_bytes().repeat(8);
        match collector.add(&forged(set, 2048, 64, (n % 63) as u8, &chunk)) {
            Ok(Collected::Part { have, total: 64 }) if have <= 63 => taken += 1,
            Err(FrameError::OtherCode | FrameError::Contradicts) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((taken, refused), (63, 20_000 - 63));
    for _ in 0..980_000 {
        assert_eq!(collector.add("HZ1:0."), Err(FrameError::NotBase45));
    }
    assert_eq!(collector.missing().count(), 1);
}

#[test]
fn too_much_is_refused_before_it_is_shown() {
    assert_eq!(frames(&[], FrameSize::COARSE), Err(TooLarge { bytes: 0 }));
    assert_eq!(
        frames(&vec![0; MAX_PAYLOAD + 1], FrameSize::CAMERA_720P),
        Err(TooLarge { bytes: MAX_PAYLOAD + 1 })
    );
    assert_eq!(frames(&vec![0; 40_000], FrameSize::COARSE), Err(TooLarge { bytes: 40_000 }));
    assert!(frames(&vec![0; MAX_PAYLOAD], FrameSize::CAMERA_720P).unwrap().len() <= MAX_FRAMES);
}

#[test]
fn hostile_messages_have_names() {
    let bytes = answer(100).to_bytes();
    assert_eq!(Message::from_bytes(&[]).err(), Some(MessageError::Cut));
    assert_eq!(Message::from_bytes(&[2, 1]).err(), Some(MessageError::Version(2)));
    assert_eq!(Message::from_bytes(&[1, 3]).err(), Some(MessageError::Kind));
    assert_eq!(Message::from_bytes(&vec![0; MAX_PAYLOAD + 1]).err(), Some(MessageError::TooLong));
    assert_eq!(Message::from_bytes(&[bytes.as_slice(), b"x"].concat()).err(), Some(MessageError::Trailing));
    for end in 0..bytes.len() {
        assert!(Message::from_bytes(&bytes[..end]).is_err(), "cut at {end}");
    }
    // Nonce of 0 bytes, then 17 presentations; a number that is not the shortest; a query's name that is none.
    assert_eq!(Message::from_bytes(&[1, 2, 0, 17]).err(), Some(MessageError::TooMany { most: 16 }));
    assert_eq!(Message::from_bytes(&[1, 2, 0x80, 0]).err(), Some(MessageError::Number));
    assert_eq!(Message::from_bytes(&[1, 2, 0, 1, 1, b' ']).err(), Some(MessageError::Presentation));
    // Two answers to one question, each an empty text.
    let empty = [1, 1, b'a', 1, 0, 0, 0];
    let twice = [&[1, 2, 0, 2], &empty[1..], &empty[1..], &[0]].concat();
    assert_eq!(Message::from_bytes(&twice).err(), Some(MessageError::Twice));
    // A staple that says it unfolds to two million bytes.
    assert_eq!(
        Message::from_bytes(&[1, 2, 0, 0, 1, 1, 0xff, 0xff, 0x7f, 0]).err(),
        Some(MessageError::TooLong)
    );
}

#[test]
fn requests_have_a_challenge_or_a_place_and_a_time() {
    let query = json!({ "credentials": [{
        "id": "id", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:huizheng:digital-id:1"] },
        "claims": [{ "path": ["ageOver18"] }],
    }]});
    let request = |nonce: Option<&str>, place: Option<&str>| OfflineRequest {
        client_id: ClientId::of_did("did:hui:anhui:zNnLiu2Le3ca5hmNyoa8revSxkAD"),
        purpose: "check-age".to_owned(),
        dcql_query: serde_json::from_value(query.clone()).unwrap(),
        nonce: nonce.map(str::to_owned),
        place: place.map(str::to_owned),
        iat: NumericDate(1_000),
        exp: NumericDate(1_300),
    };
    let nonce = "0123456789abcdef";
    let bytes = serde_json::to_vec(&request(Some(nonce), None)).unwrap();
    let checked = OfflineRequest::parse(&bytes).unwrap().check(1_100).unwrap();
    assert_eq!(checked.binding, Binding::Challenge(nonce.to_owned()));
    assert_eq!((checked.purpose.as_str(), checked.expires), ("check-age", 1_300));
    let printed = OfflineRequest { exp: NumericDate(90_000_000), ..request(None, Some("desk-3")) };
    assert_eq!(printed.check(1_100).unwrap().binding, Binding::Place("desk-3".to_owned()));

    let refused = |request: OfflineRequest, now| request.check(now).unwrap_err();
    assert_eq!(refused(request(Some(nonce), None), 1_361), BadOfflineRequest::Expired);
    assert_eq!(refused(request(Some(nonce), None), 900), BadOfflineRequest::FromTheFuture);
    assert_eq!(refused(request(Some(nonce), Some("a")), 1_100), BadOfflineRequest::Binding);
    assert_eq!(refused(request(None, None), 1_100), BadOfflineRequest::Binding);
    assert_eq!(refused(request(Some("short"), None), 1_100), BadOfflineRequest::Nonce);
    assert_eq!(refused(request(Some("0123456789 abcdef"), None), 1_100), BadOfflineRequest::Nonce);
    assert_eq!(refused(request(None, Some("a.b")), 1_100), BadOfflineRequest::Place);
    let long = OfflineRequest { exp: NumericDate(1_601), ..request(Some(nonce), None) };
    assert_eq!(refused(long, 1_100), BadOfflineRequest::TooLong);
    let other =
        OfflineRequest { client_id: ClientId::new("x509_san_dns:a.example"), ..request(Some(nonce), None) };
    assert_eq!(refused(other, 1_100), BadOfflineRequest::Client);

    let one_way = one_way_nonce("desk-3", [1; 16]);
    assert_eq!(place_of(&one_way), Some("desk-3"));
    for wrong in
        ["desk-3", "desk-3.", "desk 3.AAAAAAAAAAAAAAAAAAAAAA", "desk-3.AAAA", ".AAAAAAAAAAAAAAAAAAAAAA"]
    {
        assert_eq!(place_of(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn whatever_bytes_come_there_is_an_error_or_a_message(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut after_head = vec![1, 1 + bytes.first().unwrap_or(&0) % 2];
        after_head.extend(&bytes);
        for bytes in [bytes, after_head] {
            if let Ok(message) = Message::from_bytes(&bytes) {
                prop_assert!(Message::from_bytes(&message.to_bytes()).unwrap() == message);
            }
        }
    }

    #[test]
    fn whatever_text_comes_nothing_is_kept_of_it(text in "(HZ1:)?[0-9A-Z $%*+./:-]{0,60}\\.?") {
        let mut collector = Collector::default();
        prop_assert!(collector.add(&text).is_err());
        prop_assert_eq!(collector.missing().count(), 0);
    }

    #[test]
    fn any_text_is_carried(text in ".{0,200}", staple in proptest::collection::vec(any::<u8>(), 0..200)) {
        let message = Message::Ask(Ask { request: text, staples: vec![staple] });
        prop_assert!(Message::from_bytes(&message.to_bytes()).unwrap() == message);
    }
}

#[test]
fn the_dictionary_is_the_formats() {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(include_bytes!("../src/offline/dictionary.txt"));
    let written = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let described = include_str!("../../../docs/offline-qr.md");
    assert!(described.contains(&written), "another dictionary is another version");
}
