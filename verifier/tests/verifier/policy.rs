//! Policies: each rule kept and broken, end to end; and files that change while the counter runs.

use protocol::openid4vp::{AuthorizationRequest, AuthorizationResponse, VpToken};
use registry::Status;
use serde_json::{Value, json};
use service::clock;
use testkit::Company;
use verifier::{Policy, PurposeConfig, Verifier};

use crate::stack::{Card, Counter, Issuer, Lies, Network, Phone, Reply, TOKEN, check, not_passed};

fn licence(more: Value) -> Value {
    let mut ask =
        json!({ "credential_type": "business-licence", "claims": ["name", "creditCode", "companyType"] });
    let Value::Object(more) = more else { panic!("an object") };
    ask.as_object_mut().unwrap().extend(more);
    ask
}

fn policy(id: &str, asks: Value, more: Value) -> Value {
    let mut policy = json!({ "id": id, "title": { "zh": "甲", "en": "A" } });
    policy["asks"] = asks;
    let Value::Object(more) = more else { panic!("an object") };
    policy.as_object_mut().unwrap().extend(more);
    policy
}

struct Town {
    network: Network,
    market: Issuer,
    counter: Counter,
    phone: Phone,
}

impl Town {
    async fn with(policies: impl FnOnce(&Issuer) -> Value) -> Self {
        let network = Network::start().await;
        let market =
            Issuer::register(&network, "Hefei Market Supervision", &["business-licence", "mandate"]).await;
        let counter = Counter::start_by(&network, policies(&market)).await;
        Self { network, market, counter, phone: Phone::new() }
    }

    async fn decide(&self, purpose: &str, cards: &[&Card]) -> (u16, Value) {
        let asked = self.counter.ask(purpose).await;
        let request = self.phone.fetch(&asked.request_uri).await;
        let reply = self.phone.post(&request, self.answer(&request, cards)).await;
        (reply.status, self.counter.read(&asked.id).await)
    }

    /// Each card in answer to the credential query of its place.
    fn answer(&self, request: &AuthorizationRequest, cards: &[&Card]) -> String {
        let ids = &request.dcql_query.as_ref().unwrap().credentials;
        let token = ids.iter().zip(cards).map(|(query, card)| {
            (query.id.clone(), vec![self.phone.answering(request, query.id.as_str(), card)])
        });
        let vp_token = VpToken(token.collect());
        AuthorizationResponse::Presented { vp_token, state: request.state.clone() }.to_form().encode()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn issuers_ages_and_values_are_measured() {
    let town = Town::with(|market| {
        // Another organisation's: its last letter is another one.
        let mut other = market.did.to_string();
        let last = if other.ends_with('2') { "3" } else { "2" };
        other.replace_range(other.len() - 1.., last);
        let kind = Company::nth(3).business_licence_claims()["companyType"].clone();
        json!([
            policy("named", json!([licence(json!({"issuers": [market.did]}))]), json!({})),
            policy("others", json!([licence(json!({"issuers": [other]}))]), json!({})),
            policy("young", json!([licence(json!({"issued_within_days": 30}))]), json!({})),
            policy("this-kind", json!([licence(json!({"values": {"companyType": [kind]}}))]), json!({})),
            policy("other-kind", json!([licence(json!({"values": {"companyType": ["x"]}}))]), json!({})),
        ])
    });
    let town = town.await;
    let card = town.market.licence(&town.phone, 3, 1);
    for good in ["named", "young", "this-kind"] {
        let (_, decision) = town.decide(good, &[&card]).await;
        assert_eq!((&decision["decision"], not_passed(&decision)), (&json!("accepted"), vec![]), "{good}");
    }
    let (_, decision) = town.decide("others", &[&card]).await;
    assert_eq!(check(&decision, "query_satisfied"), ("failed", "another_issuer"));
    let (_, decision) = town.decide("other-kind", &[&card]).await;
    assert_eq!(check(&decision, "query_satisfied"), ("failed", "another_value"));

    // An old licence can't be older than its list here, so the limit is put below its age.
    let mut draft = town.market.draft(3, 1);
    draft.issued_at = clock::now().seconds() - 60;
    let older = town.market.issue(draft, &town.market.es256, &town.phone);
    let (status, decision) = town.decide("young", &[&older]).await;
    assert_eq!((status, check(&decision, "credential_age")), (200, ("passed", "right")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_for_a_policy_is_told_by_its_age() {
    let town = Town::with(|_| {
        json!([
            policy("today", json!([licence(json!({"issued_within_days": 1}))]), json!({})),
            policy("fresh-facts", json!([licence(json!({}))]), json!({"evidence_max_age": 1})),
            policy(
                "fresh-status",
                json!([licence(json!({}))]),
                json!({"evidence_max_age": 600, "status_max_age": 1})
            ),
            policy("fresh-hand", json!([licence(json!({}))]), json!({"binding_max_age": 60})),
            policy("usual", json!([licence(json!({}))]), json!({})),
        ])
    });
    let town = town.await;
    let show = async |purpose: &str, card: &Card, age: i64| {
        let asked = town.counter.ask(purpose).await;
        let reply = town.phone.answer(&asked.request_uri, card, Lies { age, ..Lies::default() }).await;
        (reply.status, town.counter.read(&asked.id).await)
    };
    let mut draft = town.market.draft(3, 1);
    draft.issued_at = clock::now().seconds() - 2 * 86_400;
    let older = town.market.issue(draft, &town.market.es256, &town.phone);
    let (status, decision) = show("today", &older, 0).await;
    // It is genuine; that its issuer was not there yet is told beside it.
    assert_eq!((status, check(&decision, "credential_age")), (200, ("failed", "too_old")));
    let mut draft = town.market.draft(3, 1);
    draft.issued_at = clock::now().seconds() + 600;
    let ahead = town.market.issue(draft, &town.market.es256, &town.phone);
    assert_eq!(check(&show("today", &ahead, 0).await.1, "credential_age"), ("failed", "created_in_future"));

    let card = town.market.licence(&town.phone, 3, 1);
    let (status, decision) = show("usual", &card, 100).await;
    assert_eq!((status, &decision["decision"]), (200, &json!("accepted")));
    let (status, decision) = show("fresh-hand", &card, 100).await;
    assert_eq!((status, not_passed(&decision)), (400, vec!["holder_binding"]));
    assert_eq!(check(&decision, "holder_binding"), ("failed", "key_binding_too_old"));

    // A chain at rest makes a block every 15 seconds: between two of them its facts are older than a second.
    let aged = async |purpose: &str| {
        let refused = async {
            loop {
                let (_, decision) = show(purpose, &card, 0).await;
                if decision["decision"] != "accepted" {
                    return decision;
                }
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), refused).await.unwrap()
    };
    let decision = aged("fresh-facts").await;
    assert_eq!((&decision["decision"], not_passed(&decision)), (&json!("cannot_tell"), vec!["evidence_age"]));
    assert_eq!(check(&decision, "evidence_age"), ("unknown", "too_old"));
    // The status alone is bounded: the other facts of the same block are young enough for the policy.
    let decision = aged("fresh-status").await;
    assert_eq!((&decision["decision"], not_passed(&decision)), (&json!("cannot_tell"), vec!["status_age"]));
    assert_eq!(check(&decision, "status_age"), ("unknown", "too_old"));
    assert_eq!(check(&decision, "evidence_age"), ("passed", "right"));
    assert_eq!(show("usual", &card, 0).await.1["decision"], "accepted", "for others it is fresh enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_come_where_several_may_and_what_need_not_come_may_be_left_out() {
    let mandate =
        |required| json!({ "credential_type": "mandate", "claims": ["principal"], "required": required });
    let town = Town::with(|_| {
        json!([
            policy("several", json!([licence(json!({"multiple": true}))]), json!({})),
            policy("one", json!([licence(json!({}))]), json!({})),
            policy("optional", json!([licence(json!({})), mandate(false)]), json!({})),
            policy("both", json!([licence(json!({})), mandate(true)]), json!({})),
        ])
    });
    let town = town.await;
    let (first, second) = (town.market.licence(&town.phone, 3, 1), town.market.licence(&town.phone, 4, 2));
    let show = async |purpose: &str, cards: &[&Card]| {
        let asked = town.counter.ask(purpose).await;
        let request = town.phone.fetch(&asked.request_uri).await;
        let id = request.dcql_query.as_ref().unwrap().credentials[0].id.clone();
        let shown = cards.iter().map(|card| town.phone.answering(&request, id.as_str(), card)).collect();
        let vp_token = VpToken([(id, shown)].into());
        let answer = AuthorizationResponse::Presented { vp_token, state: request.state.clone() };
        let reply = town.phone.post(&request, answer.to_form().encode()).await;
        (reply.status, town.counter.read(&asked.id).await)
    };
    let (status, decision) = show("several", &[&first, &second]).await;
    assert_eq!((status, &decision["decision"]), (200, &json!("accepted")));
    let claims = decision["claims"]["business-licence-sd-jwt"].as_array().unwrap();
    let names: Vec<_> = claims.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, [Company::nth(3).name, Company::nth(4).name]);
    let (status, decision) = show("one", &[&first, &second]).await;
    assert_eq!((status, check(&decision, "only_what_was_asked")), (400, ("failed", "more_than_asked")));
    // One bad one among several spoils them.
    town.market.set(&town.network, 2, Status::Revoked).await;
    let (_, decision) = show("several", &[&first, &second]).await;
    assert_eq!((&decision["decision"], not_passed(&decision)), (&json!("refused"), vec!["status"]));

    let (status, decision) = town.decide("optional", &[&first]).await;
    assert_eq!((status, &decision["decision"]), (200, &json!("accepted")));
    let (status, decision) = town.decide("both", &[&first]).await;
    assert_eq!((status, check(&decision, "query_satisfied")), (400, ("failed", "credential_missing")));
    // What need not come must be right if it comes.
    let (status, decision) = town.decide("optional", &[&first, &first]).await;
    assert_eq!((status, check(&decision, "query_satisfied")), (400, ("failed", "another_type")));
}

/// An authority by the key of its certificates (`aki`, OpenID4VP 1.0 §6.1.1.1): matched with those that the issuer signed along.
#[tokio::test(flavor = "multi_thread")]
async fn an_authority_is_known_by_the_key_in_the_signed_certificates() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use credentials::key::Signer as _;
    use credentials::x509::{Certificate, Certifying};
    use credentials::{UnixSeconds, sd_jwt};
    let town = Town::with(|_| json!([policy("one", json!([licence(json!({}))]), json!({}))])).await;
    let now = clock::now().seconds();
    let certifying = Certifying {
        issuer: "C=CN,CN=Test root",
        subject: "C=CN,CN=Test",
        uri: None,
        serial: &[1; 16],
        from: UnixSeconds(now),
        until: UnixSeconds(now + 86_400),
        purpose: None,
    };
    let der = certifying.sign(town.market.es256.public_key(), &town.market.es256).unwrap();
    let authority = URL_SAFE_NO_PAD.encode(Certificate::parse(&der).unwrap().authority_key().unwrap());
    let Card::SdJwt(plain) = town.market.licence(&town.phone, 3, 1) else { panic!("a token") };
    let read = sd_jwt::Unverified::parse(&plain).unwrap();
    let draft = town.market.draft(3, 1);
    let certified = sd_jwt::Issuance {
        issuer: draft.issuer,
        kid: draft.kid,
        x5c: Some(vec![STANDARD.encode(&der)]),
        vct: read.vct().unwrap().to_owned(),
        disclosable: draft.claims.keys().map(|name| credentials::ClaimPath::top(name)).collect(),
        claims: draft.claims,
        holder: Some(town.phone.key.public_key().clone()),
        issued_at: UnixSeconds(draft.issued_at),
        not_before: None,
        expires: draft.expires.map(UnixSeconds),
        status: read.status().cloned(),
        decoys: 0,
    };
    let certified = Card::SdJwt(certified.sign(&town.market.es256, &mut testkit::rng(5)).unwrap());
    let show = async |value: &str, card: &Card| {
        let wish = json!({ "purpose": "one", "response_mode": "direct_post", "dcql": { "credentials": [{
            "id": "licence", "format": "dc+sd-jwt",
            "meta": { "vct_values": ["urn:huizheng:business-licence:1"] },
            "trusted_authorities": [{ "type": "aki", "values": [value] }],
            "claims": [{ "path": ["name"] }],
        }]}});
        let asked = town.counter.ask_json(&wish).await;
        town.phone.answer(&asked.request_uri, card, Lies::default()).await;
        town.counter.read(&asked.id).await
    };
    let decision = show(&authority, &certified).await;
    assert_eq!((&decision["decision"], not_passed(&decision)), (&json!("accepted"), vec![]));
    for (flaw, value, card) in [
        ("authority_of_another", URL_SAFE_NO_PAD.encode([7; 20]), &certified),
        ("certificate_missing", authority, &Card::SdJwt(plain)),
    ] {
        let decision = show(&value, card).await;
        assert_eq!(check(&decision, "query_satisfied"), ("failed", "another_issuer"), "{flaw}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mandate_must_fit_the_company_and_the_matter() {
    let asks = || {
        json!([
            { "credential_type": "business-licence", "claims": ["creditCode"] },
            { "credential_type": "mandate", "claims": ["principal", "matters"] },
        ])
    };
    let town = Town::with(|_| {
        json!([
            policy("tax", asks(), json!({"mandate": {"matter": "tax"}})),
            policy("fund", asks(), json!({"mandate": {"matter": "housing-fund"}})),
        ])
    });
    let town = town.await;
    let mandate = |principal: &Value, index: u32| {
        let catalogue = credentials::catalogue::Catalogue::bundled().unwrap();
        let Value::Object(mut claims) = catalogue.by_id("mandate").unwrap().example() else {
            panic!("claims")
        };
        claims.insert("principal".into(), principal.clone());
        claims.insert("matters".into(), json!(["tax", "bank-account"]));
        let draft = crate::stack::Draft { credential_type: "mandate", claims, ..town.market.draft(3, index) };
        town.market.issue(draft, &town.market.es256, &town.phone)
    };
    let licence = town.market.licence(&town.phone, 3, 1);
    let code = |n: usize| Company::nth(n).business_licence_claims()["creditCode"].clone();
    let (own, others) = (mandate(&code(3), 2), mandate(&code(4), 3));

    let (_, decision) = town.decide("tax", &[&licence, &own]).await;
    assert_eq!(
        (&decision["decision"], check(&decision, "mandate")),
        (&json!("accepted"), ("passed", "right"))
    );
    let (status, decision) = town.decide("tax", &[&licence, &others]).await;
    assert_eq!((status, not_passed(&decision)), (200, vec!["mandate"]), "genuine, but not for this");
    assert_eq!(check(&decision, "mandate"), ("failed", "other_company"));
    let (_, decision) = town.decide("fund", &[&licence, &own]).await;
    assert_eq!(check(&decision, "mandate"), ("failed", "other_matter"));
    let (_, decision) = town.decide("tax", &[&licence]).await;
    assert_eq!(check(&decision, "mandate"), ("failed", "no_mandate"));
    town.market.set(&town.network, 2, Status::Revoked).await;
    let (_, decision) = town.decide("tax", &[&licence, &own]).await;
    assert_eq!((not_passed(&decision), &decision["decision"]), (vec!["status"], &json!("refused")));
}

/// Each rule that an answer is measured by, a credential that was received elsewhere is measured by too.
#[tokio::test(flavor = "multi_thread")]
async fn a_credential_alone_is_measured_by_the_same_policy() {
    let mandate = json!({ "credential_type": "mandate", "claims": ["principal", "matters"] });
    let town = Town::with(|market| {
        let mut other = market.did.to_string();
        let last = if other.ends_with('2') { "3" } else { "2" };
        other.replace_range(other.len() - 1.., last);
        let kind = Company::nth(3).business_licence_claims()["companyType"].clone();
        let tax = json!({"mandate": {"matter": "tax"}});
        json!([
            policy("this-kind", json!([licence(json!({"values": {"companyType": [kind]}}))]), json!({})),
            policy("other-kind", json!([licence(json!({"values": {"companyType": ["x"]}}))]), json!({})),
            policy("named", json!([licence(json!({"issuers": [market.did]}))]), json!({})),
            policy("others", json!([licence(json!({"issuers": [other]}))]), json!({})),
            policy("mandated", json!([licence(json!({})), mandate]), tax),
        ])
    });
    let town = town.await;
    let text = |card: &Card| match card {
        Card::SdJwt(text) => json!(text),
        Card::Whole(value) => value.clone(),
        Card::Mdoc(_) => panic!("none here"),
    };
    let card = town.market.licence(&town.phone, 3, 1);
    let mut draft = town.market.draft(3, 2);
    draft.claims.remove("creditCode");
    let without_code = town.market.issue(draft, &town.market.es256, &town.phone);
    let whole = town.market.licence_whole(&town.phone, 3, 3);
    for (purpose, card, found) in [
        ("this-kind", &card, json!([])),
        ("other-kind", &card, json!([["query_satisfied", "another_value"]])),
        ("named", &card, json!([])),
        ("others", &card, json!([["query_satisfied", "another_issuer"]])),
        ("named", &without_code, json!([["query_satisfied", "claim_missing"]])),
        ("named", &whole, json!([["query_satisfied", "another_format"]])),
        ("mandated", &card, json!([["mandate", "no_mandate"]])),
    ] {
        let alone = json!({ "credential": text(card), "purpose": purpose });
        let one = Reply::read(town.counter.post("/api/verify", &alone, Some(TOKEN)).await).await.body;
        assert_eq!(one["not_passed"], found, "{purpose}");
        assert_eq!(one["decision"], if found == json!([]) { "accepted" } else { "refused" }, "{purpose}");
        let url = town.counter.url(&format!("/api/verify/batch?purpose={purpose}"));
        let line = json!({ "id": "a", "credential": text(card) }).to_string();
        let request = town.counter.http.post(url).bearer_auth(TOKEN).body(line);
        let request = request.header("content-type", "application/x-ndjson");
        let line = Reply::read(request.send().await.unwrap()).await.body;
        assert_eq!((&line["not_passed"], &line["decision"]), (&found, &one["decision"]), "{purpose}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_told_is_what_the_policy_says() {
    let town = Town::with(|_| {
        json!([
            policy("patient", json!([licence(json!({}))]), json!({"evidence_max_age": 600})),
            policy(
                "strict",
                json!([licence(json!({}))]),
                json!({"unknown": "refused", "evidence_max_age": 600})
            ),
        ])
    });
    let town = town.await;
    let card = town.market.licence(&town.phone, 3, 1);
    let (_, decision) = town.decide("strict", &[&card]).await;
    assert_eq!(
        (&decision["decision"], check(&decision, "evidence_age")),
        (&json!("accepted"), ("passed", "right"))
    );
    // A licence without a status: nobody can tell.
    let mut draft = town.market.draft(3, 1);
    draft.status = crate::stack::Statuses::None;
    let silent = town.market.issue(draft, &town.market.es256, &town.phone);
    for (purpose, verdict) in [("patient", "cannot_tell"), ("strict", "refused")] {
        let (_, decision) = town.decide(purpose, &[&silent]).await;
        assert_eq!(
            (&decision["decision"], check(&decision, "status")),
            (&json!(verdict), ("unknown", "no_status"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_will_do_only_where_the_policy_says_so() {
    let town = Town::with(|_| {
        json!([
            policy("copy", json!([licence(json!({"holder_binding": false}))]), json!({})),
            policy("original", json!([licence(json!({}))]), json!({})),
        ])
    });
    let town = town.await;
    let card = town.market.licence(&town.phone, 3, 1);
    let show = async |purpose: &str, lies: Lies| {
        let asked = town.counter.ask(purpose).await;
        let reply = town.phone.answer(&asked.request_uri, &card, lies).await;
        (reply.status, town.counter.read(&asked.id).await)
    };
    let bare = || Lies { strip_binding: true, ..Lies::default() };
    let (status, decision) = show("copy", bare()).await;
    assert_eq!((status, &decision["decision"]), (200, &json!("accepted")));
    assert_eq!(check(&decision, "holder_binding"), ("passed", "not_demanded"));
    let (status, _) = show("original", bare()).await;
    assert_eq!(status, 400);
    // A binding that is there and wrong is wrong.
    let (status, decision) = show("copy", Lies { nonce: Some("other"), ..Lies::default() }).await;
    assert_eq!((status, check(&decision, "nonce")), (400, ("failed", "nonce_wrong")));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_change_are_in_force_at_once_for_new_requests_only() {
    let network = Network::start().await;
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let phone = Phone::new();
    let dir = network.dir.path().join("policies");
    std::fs::create_dir(&dir).unwrap();
    let write = |claims: &str| {
        let text = format!(
            "id = 'a'\ntitle = {{ zh = '甲', en = 'A' }}\n[[asks]]\ncredential_type = 'business-licence'\nclaims = [{claims}]\n"
        );
        std::fs::write(dir.join("a.toml"), text).unwrap();
    };
    write("'name'");
    let mut config = Counter::config(&network, &network.dir.path().join("watching"), Policy::default());
    config.tenants[0].purposes = PurposeConfig::load_dir(&dir).unwrap();
    config.tenants[0].policies_dir = Some(dir.clone());
    let counter = Counter::of(Verifier::bind(config).await.unwrap());
    let policies = async || {
        let url = counter.url("/api/policies");
        Reply::read(counter.http.get(url).bearer_auth(TOKEN).send().await.unwrap()).await.body
    };
    let until = async |is_it: &dyn Fn(&Value) -> bool| {
        for _ in 0..600 {
            let now = policies().await;
            if is_it(&now) {
                return now;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the files were not read again: {}", policies().await);
    };
    let before = policies().await["policies"][0]["version"].clone();
    let old = counter.ask("a").await;
    write("'name', 'creditCode'");
    until(&|now| now["policies"][0]["version"] != before).await;
    let new = counter.ask("a").await;

    let card = market.licence(&phone, 3, 1);
    for (asked, claims) in [(&old, 1), (&new, 2)] {
        assert_eq!(phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
        let decision = counter.read(&asked.id).await;
        assert_eq!(decision["decision"], "accepted", "judged by what it was asked by");
        let shown = decision["claims"].as_object().unwrap().values().next().unwrap();
        assert_eq!(shown.as_object().unwrap().len(), claims);
    }
    write("'shoeSize'");
    let now = until(&|now| now["fault"].is_string()).await;
    assert!(now["fault"].as_str().unwrap().contains("shoeSize"), "{now}");
    counter.ask("a").await;
}
