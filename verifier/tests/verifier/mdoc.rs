//! A driver's licence as ISO mdoc: what is asked, every check by its name, what the clerk sees.

use base64::Engine as _;
use registry::Status;
use serde_json::json;

use crate::stack::{Card, Issuer, Lies, Stack, check, not_passed};

const OWN: &str = "urn:huizheng:drivers-licence:1";
const ISO: &str = "org.iso.18013.5.1";

async fn stack() -> (Stack, Issuer, String) {
    let stack = Stack::start().await;
    let police = Issuer::register(&stack.network, "Anhui Public Security", &["drivers-licence"]).await;
    let key_id = format!("{}#key-3", police.did);
    (stack, police, key_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purpose_asks_for_elements_that_tell_its_claims_and_no_others() {
    let (stack, ..) = stack().await;
    let asked = stack.counter.ask("driving").await;
    let request = stack.phone.fetch(&asked.request_uri).await;
    let query = serde_json::to_value(&request.dcql_query).unwrap();
    let mdoc = &query["credentials"][0];
    assert_eq!((&mdoc["id"], &mdoc["format"]), (&json!("drivers-licence-mdoc"), &json!("mso_mdoc")));
    assert_eq!(mdoc["meta"], json!({"doctype_value": "org.iso.18013.5.1.mDL"}));
    let paths: Vec<_> =
        mdoc["claims"].as_array().unwrap().iter().map(|claim| claim["path"].clone()).collect();
    let expected = [
        json!([ISO, "family_name_national_character"]),
        json!([ISO, "expiry_date"]),
        json!([ISO, "portrait"]),
        json!([ISO, "driving_privileges"]),
        json!([OWN, "class"]),
        json!([OWN, "first_issued"]),
    ];
    assert_eq!(paths, expected);
    let sets = json!([{"options": [["drivers-licence-mdoc"], ["drivers-licence-sd-jwt"]]}]);
    assert_eq!(query["credential_sets"], sets);
    let metadata = serde_json::to_value(&request.client_metadata).unwrap();
    let algorithms = &metadata["vp_formats_supported"]["mso_mdoc"];
    assert_eq!(algorithms["deviceauth_alg_values"], json!([-7, -9, -8, -19]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_answer_passes_every_check_and_the_clerk_reads_it() {
    let (stack, police, key_id) = stack().await;
    let card = police.driving(&stack.phone, 1, 0, Some(&key_id));
    let asked = stack.counter.ask("driving").await;
    let reply = stack.phone.answer(&asked.request_uri, &card, Lies::default()).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let decision = stack.counter.read(&asked.id).await;
    assert_eq!(decision["decision"], "accepted", "{decision}");
    assert_eq!(decision["checks"].as_array().unwrap().len(), 10);
    let shown = &decision["claims"]["drivers-licence-mdoc"];
    assert_eq!((&shown["familyName"], &shown["class"]), (&json!("程"), &json!("C1")));
    assert_eq!(shown["firstIssued"], "2012-06-08");
    assert_eq!(shown["driving_privileges"][0]["vehicle_category_code"], "B");
    assert!(shown["portrait"].as_str().unwrap().starts_with("data:image/jpeg;base64,"));
    assert_eq!(shown.as_object().unwrap().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_found_by_its_name() {
    let (stack, police, key_id) = stack().await;
    let licence = |index| police.driving(&stack.phone, index, 0, Some(&key_id));
    let other_session = ["holder_binding", "nonce", "audience"];
    for (name, lies) in [
        ("nonce", Lies { nonce: Some("another"), ..Lies::default() }),
        ("audience", Lies { audience: Some("decentralized_identifier:did:x".into()), ..Lies::default() }),
    ] {
        let (reply, decision) = stack.present_with("driving", &licence(1), lies).await;
        assert_eq!((reply.status, reply.error()), (400, "invalid_request"), "{name}");
        assert_eq!(not_passed(&decision), other_session, "{name}");
        assert_eq!(check(&decision, "holder_binding"), ("failed", "key_binding_signature_wrong"));
        assert_eq!(check(&decision, name), ("unknown", "not_told_apart"));
        assert_eq!(decision["claims"], json!({}));
    }
    let lies = Lies { also: vec!["birth_date"], ..Lies::default() };
    let (_, decision) = stack.present_with("driving", &licence(1), lies).await;
    assert_eq!(check(&decision, "only_what_was_asked"), ("failed", "more_than_asked"));
    assert!(decision.to_string().contains("出生日期"), "named as people call it: {decision}");
    let lies = Lies { without: vec!["portrait"], ..Lies::default() };
    let (_, decision) = stack.present_with("driving", &licence(1), lies).await;
    assert_eq!(check(&decision, "query_satisfied"), ("failed", "claim_missing"));

    // Signed before the issuer was there, and over.
    let old = police.driving(&stack.phone, 1, -3_600, Some(&key_id));
    let (reply, decision) = stack.present("driving", &old).await;
    assert_eq!(reply.status, 200);
    assert_eq!(check(&decision, "validity"), ("failed", "expired"));
    assert_eq!(check(&decision, "issuer_key_valid_when_issued"), ("failed", "key_later"));

    // A certificate that names no key, another key of the same issuer, or somebody else's.
    let unnamed = police.driving(&stack.phone, 1, 0, None);
    let (_, decision) = stack.present("driving", &unnamed).await;
    assert_eq!(check(&decision, "issuer_signature"), ("failed", "issuer_not_of_the_chain"));
    for (named, found) in [
        (format!("{}#key-2", police.did), "key_of_another_controller"),
        (format!("{}#key-9", police.did), "key_not_registered"),
        (format!("{}#key-3", stack.market.did), "key_of_another_controller"),
    ] {
        let forged = police.driving(&stack.phone, 1, 0, Some(&named));
        let (reply, decision) = stack.present("driving", &forged).await;
        assert_eq!(reply.status, 400);
        assert_eq!(check(&decision, "issuer_signature"), ("failed", found), "{named}");
        assert_ne!(decision["decision"], "accepted");
    }

    let Card::Mdoc(mut bytes) = licence(1) else { panic!("an mdoc") };
    let at = bytes.windows(3).position(|window| window == "程".as_bytes()).unwrap();
    bytes[at..at + 3].copy_from_slice("张".as_bytes());
    let (reply, decision) = stack.present("driving", &Card::Mdoc(bytes)).await;
    assert_eq!(reply.status, 400);
    assert_eq!(not_passed(&decision), ["issuer_signature"]);
    assert_eq!(check(&decision, "issuer_signature"), ("failed", "digest_wrong"));

    police.set(&stack.network, 1, Status::Revoked).await;
    let (reply, decision) = stack.present("driving", &licence(1)).await;
    assert_eq!((reply.status, not_passed(&decision)), (200, vec!["status"]));

    let club = Issuer::register(&stack.network, "Driving club", &["business-licence"]).await;
    let card = club.driving(&stack.phone, 1, 0, Some(&format!("{}#key-3", club.did)));
    let (_, decision) = stack.present("driving", &card).await;
    assert_eq!(check(&decision, "issuer_accredited"), ("failed", "never_accredited"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_mdoc_is_malformed_and_leaves_the_request_open() {
    let (stack, police, key_id) = stack().await;
    let Card::Mdoc(issued) = police.driving(&stack.phone, 1, 0, Some(&key_id)) else { panic!("an mdoc") };
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let asked = stack.counter.ask("driving").await;
    let request = stack.phone.fetch(&asked.request_uri).await;
    let state = request.state.as_ref().unwrap().expose();
    for (name, presentation) in [
        ("not_base64url", json!("+/+/")),
        ("padded", json!(format!("{}==", base64(b"x")))),
        ("not_cbor", json!(base64(b"\xff"))),
        ("issued_and_not_presented", json!(base64(&issued))),
        ("an_object", json!({"version": "1.0"})),
        ("empty", json!("")),
    ] {
        let token = json!({"drivers-licence-mdoc": [presentation]}).to_string();
        let form =
            protocol::limits::Form::default().with("vp_token", Some(&token)).with("state", Some(state));
        let reply = stack.phone.post(&request, form.encode()).await;
        assert_eq!((reply.status, reply.error()), (400, "invalid_request"), "{name}");
        assert_eq!(stack.counter.read(&asked.id).await["state"], "open", "{name}");
    }
}
