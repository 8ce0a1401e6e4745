//! Receiving: what is good is kept, what is not is named and thrown away.

use credentials::{
    Flaw,
    key::{Algorithm, Signer},
};
use registry::{LocalText, Record, RecordKey, Slug, Status, UnixMillis, history::NotGranted};
use wallet_core::ports::{HeldKey, HolderKeyStore, KeyHandle, KeyStoreError, Protection, Zeroizing};
use wallet_core::{CardState, Event, Format, OfferRefused, ReceiveError, Rejected};

use crate::town::{Holder, Plan, key, status};

async fn refused(plan: Plan) -> ReceiveError {
    refused_by(&Holder::new().await, plan).await
}

async fn refused_by(holder: &Holder, plan: Plan) -> ReceiveError {
    let link = holder.town.issuer.offer(plan);
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    let error = holder.wallet.receive(&offer, Some("123456")).await.unwrap_err();
    assert!(holder.wallet.cards().unwrap().is_empty(), "nothing is kept");
    error
}

fn rejected(error: ReceiveError) -> Rejected {
    match error {
        ReceiveError::Rejected(rejected) => rejected,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn both_formats_of_a_licence_become_one_card_with_a_key_each() {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer(Plan::licence());
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    assert_eq!(offer.issuer().as_str(), "https://issuer.example");
    assert_eq!(offer.self_called(), Some(LocalText::new("市监局", "Market supervision")));
    assert_eq!(offer.tx_code().unwrap().length, Some(6));
    let offered: Vec<_> = offer.credentials().iter().map(|c| (c.kind.as_str(), c.format)).collect();
    assert_eq!(offered, [("business-licence", Format::SdJwtVc), ("business-licence", Format::LdpVc)]);

    let received = holder.wallet.receive(&offer, Some(" 123456 ")).await.unwrap();
    assert_eq!((received.cards.len(), received.failed.len()), (1, 0));
    let holders = holder.town.issuer.holders.lock().unwrap().clone();
    assert_eq!(holders.len(), 2);
    assert_ne!(holders[0], holders[1], "no key serves two credentials");

    let holder = holder.reopened().await;
    let cards = holder.wallet.cards().unwrap();
    let card = cards.first().unwrap();
    assert_eq!(card.label, LocalText::new("营业执照", "Business licence"));
    assert_eq!(card.issuer_name.en, "Hefei market supervision");
    assert_eq!(card.formats, [Format::SdJwtVc, Format::LdpVc]);
    assert_eq!(card.state, CardState::Valid { as_of: UnixMillis(holder.town.clock.millis()) });
    assert_eq!(card.holder_line, card.claims[0].value.as_str().unwrap());
    let names: Vec<_> = card.claims.iter().map(|claim| claim.name.as_str()).collect();
    assert_eq!(names[..3], ["name", "creditCode", "companyType"], "in the order of the catalogue");
    let log = holder.wallet.log(None, 10).unwrap();
    assert!(matches!(&log[0].event, Event::Received { card: id, .. } if *id == card.id));
    let shown = format!("{card:?} {log:?}");
    for claim in &card.claims {
        assert!(!shown.contains(&claim.value.to_string()), "{} is not in Debug", claim.name);
    }
}

#[tokio::test]
async fn an_offer_by_reference_and_one_without_transaction_code_work_too() {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer_by_reference(Plan { with_tx_code: false, ..Plan::digital_id() });
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    assert_eq!(offer.tx_code(), None);
    let received = holder.wallet.receive(&offer, None).await.unwrap();
    assert_eq!(received.cards[0].kind, "digital-id");
}

#[tokio::test]
async fn a_nonce_that_is_too_old_is_replaced_once() {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer(Plan { stale_nonces: 1, ..Plan::licence().sd_jwt() });
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    assert!(holder.wallet.receive(&offer, Some("123456")).await.is_ok());
    let error = refused(Plan { stale_nonces: 2, ..Plan::licence().sd_jwt() }).await;
    assert_eq!(error.to_string(), "the issuer refused the credential: invalid_nonce");
}

#[tokio::test]
async fn an_answer_lost_on_the_way_is_asked_for_again_with_the_same_key() {
    let holder = Holder::new().await;
    *holder.town.lost.lock().unwrap() = 1;
    let link = holder.town.issuer.offer(Plan::licence().sd_jwt());
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    assert_eq!(holder.wallet.receive(&offer, Some("123456")).await.unwrap().cards.len(), 1);
    let asked = holder.town.issuer.holders.lock().unwrap().clone();
    assert!(asked.len() == 2 && asked[0] == asked[1], "an issuer gives the same credential to the same key");

    *holder.town.lost.lock().unwrap() = 2;
    let link = holder.town.issuer.offer(Plan::licence().sd_jwt());
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    let error = holder.wallet.receive(&offer, Some("123456")).await.unwrap_err();
    assert_eq!(error, ReceiveError::Web(wallet_core::WebError::Unreachable), "and gives up then");
}

#[tokio::test]
async fn a_wrong_transaction_code_says_how_many_attempts_are_left() {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer(Plan::licence());
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    let wallet = &holder.wallet;
    assert_eq!(wallet.receive(&offer, None).await.unwrap_err(), ReceiveError::TxCodeMissing);
    assert_eq!(wallet.receive(&offer, Some("12345")).await.unwrap_err(), ReceiveError::TxCodeForm);
    assert_eq!(wallet.receive(&offer, Some("12345a")).await.unwrap_err(), ReceiveError::TxCodeForm);
    assert_eq!(holder.town.requests_to("https://issuer.example/token"), 0, "no attempt was spent");
    for attempts_left in (1..5).rev() {
        let error = wallet.receive(&offer, Some("654321")).await.unwrap_err();
        assert_eq!(error, ReceiveError::TxCodeWrong { attempts_left });
    }
    assert_eq!(wallet.receive(&offer, Some("654321")).await.unwrap_err(), ReceiveError::CodeRefused);
}

#[tokio::test]
async fn an_issuer_that_does_not_say_gets_the_honest_answer() {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer(Plan { tells_attempts: false, ..Plan::licence() });
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    let error = holder.wallet.receive(&offer, Some("654321")).await.unwrap_err();
    assert_eq!(error, ReceiveError::CodeRefused);
}

#[tokio::test]
async fn an_issuer_that_can_not_answer_now_is_to_be_asked_again() {
    for path in ["token", "nonce", "credential"] {
        let holder = Holder::new().await;
        let busy = status(503, "application/json", r#"{"error":"temporarily_unavailable"}"#);
        holder.town.detour(&format!("https://issuer.example/{path}"), Ok(busy));
        let error = refused_by(&holder, Plan::licence().sd_jwt()).await;
        assert_eq!(error, ReceiveError::Unavailable(503), "{path}");
    }
}

#[tokio::test]
async fn an_issuer_that_is_not_accredited_is_refused_by_name() {
    for (withdrawn, expected) in
        [(false, NotGranted::Never), (true, NotGranted::Withdrawn { at: UnixMillis(3_000) })]
    {
        let holder = Holder::new().await;
        let kind = Slug::new("business-licence").unwrap();
        let place = RecordKey::Trust(holder.town.issuer.did.clone(), kind.clone());
        {
            let mut chain = holder.town.chain.lock().unwrap();
            match (withdrawn, chain.record(&place)) {
                (true, Record::Trust(record)) => record.intervals[0].withdrawn = Some(UnixMillis(3_000)),
                _ => chain.remove(&place),
            }
        }
        let error = refused_by(&holder, Plan::licence()).await;
        assert_eq!(rejected(error), Rejected::NotAccredited { credential_type: kind, reason: expected });
    }
}

#[tokio::test]
async fn a_credential_for_another_key_is_refused_in_both_formats() {
    let other = key(50, credentials::key::Algorithm::Es256).public_key().clone();
    for plan in [Plan::licence().sd_jwt(), Plan::licence().ldp()] {
        let error = refused(Plan { bound_to: Some(other.clone()), ..plan }).await;
        assert_eq!(rejected(error), Rejected::HolderIsAnother);
    }
}

#[tokio::test]
async fn what_was_forged_or_tampered_with_is_refused_in_both_formats() {
    for plan in [Plan::licence().sd_jwt(), Plan::licence().ldp()] {
        for plan in [Plan { forged: true, ..plan.clone() }, Plan { tampered: true, ..plan }] {
            match rejected(refused(plan).await) {
                Rejected::Flawed(refused) => assert_eq!(refused.flaws(), [Flaw::SignatureWrong]),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_credential_of_another_type_is_refused() {
    let error = refused(Plan { vct: Some("urn:huizheng:digital-id:1"), ..Plan::licence().sd_jwt() }).await;
    assert_eq!(rejected(error), Rejected::OtherType);
    let error = refused(Plan { vct: Some("urn:example:other"), ..Plan::licence().sd_jwt() }).await;
    assert_eq!(rejected(error), Rejected::OtherType);
}

#[tokio::test]
async fn an_issuer_or_key_that_the_chain_does_not_answer_for_is_refused_by_name() {
    let sd_jwt = || Plan::licence().sd_jwt();
    let error = refused(Plan { iss: Some("https://issuer.example".to_owned()), ..sd_jwt() }).await;
    assert_eq!(rejected(error), Rejected::IssuerNotOnThisChain);
    let error = refused(Plan { kid: Some(None), ..sd_jwt() }).await;
    assert_eq!(rejected(error), Rejected::KeyNotNamed);
    let error = refused(Plan { kid: Some(Some("key-2".to_owned())), ..sd_jwt() }).await;
    assert_eq!(rejected(error), Rejected::KeyNotNamed);
    let holder = Holder::new().await;
    let other = format!("{}#key-2", holder.town.verifier.did);
    let error = refused_by(&holder, Plan { kid: Some(Some(other)), ..sd_jwt() }).await;
    assert_eq!(rejected(error), Rejected::KeyOfAnother);
    let error = refused(Plan { kid: Some(Some("#key-9".to_owned())), ..sd_jwt() }).await;
    assert_eq!(rejected(error).to_string(), "its issuer's key: the DID has no key of this name");
    let elsewhere = holder.town.issuer.did.to_string().replace("anhui", "elsewhere");
    let error =
        refused_by(&holder, Plan { iss: Some(elsewhere), kid: Some(Some("#key-2".to_owned())), ..sd_jwt() })
            .await;
    assert_eq!(rejected(error), Rejected::IssuerNotOnThisChain);
}

#[tokio::test]
async fn a_key_named_by_its_fragment_alone_is_the_issuers() {
    let holder = Holder::new().await;
    let link =
        holder.town.issuer.offer(Plan { kid: Some(Some("#key-2".to_owned())), ..Plan::licence().sd_jwt() });
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    assert!(holder.wallet.receive(&offer, Some("123456")).await.is_ok());
}

#[tokio::test]
async fn a_compromised_key_is_refused_whatever_the_date() {
    for since_ago in [50, 150] {
        let holder = Holder::new().await;
        let since = UnixMillis(holder.town.clock.millis() - since_ago * 1000);
        let did = RecordKey::Did(holder.town.issuer.did.clone());
        if let Record::Did(record) = holder.town.chain.lock().unwrap().record(&did) {
            record.keys[0].compromised_since = Some(since);
        }
        let link = holder.town.issuer.offer(Plan { issued_ago: 100, ..Plan::licence().sd_jwt() });
        let offer = holder.wallet.preview_offer(&link).await.unwrap();
        let received = holder.wallet.receive(&offer, Some("123456")).await;
        assert!(received.is_err(), "dates can be written back: {received:?}");
    }
}

#[tokio::test]
async fn an_expired_revoked_or_incomplete_credential_is_refused() {
    match rejected(refused(Plan { issued_ago: 1000, lifetime: 100, ..Plan::licence().sd_jwt() }).await) {
        Rejected::Flawed(refused) => assert_eq!(refused.flaws(), [Flaw::Expired]),
        other => panic!("{other:?}"),
    }
    for status in [Status::Revoked, Status::Suspended] {
        let holder = Holder::new().await;
        holder.town.set_status(70_000, status);
        assert_eq!(rejected(refused_by(&holder, Plan::licence()).await), Rejected::NotInForce);
    }
    for plan in [Plan::licence().sd_jwt(), Plan::licence().ldp()] {
        let mut incomplete = plan;
        incomplete.claims.remove("creditCode");
        incomplete.claims.insert("established".to_owned(), "soon".into());
        let error = rejected(refused(incomplete).await);
        assert_eq!(error, Rejected::Claims(vec!["creditCode".to_owned(), "established".to_owned()]));
    }
}

#[tokio::test]
async fn a_status_in_somebody_elses_list_or_in_none_that_there_is_is_refused() {
    let holder = Holder::new().await;
    let other = format!("{}/status/1", holder.town.verifier.did);
    let error = refused_by(&holder, Plan { status_list: Some(other), ..Plan::licence() }).await;
    assert_eq!(rejected(error), Rejected::StatusUnknown);
    let missing = format!("{}/status/2", holder.town.issuer.did);
    let error = refused_by(&holder, Plan { status_list: Some(missing), ..Plan::licence() }).await;
    assert_eq!(rejected(error), Rejected::StatusUnknown);
    let error = refused_by(&holder, Plan { index: 999_999, ..Plan::licence() }).await;
    assert_eq!(rejected(error), Rejected::StatusUnknown);
}

#[tokio::test]
async fn one_bad_format_does_not_lose_the_good_one() {
    let holder = Holder::new().await;
    let link = holder.town.issuer.offer(Plan { kid: Some(None), ..Plan::licence() });
    let offer = holder.wallet.preview_offer(&link).await.unwrap();
    let received = holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    assert_eq!(received.cards[0].formats, [Format::LdpVc]);
    assert_eq!(received.failed[0].credential.format, Format::SdJwtVc);
    assert_eq!(received.failed[0].error, ReceiveError::Rejected(Rejected::KeyNotNamed));
}

#[tokio::test]
async fn old_evidence_decides_nothing() {
    let holder = Holder::new().await;
    holder.town.chain.lock().unwrap().lag = 11 * 60_000;
    let error = refused_by(&holder, Plan::licence()).await;
    assert!(matches!(error, ReceiveError::Chain(_)), "{error:?}");
    assert!(error.to_string().contains("older than allowed"), "{error}");
}

#[tokio::test]
async fn what_is_no_offer_is_refused_by_name() {
    let holder = Holder::new().await;
    let preview = |link: &'static str| holder.wallet.preview_offer(link);
    assert!(matches!(preview("https://issuer.example/").await, Err(OfferRefused::Offer(_))));
    let insecure = "openid-credential-offer://?credential_offer_uri=http%3A%2F%2Fissuer.example%2Foffers%2F1";
    assert!(matches!(preview(insecure).await, Err(OfferRefused::Offer(_))));
    let link = holder.town.issuer.offer(Plan { configurations: vec!["passport"], ..Plan::licence() });
    let refused = holder.wallet.preview_offer(&link).await.unwrap_err();
    assert_eq!(refused, OfferRefused::UnknownConfiguration("passport".to_owned()));
}

/// A device whose provider vouches for its keys.
struct Vouched(std::sync::Arc<dyn HolderKeyStore>);

#[async_trait::async_trait]
impl HolderKeyStore for Vouched {
    fn protection(&self) -> Protection {
        self.0.protection()
    }

    async fn generate(&self, algorithm: Algorithm) -> Result<HeldKey, KeyStoreError> {
        self.0.generate(algorithm).await
    }

    async fn sign(&self, key: &KeyHandle, message: &[u8]) -> Result<[u8; 64], KeyStoreError> {
        self.0.sign(key, message).await
    }

    async fn delete(&self, key: &KeyHandle) -> Result<(), KeyStoreError> {
        self.0.delete(key).await
    }

    async fn attest(&self, keys: &[HeldKey], nonce: Option<&str>) -> Result<String, KeyStoreError> {
        Ok(format!("vouched for {} keys with {}", keys.len(), nonce.unwrap_or("none")))
    }

    async fn wrap(&self, secret: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        self.0.wrap(secret).await
    }

    async fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        self.0.unwrap(wrapped).await
    }
}

#[tokio::test]
async fn an_attestation_is_sent_where_it_is_demanded_and_the_device_has_one() {
    let plan = || Plan { wants_attestation: true, ..Plan::licence().sd_jwt() };
    assert_eq!(refused(plan()).await, ReceiveError::Demands("an attestation of the key"));

    let town = crate::town::Town::new();
    let folder = tempfile::tempdir().unwrap();
    let mut ports = town.ports(folder.path());
    ports.keys = std::sync::Arc::new(Vouched(ports.keys));
    let path = folder.path().join("wallet");
    let wallet = wallet_core::Wallet::create(&path, crate::town::PIN, ports, town.config()).await.unwrap();
    let offer = wallet.preview_offer(&town.issuer.offer(plan())).await.unwrap();
    assert_eq!(wallet.receive(&offer, Some("123456")).await.unwrap().cards.len(), 1);
    assert_eq!(*town.issuer.attested.lock().unwrap(), ["vouched for 1 keys with nonce-1"]);
}
