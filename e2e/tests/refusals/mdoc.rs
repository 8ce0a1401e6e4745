//! What a phone, an issuer or time can do to mdocs beside: over OpenID4VP.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::catalogue::Catalogue;
use credentials::cbor::{self, Map, Value as Cbor};
use e2e::{Answer, Asked, DRIVING, DRIVING_MDOC, DRIVING_SD_JWT, Holder, Play, Rogue, Showing, others};
use serde_json::{Value, json};

use super::{PURPOSE_OF_MDOC as PURPOSE, STAGE};

pub(crate) fn claims() -> Value {
    Catalogue::bundled().expect("reads").by_id(DRIVING).expect("a type").example()
}

/// A driver's licence as mdoc, in base64url, and the key that it is bound to.
pub(crate) async fn issued(play: &Play) -> (Rogue, String) {
    let police = play.police();
    let (_, offer) = police.offered(DRIVING, &claims()).await;
    let rogue = Rogue::default();
    let [credential] = rogue.collect(&police, &offer, [DRIVING_MDOC]).await;
    (rogue, credential.as_str().expect("text").to_owned())
}

/// Asks, and answers with what `answer` makes of the request.
pub(crate) async fn shown(play: &Play, answer: impl FnOnce(&Showing) -> Vec<u8>) -> (Asked, Answer) {
    let counter = play.counter();
    let asked = counter.ask(PURPOSE).await;
    let request = counter.fetch(&asked).await;
    let bytes = answer(&Showing::of(&counter, &request));
    let text = json!(BASE64.encode(bytes)).to_string();
    (asked, counter.answer_with_bytes(&request, "mso_mdoc", text.as_bytes()).await)
}

/// What a phone can do wrong: each by its name, what the counter finds, and whether the answer can be read at all.
#[test]
fn mdocs_as_presented() {
    type Found = &'static [(&'static str, &'static str)];
    type Lie = (&'static str, fn(&mut Showing), Found);
    /// The device's signature covers the session as a whole.
    const OTHER_SESSION: Found = &[
        ("holder_binding", "key_binding_signature_wrong"),
        ("nonce", "not_told_apart"),
        ("audience", "not_told_apart"),
    ];
    STAGE.play(async |play| {
        let (rogue, credential) = issued(play).await;
        let counter = play.counter();
        let lies: &[Lie] = &[
            ("nonce_of_another_request", |s| s.nonce = "bm9uY2Utb2YtYW5vdGhlcg".into(), OTHER_SESSION),
            ("client_id_of_another_verifier", |s| s.client_id.push('x'), OTHER_SESSION),
            (
                "client_id_without_its_prefix",
                |s| {
                    s.client_id = s.client_id.split_once(':').expect("a prefix").1.to_owned();
                },
                OTHER_SESSION,
            ),
            ("response_uri_of_another", |s| s.response_uri.push('x'), OTHER_SESSION),
            ("session_of_an_encrypted_answer", |s| s.thumbprint = Some([7; 32]), OTHER_SESSION),
            (
                "document_type_swapped",
                |s| s.doc_type = "org.example.other".into(),
                &[("issuer_signature", "doc_type_wrong"), ("query_satisfied", "another_type")],
            ),
            (
                "element_beyond_what_was_asked",
                |s| {
                    s.elements.push(("org.iso.18013.5.1".into(), "birth_date".into()));
                },
                &[("only_what_was_asked", "more_than_asked")],
            ),
            ("element_held_back", |s| drop(s.elements.remove(0)), &[("query_satisfied", "claim_missing")]),
            (
                "device_adds_elements",
                |s| {
                    s.device_elements = Map::from([("urn:x", Map::from([("class", "A1".into())]).into())]);
                },
                &[("holder_binding", "device_elements")],
            ),
        ];
        for (name, lie, found) in lies {
            let (asked, answer) = shown(play, |honest| {
                let mut showing = Showing {
                    nonce: honest.nonce.clone(),
                    client_id: honest.client_id.clone(),
                    response_uri: honest.response_uri.clone(),
                    elements: honest.elements.clone(),
                    doc_type: honest.doc_type.clone(),
                    thumbprint: None,
                    device_elements: Map::default(),
                };
                lie(&mut showing);
                cbor::encode(&showing.of_mdoc(&credential, rogue.key()))
            })
            .await;
            assert_eq!(answer.status, 400, "{name}: {}", answer.text());
            let decision = counter.decision(&asked).await;
            let flaws = decision.flaws();
            assert_eq!((decision.verdict(), flaws.as_slice()), (Some("refused"), *found), "{name}");
            // What was asked for and is genuine shows nevertheless, when only the answer as a whole is wrong.
            let as_a_whole =
                found.iter().all(|(check, _)| ["only_what_was_asked", "query_satisfied"].contains(check));
            assert_eq!(decision.claims().is_empty(), !as_a_whole, "{name}");
            assert!(decision.claims().iter().all(|(name, _)| *name != "birthDate"), "{name}");
        }

        let stranger = Rogue::default();
        let (asked, _) = shown(play, |s| cbor::encode(&s.of_mdoc(&credential, stranger.key()))).await;
        counter.decision(&asked).await.must_refuse(OTHER_SESSION);

        // What can't be read is refused, and leaves the request open.
        type Spoil = fn(&mut Cbor);
        let unreadable: &[(&str, Spoil)] = &[
            ("device_signature_missing", |r| {
                in_document(r, "deviceSigned", |d| {
                    set(d, "deviceAuth", Map::default().into());
                });
            }),
            ("device_part_missing", |r| in_document(r, "deviceSigned", |d| *d = Cbor::Null)),
            ("two_documents", |r| {
                member(r, "documents", |documents| {
                    let Cbor::Array(list) = documents else { panic!("documents") };
                    list.push(list[0].clone());
                });
            }),
            ("no_document", |r| set(r, "documents", Cbor::Array(Vec::new()))),
            ("status_of_failure", |r| set(r, "status", 10.into())),
            ("another_version", |r| set(r, "version", "2.0".into())),
        ];
        for (name, spoil) in unreadable {
            let (asked, answer) = shown(play, |showing| {
                let mut response = showing.of_mdoc(&credential, rogue.key());
                spoil(&mut response);
                cbor::encode(&response)
            })
            .await;
            assert_eq!(answer.status, 400, "{name}");
            assert_eq!(counter.decision(&asked).await.state(), "open", "{name}");
        }
        // A MAC that no reader's key was offered for.
        let (asked, _) = shown(play, |showing| {
            let mut response = showing.of_mdoc(&credential, rogue.key());
            in_document(&mut response, "deviceSigned", |device| {
                let header = cbor::encode(&Map::from([(Cbor::from(1), 5.into())]).into());
                let mac = vec![header.into(), Map::default().into(), Cbor::Null, vec![7; 32].into()];
                set(device, "deviceAuth", Map::from([("deviceMac", Cbor::Array(mac))]).into());
            });
            cbor::encode(&response)
        })
        .await;
        let found = [("holder_binding", "key_binding_type_wrong"), OTHER_SESSION[1], OTHER_SESSION[2]];
        counter.decision(&asked).await.must_refuse(&found);
    });
}

#[test]
fn an_mdoc_is_shown_once_and_to_one_counter() {
    STAGE.play(async |play| {
        let (rogue, credential) = issued(play).await;
        let counter = play.counter();
        let (_running, other) = others::counter(play, "Toll road", true).await;
        let asked = other.ask(PURPOSE).await;
        let theirs = other.fetch(&asked).await;
        let for_them = Showing::of(&other, &theirs).of_mdoc(&credential, rogue.key());
        let text = json!(BASE64.encode(cbor::encode(&for_them))).to_string();
        other.answer_with_bytes(&theirs, "mso_mdoc", text.as_bytes()).await.must(200);
        other.decision(&asked).await.must_accept();
        // The same again, there and here.
        assert_eq!(other.answer_with_bytes(&theirs, "mso_mdoc", text.as_bytes()).await.status, 409);
        let asked = counter.ask(PURPOSE).await;
        let ours = counter.fetch(&asked).await;
        assert_eq!(counter.answer_with_bytes(&ours, "mso_mdoc", text.as_bytes()).await.status, 400);
        let flaws = ["holder_binding", "nonce", "audience"];
        let decision = counter.decision(&asked).await;
        assert_eq!(decision.flaws().iter().map(|flaw| flaw.0).collect::<Vec<_>>(), flaws);
    });
}

#[test]
fn an_mdoc_counts_as_the_chain_says() {
    STAGE.play(async |play| {
        let (counter, police) = (play.counter(), play.police());
        let rogue = Rogue::default();
        let present = async |credential: &Value| {
            let credential = credential.as_str().expect("text");
            let (asked, answer) = shown(play, |s| cbor::encode(&s.of_mdoc(credential, rogue.key()))).await;
            answer.must(200);
            counter.decision(&asked).await
        };
        let (application, offer) = police.offered(DRIVING, &claims()).await;
        let [credential, _] = rogue.collect(&police, &offer, [DRIVING_MDOC, DRIVING_SD_JWT]).await;
        present(&credential).await.must_accept();
        police.change_all(&application, "suspend").await;
        present(&credential).await.must_refuse(&[("status", "suspended")]);
        police.change_all(&application, "reinstate").await;
        present(&credential).await.must_accept();
        police.change_all(&application, "revoke").await;
        present(&credential).await.must_refuse(&[("status", "revoked")]);

        let (_running, impostor) = others::issuer_of(play, "Driving Club", DRIVING, &["digital-id"]).await;
        let (_, offer) = impostor.offered(DRIVING, &claims()).await;
        let [credential] = rogue.collect(&impostor, &offer, [DRIVING_MDOC]).await;
        present(&credential).await.must_refuse(&[("issuer_accredited", "never_accredited")]);
        let (_, offer) = impostor.offered(DRIVING, &claims()).await;
        let holder = Holder::new(play, "licence of a club").await;
        assert!(holder.receive(&offer).await.is_err(), "no wallet takes it");
    });
}

#[test]
fn a_wallet_shows_an_mdoc_element_by_element() {
    STAGE.play(async |play| {
        let (counter, police) = (play.counter(), play.police());
        let holder = Holder::new(play, "drives").await;
        let (_, offer) = police.offered(DRIVING, &claims()).await;
        holder.receive(&offer).await.expect("received");
        let asked = counter.ask(PURPOSE).await;
        let consent = holder.wallet.review_request(&asked.link).await.expect("may be asked");
        let option = &consent.questions[0].options[0];
        assert_eq!(option.format.as_str(), "mso_mdoc", "the counter's first choice");
        let names =
            |views: &[wallet_core::ClaimView]| views.iter().map(|view| view.name.clone()).collect::<Vec<_>>();
        let leaves = names(&option.leaves);
        let expected = [
            "familyName",
            "givenName",
            "firstIssued",
            "class",
            "portrait",
            "validUntil",
            "driving_privileges",
        ];
        assert_eq!(leaves, expected);
        assert!(names(&option.stays).contains(&"birthDate".to_owned()));
        holder.wallet.present(&consent.id, &wallet_core::Choice::first()).await.expect("presented");
        let decision = counter.decision(&asked).await;
        decision.must_accept();
        let mut shown: Vec<_> = decision.claims().into_iter().map(|(name, _)| name.clone()).collect();
        let mut left = leaves.clone();
        shown.sort();
        left.sort();
        assert_eq!(shown, left, "the counter sees what was agreed to");
    });
}

/// Changes a part of the first document.
pub(crate) fn in_document(response: &mut Cbor, name: &str, spoil: impl FnOnce(&mut Cbor)) {
    member(response, "documents", |documents| {
        let Cbor::Array(list) = documents else { panic!("documents") };
        member(&mut list[0], name, spoil);
    });
}

fn set(map: &mut Cbor, name: &str, value: Cbor) {
    member(map, name, |old| *old = value);
}

pub(crate) fn member(map: &mut Cbor, name: &str, spoil: impl FnOnce(&mut Cbor)) {
    let Cbor::Map(members) = std::mem::replace(map, Cbor::Null) else { panic!("a map") };
    let mut entries = members.into_entries();
    spoil(&mut entries.iter_mut().find(|(key, _)| key.as_text() == Some(name)).expect("the member").1);
    *map = Map::sorted(entries).into();
}

/// The response with these bytes where it says `HERE`.
pub(crate) fn put_in(response: &Cbor, part: &[u8]) -> Vec<u8> {
    let (bytes, here) = (cbor::encode(response), cbor::encode(&"HERE".into()));
    let at = bytes.windows(here.len()).position(|window| window == here).expect("the place");
    [&bytes[..at], part, &bytes[at + here.len()..]].concat()
}
