//! Deciding from what a phone brings along, with no network; each lie by its name.

use std::time::Duration;

use credentials::catalogue::Catalogue;
use protocol::dcql::{DcqlQuery, QueryId};
use protocol::offline::{Answer, Binding, Message, one_way_nonce};
use protocol::openid4vp::Presentation;
use registry::build::{SoftwareSigner, TxSigner};
use registry::{Anchor, EvidenceBundle, LightClient, RecordKey, Status, UnixMillis, Validator, ValidatorSet};
use serde_json::json;
use service::clock;
use verifier::offline::snapshot::{Snapshot, SnapshotError};
use verifier::offline::{OfflineDecision, OfflineError, Question, Register, judge};
use verifier::{PurposeConfig, Verdict};

use crate::stack::{Card, Issuer, Network, Phone};

pub(crate) const CLIENT: &str = "decentralized_identifier:did:hui:anhui:zCounter";
pub(crate) const NONCE: &str = "a-challenge-of-this-counter";

pub(crate) struct Field {
    pub(crate) network: Network,
    pub(crate) market: Issuer,
    pub(crate) phone: Phone,
    pub(crate) query: DcqlQuery,
}

impl Field {
    pub(crate) async fn new() -> Self {
        let network = Network::start().await;
        let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
        let query = DcqlQuery::parse(
            json!({ "credentials": [{
                "id": "licence", "format": "dc+sd-jwt",
                "meta": { "vct_values": ["urn:huizheng:business-licence:1"] },
                "claims": [{ "path": ["name"] }, { "path": ["creditCode"] }],
            }]})
            .to_string()
            .as_bytes(),
        );
        Self { network, market, phone: Phone::new(), query: query.unwrap() }
    }

    /// The evidence that a phone carries for a licence at this entry.
    pub(crate) async fn staples(&self, index: u32) -> Vec<Vec<u8>> {
        self.market.staples(&self.network, index).await
    }

    pub(crate) fn shown(&self, card: &Card, nonce: &str, audience: &str, age: i64) -> Presentation {
        use credentials::{ClaimPath, UnixSeconds, sd_jwt};
        let Card::SdJwt(text) = card else { panic!("a token") };
        let selection = sd_jwt::Unverified::parse(text).unwrap();
        let selection = selection.select(&[ClaimPath::top("name"), ClaimPath::top("creditCode")]).unwrap();
        let at = UnixSeconds(clock::now().seconds() - age);
        Presentation::Text(selection.bind(audience, nonce, at).unwrap().sign(&self.phone.key).unwrap())
    }

    pub(crate) fn answer(&self, presentation: Presentation, nonce: &str, staples: Vec<Vec<u8>>) -> Answer {
        let presentations = vec![(QueryId::new("licence").unwrap(), presentation)];
        let answer = Answer { nonce: nonce.to_owned(), presentations, staples };
        // As it comes out of the codes.
        match Message::from_bytes(&Message::Answer(answer).to_bytes()).unwrap() {
            Message::Answer(answer) => answer,
            Message::Ask(_) => panic!("an answer"),
        }
    }

    fn decide(&self, answer: &Answer, binding: &Binding, now: UnixMillis) -> OfflineDecision {
        self.decide_by(&LightClient::new(self.network.anchor.clone()).into(), answer, binding, now)
    }

    fn decide_by(
        &self,
        register: &Register,
        answer: &Answer,
        binding: &Binding,
        now: UnixMillis,
    ) -> OfflineDecision {
        let question = Question {
            query: &self.query,
            client_id: CLIENT,
            binding,
            policy: None,
            max_age: Duration::from_secs(86_400),
            now,
        };
        judge(answer, question, Catalogue::bundled().unwrap(), register).unwrap()
    }
}

pub(crate) fn not_passed(decision: &OfflineDecision) -> Vec<(&str, &str)> {
    let failed = decision.checks.iter().filter(|check| check.code != "right");
    failed.map(|check| (check.id.id(), check.code.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_brings_its_evidence_is_believed_without_any_network() {
    let field = Field::new().await;
    let card = field.market.licence(&field.phone, 3, 1);
    let staples = field.staples(1).await;
    let answer = field.answer(field.shown(&card, NONCE, CLIENT, 0), NONCE, staples.clone());
    // The node is gone: nothing below could ask it.
    let binding = Binding::Challenge(NONCE.to_owned());
    let decision = field.decide(&answer, &binding, clock::now());
    assert_eq!((decision.decision, not_passed(&decision)), (Verdict::Accepted, vec![]));
    assert!(decision.evidence_of.is_some());
    assert_eq!(decision.claims[0].1.len(), 2);

    let replayed = field.decide(&answer, &Binding::Challenge("another-challenge-of-it".into()), clock::now());
    assert_eq!(not_passed(&replayed), [("nonce", "nonce_wrong")]);
    assert!(replayed.claims.is_empty(), "nothing is shown of what is refused");
    let elsewhere = field.answer(field.shown(&card, NONCE, "decentralized_identifier:x", 0), NONCE, staples);
    assert_eq!(
        not_passed(&field.decide(&elsewhere, &binding, clock::now())),
        [("audience", "audience_wrong")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_is_missing_old_forged_or_of_another_chain_is_told_apart() {
    let field = Field::new().await;
    let card = field.market.licence(&field.phone, 3, 1);
    let (staples, binding) = (field.staples(1).await, Binding::Challenge(NONCE.to_owned()));
    let with = |staples: Vec<Vec<u8>>| field.answer(field.shown(&card, NONCE, CLIENT, 0), NONCE, staples);

    let bare = field.decide(&with(vec![]), &binding, clock::now());
    assert_eq!(bare.decision, Verdict::CannotTell);
    assert!(not_passed(&bare).contains(&("status", "chain_unreachable")));
    assert!(not_passed(&bare).contains(&("evidence_age", "chain_unreachable")));

    let mut forged = staples.clone();
    let last = forged[0].len() - 1;
    forged[0][last] ^= 1;
    let decision = field.decide(&with(forged), &binding, clock::now());
    assert_eq!(decision.decision, Verdict::Refused);
    assert!(not_passed(&decision).contains(&("evidence_age", "evidence_refused")));

    let other = Network::start().await;
    let theirs = other.client.facts(&[RecordKey::Did(field.market.did.clone())]).await.unwrap();
    let theirs: Vec<_> = theirs.into_iter().map(|fact| fact.evidence).collect();
    let foreign = vec![staples[0].clone(), EvidenceBundle::of(&theirs).unwrap().to_bytes()];
    let decision = field.decide(&with(foreign), &binding, clock::now());
    assert_eq!(not_passed(&decision), [("evidence_age", "evidence_refused")]);

    // Revoked after the evidence was taken: it can't be known here. The evidence says of when it is, and gets too old.
    field.market.set(&field.network, 1, Status::Revoked).await;
    let answer = with(staples);
    assert_eq!(field.decide(&answer, &binding, clock::now()).decision, Verdict::Accepted);
    assert_eq!(
        not_passed(&field.decide(&with(field.staples(1).await), &binding, clock::now())),
        [("status", "revoked")]
    );
    let later = clock::now().after(Duration::from_secs(86_500));
    let decision = field.decide(&answer, &binding, later);
    assert!(not_passed(&decision).contains(&("evidence_age", "too_old")), "{:?}", not_passed(&decision));
}

#[tokio::test(flavor = "multi_thread")]
async fn honest_evidence_that_a_wrong_clock_or_an_old_anchor_can_not_read_is_not_called_forged() {
    let field = Field::new().await;
    let card = field.market.licence(&field.phone, 3, 1);
    let (staples, binding) = (field.staples(1).await, Binding::Challenge(NONCE.to_owned()));
    let answer = field.answer(field.shown(&card, NONCE, CLIENT, 0), NONCE, staples.clone());
    let hour = 3_600_000;
    let behind = field.decide(&answer, &binding, UnixMillis(clock::now().0 - hour));
    for id in
        ["issuer_signature", "issuer_key_valid_when_issued", "issuer_accredited", "status", "evidence_age"]
    {
        assert!(not_passed(&behind).contains(&(id, "chain_from_the_future")), "{:?}", not_passed(&behind));
    }
    // Nor is the phone called a liar for the clock here.
    assert_eq!(behind.decision, Verdict::CannotTell);
    assert!(not_passed(&behind).contains(&("holder_binding", "clock_doubted")));

    let anchor = &field.network.anchor;
    let stranger = SoftwareSigner::from_seed(&[8; 32]).unwrap().public_key();
    let changed = ValidatorSet::new(vec![Validator { key: stranger, power: 1 }]).unwrap();
    let changed = Anchor { validators: changed, ..anchor.clone() };
    let later = Anchor { height: 1_000_000, ..anchor.clone() };
    for anchor in [changed, later] {
        let register = LightClient::new(anchor).into();
        let decision = field.decide_by(&register, &answer, &binding, clock::now());
        assert_eq!(decision.decision, Verdict::CannotTell);
        assert!(not_passed(&decision).contains(&("status", "validators_unknown")));
        assert!(not_passed(&decision).contains(&("evidence_age", "validators_unknown")));
        let words = decision.checks.iter().find(|check| check.id.id() == "evidence_age").unwrap();
        assert!(words.finding.en.contains("Connect once") && words.finding.zh.contains("联网"));
    }
    // Beside it what is forged is still told.
    let mut forged = staples[0].clone();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let both = field.answer(field.shown(&card, NONCE, CLIENT, 0), NONCE, vec![staples[0].clone(), forged]);
    assert_eq!(
        not_passed(&field.decide(&both, &binding, clock::now())),
        [("evidence_age", "evidence_refused")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_says_what_the_phone_does_not_and_of_two_the_newer_counts() {
    let field = Field::new().await;
    let (card, binding) = (field.market.licence(&field.phone, 3, 1), Binding::Challenge(NONCE.to_owned()));
    let with = |staples: Vec<Vec<u8>>| field.answer(field.shown(&card, NONCE, CLIENT, 0), NONCE, staples);
    let fetch = async || {
        let issuers = [field.market.did.clone()];
        let taken = Snapshot::fetch(&issuers, Catalogue::bundled().unwrap(), &field.network.client).await;
        taken.unwrap().to_bytes()
    };
    let open = |bytes: &[u8]| Register::open(bytes, field.network.anchor.clone(), clock::now()).unwrap();
    let decide = |register: &Register, answer: &Answer| {
        let decision = field.decide_by(register, answer, &binding, clock::now());
        not_passed(&decision).first().map_or("right", |(_, code)| *code).to_owned()
    };
    let (before, staple) = (open(&fetch().await), field.staples(1).await);
    assert_eq!(decide(&before, &with(vec![])), "right", "a phone that brings nothing");
    field.market.set(&field.network, 1, Status::Revoked).await;
    let bytes = fetch().await;
    let after = open(&bytes);
    assert_eq!(decide(&after, &with(staple.clone())), "revoked", "whatever an older staple says");
    assert_eq!(decide(&before, &with(field.staples(1).await)), "revoked", "a newer staple says more");
    assert_eq!(decide(&before, &with(staple)), "right");
    // It gets old as staples do.
    let later = clock::now().after(Duration::from_secs(86_500));
    let decision = field.decide_by(&before, &with(vec![]), &binding, later);
    assert!(not_passed(&decision).contains(&("evidence_age", "too_old")));

    let nobody = ["did:hui:anhui:z11111111111111111111".parse().unwrap()];
    let fetched = Snapshot::fetch(&nobody, Catalogue::bundled().unwrap(), &field.network.client).await;
    assert!(fetched.unwrap_err().to_string().contains("did:hui:anhui:z1111"));
    let mut forged: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let bundle = forged["bundles"][0].as_str().unwrap();
    let other = if bundle.ends_with('A') { "Q" } else { "A" };
    forged["bundles"][0] = json!(format!("{}{other}", &bundle[..bundle.len() - 1]));
    let version = json!({ "version": 2, "hand_overs": [], "bundles": [] });
    for flaw in [forged, version, json!({}), json!("")] {
        let bytes = flaw.to_string();
        assert!(Register::open(bytes.as_bytes(), field.network.anchor.clone(), clock::now()).is_err());
    }
    let stranger = Network::start().await;
    let opened = Register::open(&bytes, stranger.anchor.clone(), clock::now());
    assert!(matches!(opened, Err(SnapshotError::Evidence(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_measures_what_it_asked_and_nothing_else() {
    let field = Field::new().await;
    let card = field.market.licence(&field.phone, 3, 1);
    let catalogue = Catalogue::bundled().unwrap();
    let policy = |more: serde_json::Value| -> PurposeConfig {
        let mut ask = json!({ "credential_type": "business-licence", "claims": ["name", "creditCode"] });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let title = json!({ "zh": "甲", "en": "A" });
        serde_json::from_value(json!({ "id": "a", "title": title, "asks": [ask] })).unwrap()
    };
    let (plain, valued) = (policy(json!({})), policy(json!({ "values": { "name": ["another"] } })));
    let staples = field.staples(1).await;
    let decide = |asked: &DcqlQuery, policy: &PurposeConfig| {
        let presentation = field.shown(&card, NONCE, CLIENT, 0);
        let id = asked.credentials[0].id.clone();
        let answer = Answer {
            nonce: NONCE.to_owned(),
            presentations: vec![(id, presentation)],
            staples: staples.clone(),
        };
        let question = Question {
            query: asked,
            client_id: CLIENT,
            binding: &Binding::Challenge(NONCE.to_owned()),
            policy: Some(policy),
            max_age: Duration::from_secs(86_400),
            now: clock::now(),
        };
        judge(&answer, question, catalogue, &LightClient::new(field.network.anchor.clone()).into())
    };
    let query = |policy: &PurposeConfig| policy.query(catalogue).unwrap();
    assert_eq!(decide(&query(&plain), &plain).unwrap().decision, Verdict::Accepted);
    let refused = decide(&query(&valued), &valued).unwrap();
    assert_eq!(not_passed(&refused), [("query_satisfied", "another_value")]);
    // Asked without the values, the policy that demands them would be passed over.
    let other = decide(&query(&plain), &valued);
    assert!(matches!(other, Err(OfflineError::OtherQuery(id)) if id.as_str() == "a"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_bounds_the_age_of_a_status_beside_that_of_the_facts() {
    let field = Field::new().await;
    let card = field.market.licence(&field.phone, 3, 1);
    let catalogue = Catalogue::bundled().unwrap();
    let policy: PurposeConfig = serde_json::from_value(json!({
        "id": "a",
        "title": { "zh": "甲", "en": "A" },
        "asks": [{ "credential_type": "business-licence", "claims": ["name", "creditCode"] }],
        "evidence_max_age": 3600,
        "status_max_age": 60,
    }))
    .unwrap();
    let query = policy.query(catalogue).unwrap();
    let staples = field.staples(1).await;
    let register: Register = LightClient::new(field.network.anchor.clone()).into();
    let decide = |staples: Vec<Vec<u8>>, later: u64| {
        let presentations = vec![(query.credentials[0].id.clone(), field.shown(&card, NONCE, CLIENT, 0))];
        let answer = Answer { nonce: NONCE.to_owned(), presentations, staples };
        let question = Question {
            query: &query,
            client_id: CLIENT,
            binding: &Binding::Challenge(NONCE.to_owned()),
            policy: Some(&policy),
            max_age: Duration::from_secs(86_400),
            now: clock::now().after(Duration::from_secs(later)),
        };
        judge(&answer, question, catalogue, &register).unwrap()
    };
    assert_eq!(decide(staples.clone(), 0).decision, Verdict::Accepted);
    let old = decide(staples, 300);
    assert_eq!((old.decision, not_passed(&old)), (Verdict::CannotTell, vec![("status_age", "too_old")]));
    let words = old.checks.iter().find(|check| check.id.id() == "status_age").unwrap();
    assert!(words.finding.zh.contains("太旧") && words.finding.en.contains("too old"), "{:?}", words.finding);
    // Without any facts it is not known either, for the same reason as everything else.
    assert!(not_passed(&decide(Vec::new(), 0)).contains(&("status_age", "chain_unreachable")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printed_code_is_answered_for_its_place_and_for_a_minute() {
    let field = Field::new().await;
    let card = field.market.licence(&field.phone, 3, 1);
    let staples = field.staples(1).await;
    let nonce = one_way_nonce("gate-3", [7; 16]);
    let at = |age: i64| field.answer(field.shown(&card, &nonce, CLIENT, age), &nonce, staples.clone());
    let gate = Binding::Place("gate-3".into());
    assert_eq!(field.decide(&at(0), &gate, clock::now()).decision, Verdict::Accepted);
    let other = field.decide(&at(0), &Binding::Place("gate-4".into()), clock::now());
    assert_eq!(not_passed(&other), [("nonce", "nonce_wrong")]);
    let late = field.decide(&at(120), &gate, clock::now());
    assert_eq!(not_passed(&late), [("holder_binding", "key_binding_too_old")]);
}
