//! Every kind of token in the place of every other. A reader is given the very token that it expects, signed by the very key that it
//! trusts, under the type of another: only the type is wrong, and it is refused for that, by name.

use credentials::jws::{self, Header};
use credentials::key::{Algorithm, Signer as _, SoftwareKey};
use credentials::status::TokenList;
use credentials::{sd_jwt, vc_jose};
use e2e::flaws::{Kind, Place};
use e2e::{AskedByCodes, LICENCE, LICENCE_SD_JWT, Offer, token};
use protocol::dpop::{DPOP_TYPE, DpopClaims};
use protocol::limits::Form;
use protocol::offline::{Ask, Collected, Collector, Message, OFFLINE_TYPE};
use protocol::openid4vci::{
    KEY_ATTESTATION_TYPE, PRE_AUTHORIZED_CODE, PROOF_TYPE, WALLET_ATTESTATION_POP_TYPE,
    WALLET_ATTESTATION_TYPE,
};
use protocol::openid4vp::{BadRequest, REQUEST_TYPE};
use rand_core::{OsRng, RngCore as _};
use serde_json::{Value, json};
use wallet_core::RequestRefused;

use crate::places::{Bound, Ground, Made, offline, selected, shown};
use crate::{STAGE, WHOLE, licence, now};

/// The types of all tokens that this system has, and of those that others have where it reads tokens.
const TYPES: [&str; 18] = [
    sd_jwt::TYP,
    sd_jwt::KEY_BINDING_TYP,
    vc_jose::TYP,
    vc_jose::SD_TYP,
    vc_jose::PRESENTATION_TYP,
    vc_jose::SD_PRESENTATION_TYP,
    "statuslist+jwt",
    PROOF_TYPE,
    KEY_ATTESTATION_TYPE,
    WALLET_ATTESTATION_TYPE,
    WALLET_ATTESTATION_POP_TYPE,
    DPOP_TYPE,
    REQUEST_TYPE,
    OFFLINE_TYPE,
    "openidvci-issuer-metadata+jwt",
    "entity-statement+jwt",
    // An access token, and an ID token.
    "at+jwt",
    "JWT",
];

/// Who reads tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// A verifier, the issuer's token of an SD-JWT VC.
    Credential,
    /// A verifier, the key binding.
    KeyBinding,
    /// The VC-API, what is in an envelope of `vc+jwt`.
    VcJwt,
    /// The VC-API, what is in an envelope of `vc+sd-jwt`.
    VcSdJwt,
    /// An issuer, the proof of the key that a credential will be bound to.
    KeyProof,
    /// An issuer, a DPoP proof.
    Dpop,
    /// A wallet, a verifier's request.
    Request,
    /// A wallet, a counter's request in codes.
    OfflineRequest,
    /// `huizheng verify --offline`, the counter's request in a file.
    RequestFile,
    /// Whoever reads a list of status.
    StatusList,
}

/// Each reader, the one type that it takes, and the name by which it refuses every other.
const READERS: [(Reader, &str, &str); 10] = [
    (Reader::Credential, sd_jwt::TYP, "invalid_request"),
    (Reader::KeyBinding, sd_jwt::KEY_BINDING_TYP, "key_binding_type_wrong"),
    (Reader::VcJwt, vc_jose::TYP, "malformed"),
    (Reader::VcSdJwt, vc_jose::SD_TYP, "malformed"),
    (Reader::KeyProof, PROOF_TYPE, "the proof's typ must be openid4vci-proof+jwt"),
    (Reader::Dpop, DPOP_TYPE, "the proof's typ must be dpop+jwt"),
    (Reader::Request, REQUEST_TYPE, "type"),
    (Reader::OfflineRequest, OFFLINE_TYPE, "type"),
    (Reader::RequestFile, OFFLINE_TYPE, "this token is of another type than a counter's requests"),
    (Reader::StatusList, "statuslist+jwt", "another type of token than expected"),
];

#[test]
fn each_reader_takes_one_type_of_token() {
    STAGE.play(async |play| {
        let ground = Ground::of(play, "types of tokens").await;
        let mut wrong = Vec::new();
        for (reader, own, refused) in READERS {
            assert!(TYPES.contains(&own));
            for typ in TYPES {
                let made = reader.given(&ground, typ).await;
                let fits = if typ == own { made == Made::Accepted } else { made.names(refused) };
                if !fits {
                    wrong.push(format!("{typ} to {reader:?}: {made:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// What an issuer gives as access tokens no other token is, whoever signed it.
#[test]
fn no_token_is_an_access_token() {
    STAGE.play(async |play| {
        let ground = Ground::of(play, "access tokens").await;
        let (market, keys) = ground.issuer(Kind::SdJwt);
        let proof = ground.rogue.proof(&market.url, &ground.rogue.nonce(market).await);
        let claims =
            json!({"iss": market.url, "aud": market.url, "iat": now().0, "exp": now().0 + 600, "nonce": "x"});
        for typ in TYPES {
            let token = jws::sign(&Header::typed(typ), &claims, &keys.p256).expect("signed");
            let answer = ground.rogue.ask(market, &token, LICENCE_SD_JWT, &proof).await;
            assert_eq!(answer.error(), (401, "invalid_token".to_owned()), "{typ}");
        }
        // A credential as it is shown, too.
        let good = ground.good(Kind::SdJwt).await;
        let text = good.credential.as_str().expect("a text");
        for token in [text, text.split('~').next().unwrap_or_default()] {
            let answer = ground.rogue.ask(market, token, LICENCE_SD_JWT, &proof).await;
            assert_eq!(answer.error(), (401, "invalid_token".to_owned()));
        }
    });
}

impl Reader {
    /// What becomes of the token that it expects, under this type.
    async fn given(self, ground: &Ground, typ: &str) -> Made {
        match self {
            Self::Credential | Self::KeyBinding => {
                let good = ground.good(Kind::SdJwt).await;
                let text = selected(&good);
                let (token, rest) = text.split_once('~').expect("disclosures");
                let bound = match self {
                    Self::KeyBinding => Bound::Text { text: text.clone(), typ },
                    _ => {
                        let text = format!("{}~{rest}", typed(token, typ, &good.keys.p256));
                        Bound::Text { text, typ: sd_jwt::KEY_BINDING_TYP }
                    }
                };
                shown(ground, Place::Response, Kind::SdJwt, &bound).await
            }
            Self::VcJwt | Self::VcSdJwt => {
                let kind = if self == Self::VcJwt { Kind::VcJwt } else { Kind::VcSdJwt };
                let mut good = ground.good(kind).await;
                let id = good.credential["id"].as_str().expect("an envelope").to_owned();
                let (media_type, text) = id.split_once(',').expect("a data URL");
                let (token, rest) = text.find('~').map_or((text, ""), |at| text.split_at(at));
                let token = typed(token, typ, &good.keys.p256);
                good.credential["id"] = format!("{media_type},{token}{rest}").into();
                ground.put(Place::VcApi, &good, None).await
            }
            Self::KeyProof => key_proof(ground, typ).await,
            Self::Dpop => dpop(ground, typ).await,
            Self::Request => request(ground, typ).await,
            Self::OfflineRequest => offline_request(ground, typ).await,
            Self::RequestFile => request_file(ground, typ).await,
            Self::StatusList => status_list(ground, typ).await,
        }
    }
}

/// The token under another type, signed again.
fn typed(text: &str, typ: &str, key: &SoftwareKey) -> String {
    let token = jws::Unverified::parse(text).expect("a token");
    let header = Header { typ: Some(typ.to_owned()), ..token.header().clone() };
    jws::sign(&header, token.dangerous_claims(), key).expect("signed")
}

async fn offer(ground: &Ground) -> Offer {
    let (market, _) = ground.issuer(Kind::SdJwt);
    market.offered(LICENCE, &licence(60)).await.1
}

async fn key_proof(ground: &Ground, typ: &str) -> Made {
    let (market, _) = ground.issuer(Kind::SdJwt);
    let access = ground.rogue.token(market, &offer(ground).await).await;
    let proof = ground.rogue.proof(&market.url, &ground.rogue.nonce(market).await);
    let answer =
        ground.rogue.ask(market, &access, LICENCE_SD_JWT, &typed(&proof, typ, ground.rogue.key())).await;
    if answer.status == 200 { Made::Accepted } else { said(&answer.json(), "invalid_proof") }
}

async fn dpop(ground: &Ground, typ: &str) -> Made {
    let (market, _) = ground.issuer(Kind::SdJwt);
    let offer = offer(ground).await;
    let url = format!("{}/token", market.url);
    let form = Form::default()
        .with("grant_type", Some(PRE_AUTHORIZED_CODE))
        .with("pre-authorized_code", Some(&offer.code))
        .with("tx_code", Some(&offer.tx_code));
    let proof = |typ: &str, nonce: &str| {
        let address = url.parse().expect("an address");
        let jti = format!("{:016x}", OsRng.next_u64());
        let claims = DpopClaims::new(&jti, "POST", &address, now().0).with_nonce(Some(nonce));
        let header = Header::typed(typ).with_jwk(ground.rogue.public_key().to_jwk());
        jws::sign(&header, &claims, ground.rogue.key()).expect("signed")
    };
    let (answer, headers) = market.http.post_proven(&url, &proof(DPOP_TYPE, "none"), &form).await;
    assert_eq!(answer.error().1, "use_dpop_nonce");
    let nonce = headers["dpop-nonce"].to_str().expect("a nonce");
    let (answer, _) = market.http.post_proven(&url, &proof(typ, nonce), &form).await;
    if answer.status == 200 { Made::Accepted } else { said(&answer.json(), "invalid_dpop_proof") }
}

fn said(body: &Value, code: &str) -> Made {
    assert_eq!(body["error"], code, "{body}");
    Made::refused(body["error_description"].as_str().expect("a description"))
}

/// The counter's own key.
fn counters_key(ground: &Ground) -> SoftwareKey {
    let file = ground.play.data.join("stack/verifier/keys/counter/signing-p256.key");
    SoftwareKey::from_secret_bytes(Algorithm::Es256, &std::fs::read(file).expect("a key")).expect("a key")
}

async fn request(ground: &Ground, typ: &str) -> Made {
    let asked = ground.counter.ask(WHOLE).await;
    let text = ground.counter.http.get(&asked.request_uri, None).await.text();
    let text = typed(&text, typ, &counters_key(ground));
    let client_id = token::payload(&text)["client_id"].as_str().expect("a client").to_owned();
    let link = Form::default().with("client_id", Some(&client_id)).with("request", Some(&text));
    let seen = ground.holder.wallet.review_request(&format!("openid4vp://?{}", link.encode())).await;
    reviewed(seen.err())
}

async fn offline_request(ground: &Ground, typ: &str) -> Made {
    let ask = in_codes(ground, &ground.clerk.ask(WHOLE).await, typ);
    let seen = ground.holder.wallet.review_offline(&Message::Ask(ask).to_bytes()).await;
    reviewed(seen.err())
}

async fn request_file(ground: &Ground, typ: &str) -> Made {
    let good = ground.good(Kind::SdJwt).await;
    let asked = ground.clerk.ask(WHOLE).await;
    let token = in_codes(ground, &asked, typ).request;
    offline(ground, &Bound::By(&good, None), (Kind::SdJwt, &asked), &token).await
}

/// What a counter asks by codes, under another type.
fn in_codes(ground: &Ground, asked: &AskedByCodes, typ: &str) -> Ask {
    let mut collector = Collector::default();
    let whole = asked.codes.lines().find_map(|line| match collector.add(line).expect("a code") {
        Collected::Whole(bytes) => Some(bytes),
        Collected::Part { .. } => None,
    });
    let Ok(Message::Ask(ask)) = Message::from_bytes(&whole.expect("all codes")) else { panic!("a request") };
    Ask { request: typed(&ask.request, typ, &counters_key(ground)), ..ask }
}

/// What a wallet says; that it has nothing to answer with comes after all that is asked of the request.
fn reviewed(refused: Option<RequestRefused>) -> Made {
    match refused {
        None | Some(RequestRefused::NothingFits(_)) => Made::Accepted,
        Some(RequestRefused::Request(BadRequest::Type)) => Made::refused("type"),
        Some(other) => Made::refused(format!("{other:?}")),
    }
}

/// The list that a credential names.
async fn status_list(ground: &Ground, typ: &str) -> Made {
    let good = ground.good(Kind::SdJwt).await;
    let read = sd_jwt::Unverified::parse(good.credential.as_str().expect("a text")).expect("reads");
    let named = read.status().and_then(|status| status.token.clone()).expect("a list");
    let text = ground.counter.http.get(&named.uri, None).await.text();
    let text = typed(&text, typ, &good.keys.p256);
    match TokenList::verify(&text, &named.uri, good.keys.p256.public_key(), now()) {
        Ok(_) => Made::Accepted,
        Err(error) => Made::refused(error.to_string()),
    }
}
