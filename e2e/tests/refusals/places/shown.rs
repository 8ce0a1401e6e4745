//! A credential shown by a holder, who signs over whatever is in it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::ClaimPath;
use credentials::cbor::{self, Map};
use credentials::sd_jwt;
use e2e::flaws::binding::{Binding, BindingFlaw};
use e2e::flaws::{Flaw, Good, Kind, Place, with_other_s};
use e2e::{AskedByCodes, Showing};
use protocol::dcql::QueryId;
use protocol::offline::{
    Answer, FrameSize, MAX_PAYLOAD, Message, OFFLINE_RESPONSE_URI, OfflineRequest, frames, one_way_nonce,
};
use protocol::openid4vp::Presentation;
use serde_json::{Value, json};

use super::alone::{around, vc_api_says, verified};
use super::{Ground, Made, bytes_of};
use crate::mdoc::{in_document, put_in};
use crate::{PURPOSE_OF_MDOC, WHOLE, claims};

const PLACE: &str = "desk-3";

/// What is wrong with what is shown.
pub(crate) enum Bound<'a> {
    /// The credential, or nothing; whoever shows it does so rightly.
    By(&'a Good<'a>, Option<&'a Flaw>),
    /// How it is shown.
    Wrongly(&'a Good<'a>, &'a BindingFlaw),
    /// This SD-JWT, up to and with its last tilde, with a key binding of this type.
    Text { text: String, typ: &'a str },
}

/// What the holder signs beside the credential.
struct Session<'a> {
    audience: &'a str,
    nonce: &'a str,
    response_uri: &'a str,
}

pub(crate) async fn shown(ground: &Ground, place: Place, kind: Kind, bound: &Bound<'_>) -> Made {
    let (counter, audience) = (&ground.counter, ground.counter.client_id());
    let (nonce, response_uri) = ("asked-elsewhere-with-this", "https://desk.example/");
    let elsewhere = Session { audience: &audience, nonce, response_uri };
    match place {
        Place::VcApiPresented => {
            let shown = bound.present(ground, &elsewhere);
            let (nonce, audience) = (elsewhere.nonce, elsewhere.audience);
            let options = json!({"challenge": nonce, "domain": audience});
            let before = format!("{{\"options\":{options},\"verifiablePresentation\":");
            vc_api_says(ground, "/presentations/verify", around(before.as_bytes(), &shown)).await
        }
        Place::VerifyPresented => {
            let shown = bound.present(ground, &elsewhere);
            let mut asked = json!({"nonce": elsewhere.nonce, "audience": audience, "purpose": purpose(kind)});
            if kind == Kind::Mdoc {
                asked["response_uri"] = elsewhere.response_uri.into();
            }
            let asked = asked.to_string();
            let before = format!("{},\"presentation\":", asked.strip_suffix('}').expect("an object"));
            verified(&counter.verify("/api/verify", around(before.as_bytes(), &shown)).await)
        }
        Place::Response => {
            let asked = counter.ask(purpose(kind)).await;
            let request = counter.fetch(&asked).await;
            let response_uri = request.response_uri();
            let session =
                Session { audience: &audience, nonce: request.nonce(), response_uri: &response_uri };
            let answer =
                counter.answer_with_bytes(&request, kind.format(), &bound.present(ground, &session)).await;
            let decision = counter.decision(&asked).await;
            match decision.verdict() {
                Some(_) => by_decision(&decision.0),
                // It was not even read, and the request is still open.
                None if answer.body.is_empty() => Made::refused(answer.status.to_string()),
                None => Made::refused(answer.error().1),
            }
        }
        Place::TwoWay | Place::OneWay => {
            let asked = match place {
                Place::OneWay => ground.clerk.ask_at(purpose(kind), PLACE).await,
                _ => ground.clerk.ask(purpose(kind)).await,
            };
            let Some(codes) = bound.codes(ground, kind, &asked.request) else { return Made::TooLong };
            taken(ground, &asked, &codes).await
        }
        _ => {
            let asked = ground.clerk.ask(purpose(kind)).await;
            offline(ground, bound, (kind, &asked), &asked.codes).await
        }
    }
}

/// Held before the counter's camera.
async fn taken(ground: &Ground, asked: &AskedByCodes, codes: &[String]) -> Made {
    let told = ground.clerk.take(asked, codes).await;
    if told["state"] == "refused" {
        return Made::refused(told["code"].as_str().expect("a code"));
    }
    by_decision(&ground.counter.decision_on(&asked.id).await.0)
}

/// In files, with no network; the counter's request is there as its codes or as a token.
pub(crate) async fn offline(
    ground: &Ground,
    bound: &Bound<'_>,
    (kind, asked): (Kind, &AskedByCodes),
    request: &str,
) -> Made {
    let Some(codes) = bound.codes(ground, kind, &asked.request) else { return Made::TooLong };
    let answer = ground.write("answer.txt", codes.join("\n").as_bytes());
    let request = ground.write("request.txt", request.as_bytes());
    let (anchor, snapshot) = (ground.path("anchor.json"), ground.path("snapshot.json"));
    let words = ["verify", "--offline", &answer, "--request", &request, "--anchor", &anchor];
    let ended = ground.command(&[&words[..], &["--snapshot", &snapshot, "--json"]].concat()).await;
    let said = String::from_utf8_lossy(&ended.stderr);
    match ended.status.code() {
        // There is no decision.
        Some(1) if said.contains("a presentation") => Made::refused("unreadable"),
        Some(1) => {
            Made::refused(said.lines().find_map(|line| line.strip_prefix("error: ")).unwrap_or_default())
        }
        code => {
            let made =
                by_decision(&serde_json::from_slice(&ended.stdout).unwrap_or_else(|_| panic!("{said}")));
            assert_eq!(code == Some(0), made == Made::Accepted, "{said}");
            made
        }
    }
}

fn by_decision(decision: &Value) -> Made {
    let checks = decision["checks"].as_array().unwrap_or_else(|| panic!("{decision}"));
    let failed = checks.iter().filter(|check| check["outcome"] != "passed");
    Made::by_checks(decision["decision"] == "accepted", failed.map(|check| &check["code"]))
}

fn purpose(kind: Kind) -> &'static str {
    if kind == Kind::Mdoc { PURPOSE_OF_MDOC } else { WHOLE }
}

impl Bound<'_> {
    /// The presentation, as it stands in JSON.
    fn present(&self, ground: &Ground, session: &Session<'_>) -> Vec<u8> {
        let (good, flaw) = match self {
            Self::By(good, flaw) => (*good, *flaw),
            Self::Text { text, typ } => {
                let binding = Binding::of(text, session.audience, session.nonce).typed(typ);
                let binding = binding.signed(ground.rogue.key());
                return json!(format!("{text}{binding}")).to_string().into_bytes();
            }
            Self::Wrongly(good, flaw) => {
                let both = (session.audience, session.nonce);
                return json!(flaw.of(&selected(good), both, ground.rogue.key())).to_string().into_bytes();
            }
        };
        match good.kind {
            Kind::SdJwt => {
                let selected = Good { credential: selected(good).into(), ..*good };
                let text: String = serde_json::from_slice(&bytes_of(&selected, flaw)).expect("a text");
                let binding = match text.ends_with('~') {
                    true => Binding::of(&text, session.audience, session.nonce).signed(ground.rogue.key()),
                    false => String::new(),
                };
                json!(text + &binding).to_string().into_bytes()
            }
            Kind::Mdoc => {
                let of_text = flaw.filter(|flaw| flaw.is_of_text());
                let response = of_mdoc(ground, good, flaw.filter(|flaw| !flaw.is_of_text()), session);
                bytes_of(&Good { credential: BASE64.encode(response).into(), ..*good }, of_text)
            }
            _ => whole(ground, good, flaw, session),
        }
    }

    /// The codes that a phone would show; none where they can't hold so much.
    fn codes(&self, ground: &Ground, kind: Kind, asked: &OfflineRequest) -> Option<Vec<String>> {
        let nonce = asked.nonce.clone().unwrap_or_else(|| one_way_nonce(PLACE, random()));
        let audience = asked.client_id.to_string();
        let session = Session { audience: &audience, nonce: &nonce, response_uri: OFFLINE_RESPONSE_URI };
        codes_of(&self.present(ground, &session), kind, &nonce, asked)
    }
}

fn codes_of(shown: &[u8], kind: Kind, nonce: &str, asked: &OfflineRequest) -> Option<Vec<String>> {
    let queries = &asked.dcql_query.credentials;
    let query = queries.iter().find(|query| json!(query.format) == kind.format()).expect("asked for");
    let query = QueryId::new(query.id.as_str()).expect("an id");
    let message = match serde_json::from_slice::<String>(shown) {
        Ok(text) if text.len() <= MAX_PAYLOAD => {
            let (nonce, presentations) = (nonce.to_owned(), vec![(query, Presentation::Text(text))]);
            Message::Answer(Answer { nonce, presentations, staples: Vec::new() }).to_bytes()
        }
        Ok(_) => return None,
        Err(_) => answer_with(nonce, query.as_str(), shown),
    };
    frames(&message, FrameSize::CAMERA_720P).ok()
}

/// An answer to a printed code, and once more with the other half of `s` in the holder's signature.
pub(crate) async fn twice_with_another_signature(ground: &Ground, good: &Good<'_>) -> [Made; 2] {
    let nonce = one_way_nonce(PLACE, random());
    let mut made = Vec::new();
    for other_s in [false, true] {
        let asked = ground.clerk.ask_at(WHOLE, PLACE).await;
        let text = selected(good);
        let binding = Binding::of(&text, asked.request.client_id.as_str(), &nonce).signed(ground.rogue.key());
        let (signed, signature) = binding.rsplit_once('.').expect("a token");
        let mut signature = BASE64.decode(signature).expect("base64url");
        if other_s {
            with_other_s(&mut signature);
        }
        let shown = json!(format!("{text}{signed}.{}", BASE64.encode(signature))).to_string();
        let codes = codes_of(shown.as_bytes(), good.kind, &nonce, &asked.request).expect("fits");
        made.push(taken(ground, &asked, &codes).await);
    }
    made.try_into().expect("two")
}

/// A message whose presentation is these bytes, as no writer of messages would put them in (docs/offline-qr.md).
fn answer_with(nonce: &str, query: &str, object: &[u8]) -> Vec<u8> {
    let number = |mut number: usize| {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    let string = |text: &str| [number(text.len()), text.as_bytes().to_vec()].concat();
    // Version 1, an answer; one presentation, an object, not squeezed; no evidence.
    let parts = [vec![1, 2], string(nonce), vec![1], string(query), vec![2, 0], number(object.len())];
    [&parts.concat()[..], object, &[0]].concat()
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    rand_core::RngCore::fill_bytes(&mut rand_core::OsRng, &mut bytes);
    bytes
}

/// All that is asked for, and nothing that signs it yet.
pub(crate) fn selected(good: &Good<'_>) -> String {
    let read = sd_jwt::Unverified::parse(good.credential.as_str().expect("a text")).expect("reads");
    let claims = claims(good.kind);
    let paths: Vec<_> = claims.as_object().expect("claims").keys().map(|name| ClaimPath::top(name)).collect();
    read.select(&paths).expect("claims that are there").text().to_owned()
}

/// A W3C presentation.
fn whole(ground: &Ground, good: &Good<'_>, flaw: Option<&Flaw>, session: &Session<'_>) -> Vec<u8> {
    let present = |credential: &Value| ground.rogue.present(credential, session.audience, session.nonce, &[]);
    let made = match flaw {
        None => Some(good.credential.clone()),
        Some(flaw) => flaw.of_value(good),
    };
    if let Some(made) = made {
        return present(&made).to_string().into_bytes();
    }
    let mut shown = present(&good.credential);
    shown["verifiableCredential"][0] = "HERE".into();
    let text = shown.to_string();
    let (before, behind) = text.split_once("\"HERE\"").expect("the place");
    [before.as_bytes(), &bytes_of(good, flaw), behind.as_bytes()].concat()
}

/// The response of an mdoc.
fn of_mdoc(ground: &Ground, good: &Good<'_>, flaw: Option<&Flaw>, session: &Session<'_>) -> Vec<u8> {
    let showing = Showing {
        nonce: session.nonce.to_owned(),
        client_id: session.audience.to_owned(),
        response_uri: session.response_uri.to_owned(),
        thumbprint: None,
        elements: ground.elements.clone(),
        doc_type: credentials::mdoc::MDL.to_owned(),
        device_elements: Map::default(),
    };
    let issued = good.credential.as_str().expect("a text");
    let mut response = showing.of_mdoc(issued, ground.rogue.key());
    let mut part = Vec::new();
    in_document(&mut response, "issuerSigned", |issued| {
        let shown = Good { credential: BASE64.encode(cbor::encode(issued)).into(), ..*good };
        let text: String = serde_json::from_slice(&bytes_of(&shown, flaw)).expect("a text");
        part = BASE64.decode(text).expect("base64url");
        *issued = "HERE".into();
    });
    put_in(&response, &part)
}
