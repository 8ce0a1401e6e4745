//! DCQL: validation by name, matching on the holder's side, judging on the verifier's.
#![expect(clippy::unwrap_used, reason = "what a test builds on must hold")]

use std::collections::BTreeMap;

use protocol::Format;
use protocol::dcql::{
    Answer, Candidate, ClaimPath, CredentialKind, DcqlQuery, Excess, Match, MissReason, Presented,
    QueryError, QueryId, Step, Unsatisfied, leaves,
};
use serde_json::{Value, json};

fn parse(value: &Value) -> Result<DcqlQuery, QueryError> {
    DcqlQuery::parse(&serde_json::to_vec(value).unwrap())
}

fn id(text: &str) -> QueryId {
    QueryId::new(text).unwrap()
}

fn path(names: &[&str]) -> ClaimPath {
    ClaimPath::of_names(names.iter().copied()).unwrap()
}

fn simple() -> Value {
    json!({"credentials": [{
        "id": "my_credential",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["https://credentials.example.com/identity_credential"]},
        "claims": [{"path": ["family_name"]}, {"path": ["given_name"]}, {"path": ["address", "street_address"]}]
    }]})
}

struct Held {
    vct: Vec<String>,
    claims: Value,
}

impl Held {
    fn new(vct: &str, claims: Value) -> Self {
        Self { vct: vec![vct.into()], claims }
    }

    fn candidate(&self) -> Candidate<'_> {
        Candidate {
            format: Format::SdJwtVc,
            kind: CredentialKind::Vct(&self.vct),
            claims: &self.claims,
            holder_bound: true,
            authorities: &[],
        }
    }

    fn presented(&self) -> Presented<'_> {
        Presented { candidate: self.candidate(), disclosed: leaves(&self.claims, &[]) }
    }
}

fn identity(claims: Value) -> Held {
    Held::new("https://credentials.example.com/identity_credential", claims)
}

fn max() -> Value {
    json!({"family_name": "Doe", "given_name": "John", "address": {"street_address": "42 Market Street"}})
}

#[test]
fn queries_are_refused_by_name() {
    let with = |change: fn(&mut Value)| {
        let mut query = simple();
        change(&mut query);
        parse(&query).unwrap_err()
    };
    assert_eq!(with(|q| q["credentials"] = json!([])), QueryError::Empty("credentials"));
    assert_eq!(with(|q| q["credentials"][0]["claims"] = json!([])), QueryError::Empty("claims"));
    assert_eq!(with(|q| q["credentials"][0]["meta"] = json!({})), QueryError::MetaMissing("vct_values"));
    assert_eq!(
        with(|q| q["credentials"][0]["format"] = json!("ldp_vc")),
        QueryError::MetaMissing("type_values")
    );
    assert_eq!(
        with(|q| q["credentials"][0]["format"] = json!("mso_mdoc")),
        QueryError::MetaMissing("doctype_value")
    );
    assert_eq!(with(|q| q["credentials"][0]["claim_sets"] = json!([["a"]])), QueryError::ClaimWithoutId);
    assert_eq!(with(|q| q["credential_sets"] = json!([])), QueryError::Empty("credential_sets"));
    assert_eq!(with(|q| q["credential_sets"] = json!([{"options": []}])), QueryError::Empty("options"));
    assert_eq!(
        with(|q| q["credential_sets"] = json!([{"options": [["x"]]}])),
        QueryError::UnknownCredential("x".into())
    );
    assert_eq!(
        with(|q| q["credentials"][0]["trusted_authorities"] = json!([])),
        QueryError::Empty("trusted_authorities")
    );
    assert_eq!(with(|q| q["credentials"][0]["claims"][0]["values"] = json!([])), QueryError::Empty("values"));
    assert_eq!(
        with(|q| {
            let first = q["credentials"][0].clone();
            q["credentials"] = json!([first, first]);
        }),
        QueryError::RepeatedCredential("my_credential".into())
    );
    assert_eq!(
        with(|q| q["credentials"][0]["claims"] =
            json!([{"id": "a", "path": ["x"]}, {"id": "a", "path": ["y"]}])),
        QueryError::RepeatedClaim("a".into())
    );
    assert_eq!(
        with(|q| {
            q["credentials"][0]["claims"] = json!([{"id": "a", "path": ["x"]}]);
            q["credentials"][0]["claim_sets"] = json!([["b"]]);
        }),
        QueryError::UnknownClaim("b".into())
    );
    assert_eq!(
        with(|q| {
            q["credentials"][0]["claim_sets"] = json!([["a"]]);
            q["credentials"][0].as_object_mut().unwrap().remove("claims");
        }),
        QueryError::ClaimSetsWithoutClaims
    );
    let too_many: Vec<Value> = (0..129).map(|n| json!({"path": [n.to_string()]})).collect();
    let mut query = simple();
    query["credentials"][0]["claims"] = json!(too_many);
    assert_eq!(parse(&query), Err(QueryError::TooMany("claims", 128)));
}

#[test]
fn values_of_the_wrong_type_are_unreadable() {
    for (pointer, wrong) in [
        ("/credentials/0/id", json!("a b")),
        ("/credentials/0/id", json!("")),
        ("/credentials/0/id", json!("许可证")),
        ("/credentials/0/claims/0/path", json!([])),
        ("/credentials/0/claims/0/path", json!([-1])),
        ("/credentials/0/claims/0/path", json!("name")),
        ("/credentials/0/multiple", json!("true")),
        ("/credentials", json!({})),
    ] {
        let mut query = simple();
        *query.pointer_mut(pointer).unwrap_or(&mut Value::Null) = wrong.clone();
        if query.pointer(pointer).is_none() {
            query["credentials"][0]["multiple"] = wrong.clone();
        }
        assert!(matches!(parse(&query), Err(QueryError::Unreadable(_))), "{pointer} {wrong}");
    }
    let mut query = simple();
    query["credentials"][0]["claims"][0]["values"] = json!([1.5]);
    assert!(matches!(parse(&query), Err(QueryError::Unreadable(_))));
}

#[test]
fn an_mdoc_claim_is_a_namespace_and_an_element() {
    let query = json!({"credentials": [{
        "id": "m", "format": "mso_mdoc", "meta": {"doctype_value": "org.iso.7367.1.mVRC"},
        "claims": [{"path": ["vehicle_holder"]}]
    }]});
    assert_eq!(parse(&query), Err(QueryError::MdocPath));
}

#[test]
fn a_query_is_written_back_as_it_came() {
    assert_eq!(serde_json::to_value(parse(&simple()).unwrap()).unwrap(), simple());
}

#[test]
fn a_credential_with_all_claims_matches() {
    let (held, other) = (identity(max()), Held::new("urn:other", max()));
    let matches = parse(&simple()).unwrap().matches(&[other.candidate(), held.candidate()]);
    let claims = vec![path(&["family_name"]), path(&["given_name"]), path(&["address", "street_address"])];
    assert_eq!(matches.found[&id("my_credential")], [Match { candidate: 1, claims, claim_set: None }]);
    assert!(matches.satisfiable());
    assert_eq!(matches.wanted(), [&id("my_credential")]);
}

#[test]
fn a_miss_says_why() {
    let query = parse(&simple()).unwrap();
    let poor = identity(json!({"family_name": "Doe", "given_name": "John"}));
    let matches = query.matches(&[poor.candidate(), Candidate { holder_bound: false, ..poor.candidate() }]);
    let reasons: Vec<&MissReason> =
        matches.missed[&id("my_credential")].iter().map(|miss| &miss.reason).collect();
    assert_eq!(
        reasons,
        [&MissReason::NoClaim(path(&["address", "street_address"])), &MissReason::NotHolderBound]
    );
    assert!(!matches.satisfiable() && matches.wanted().is_empty());
}

#[test]
fn values_must_be_equal_in_type_and_value() {
    // §6.4.1, value_matching_simple
    let query = |values: Value| {
        let mut query = simple();
        query["credentials"][0]["claims"] = json!([{"path": ["postal_code"], "values": values}]);
        parse(&query).unwrap()
    };
    let matched = |values: Value, held: Value| {
        query(values).matches(&[identity(json!({"postal_code": held})).candidate()]).satisfiable()
    };
    assert!(matched(json!(["90210", "90211"]), json!("90211")));
    assert!(!matched(json!(["90210", "90211"]), json!("90212")));
    assert!(!matched(json!(["90210"]), json!(90210)));
    assert!(matched(json!([90210]), json!(90210)));
    assert!(!matched(json!([1]), json!(true)));
    assert!(matched(json!([true]), json!(true)));
}

#[test]
fn only_the_elements_with_the_value_are_shown() {
    let mut query = simple();
    query["credentials"][0]["claims"] = json!([{"path": ["nationalities", null], "values": ["FR"]}]);
    let held = identity(json!({"nationalities": ["DE", "FR"]}));
    let matches = parse(&query).unwrap().matches(&[held.candidate()]);
    let exact = ClaimPath::new(vec![Step::Key("nationalities".into()), Step::Index(1)]).unwrap();
    assert_eq!(matches.found[&id("my_credential")][0].claims, [exact]);
}

// §6.4.1, claims_alternatives
fn alternatives() -> Value {
    json!({"credentials": [{
        "id": "pid",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["https://credentials.example.com/identity_credential"]},
        "claims": [
            {"id": "a", "path": ["family_name"]}, {"id": "b", "path": ["postal_code"]}, {"id": "c", "path": ["locality"]},
            {"id": "d", "path": ["region"]}, {"id": "e", "path": ["date_of_birth"]}
        ],
        "claim_sets": [["a", "c", "d", "e"], ["a", "b", "e"]]
    }]})
}

#[test]
fn the_first_claim_set_that_fits_is_taken() {
    let held = identity(json!({"family_name": "D", "postal_code": "1", "date_of_birth": "2000-01-01"}));
    let matches = parse(&alternatives()).unwrap().matches(&[held.candidate()]);
    let found = &matches.found[&id("pid")][0];
    assert_eq!(found.claim_set, Some(1));
    assert_eq!(found.claims, [path(&["family_name"]), path(&["postal_code"]), path(&["date_of_birth"])]);
}

#[test]
fn a_query_without_claims_asks_for_none() {
    let mut query = simple();
    query["credentials"][0].as_object_mut().unwrap().remove("claims");
    let held = identity(max());
    let matches = parse(&query).unwrap().matches(&[held.candidate()]);
    assert!(matches.found[&id("my_credential")][0].claims.is_empty());
}

#[test]
fn trusted_authorities_narrow_the_choice() {
    let mut query = simple();
    query["credentials"][0]["trusted_authorities"] =
        json!([{"type": "aki", "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"]}]);
    let query = parse(&query).unwrap();
    let held = identity(max());
    assert_eq!(
        query.matches(&[held.candidate()]).missed[&id("my_credential")][0].reason,
        MissReason::NotTrusted
    );
    let authorities = query.credentials[0].trusted_authorities.clone().unwrap();
    let trusted = Candidate { authorities: &authorities, ..held.candidate() };
    assert!(query.matches(&[trusted]).satisfiable());
}

#[test]
fn types_of_a_w3c_credential_match_as_a_set() {
    let query = parse(&json!({"credentials": [{
        "id": "v", "format": "ldp_vc", "meta": {"type_values": [["A", "B"], ["C"]]},
        "claims": [{"path": ["credentialSubject", "name"]}]
    }]}))
    .unwrap();
    let claims = json!({"credentialSubject": {"name": "n"}});
    let matched = |types: &[&str]| {
        let types: Vec<String> = types.iter().map(|&t| t.into()).collect();
        let kind = CredentialKind::Types(&types);
        let one =
            Candidate { format: Format::LdpVc, kind, claims: &claims, holder_bound: true, authorities: &[] };
        query.matches(&[one]).satisfiable()
    };
    assert!(matched(&["VerifiableCredential", "A", "B"]));
    assert!(matched(&["C"]));
    assert!(!matched(&["VerifiableCredential", "A"]));
}

// §6.4.2, credentials_alternatives, shortened
fn sets() -> DcqlQuery {
    let one = |id: &str, claim: &str| json!({"id": id, "format": "dc+sd-jwt", "meta": {"vct_values": [id]}, "claims": [{"path": [claim]}]});
    parse(&json!({
        "credentials": [one("pid", "name"), one("reduced_1", "name"), one("reduced_2", "region"), one("nice", "number")],
        "credential_sets": [
            {"options": [["pid"], ["reduced_1", "reduced_2"]]},
            {"required": false, "options": [["nice"]]}
        ]
    }))
    .unwrap()
}

#[test]
fn the_best_option_of_each_required_set_is_wanted() {
    let reduced_1 = Held::new("reduced_1", json!({"name": "n"}));
    let reduced_2 = Held::new("reduced_2", json!({"region": "r"}));
    let pid = Held::new("pid", json!({"name": "n"}));
    let wanted = |held: &[&Held]| -> Vec<String> {
        let candidates: Vec<Candidate<'_>> = held.iter().map(|held| held.candidate()).collect();
        sets().matches(&candidates).wanted().into_iter().map(ToString::to_string).collect()
    };
    assert_eq!(wanted(&[&reduced_1, &reduced_2]), ["reduced_1", "reduced_2"]);
    assert_eq!(wanted(&[&reduced_1, &reduced_2, &pid]), ["pid"]);
    assert!(wanted(&[&reduced_1]).is_empty());
}

fn check(query: &DcqlQuery, presented: Vec<(&str, Vec<Presented<'_>>)>) -> Answer {
    query.check(&presented.into_iter().map(|(name, list)| (id(name), list)).collect::<BTreeMap<_, _>>())
}

#[test]
fn an_exact_answer_passes() {
    let held = identity(max());
    let answer = check(&parse(&simple()).unwrap(), vec![("my_credential", vec![held.presented()])]);
    assert_eq!(answer, Answer::default());
}

#[test]
fn answers_fail_by_name() {
    let query = parse(&simple()).unwrap();
    let mut more = max();
    more["birthdate"] = json!("2000-01-01");
    let (more, held, other) = (identity(more), identity(max()), Held::new("urn:other", max()));
    let name = || id("my_credential");

    let answer = check(&query, vec![("my_credential", vec![more.presented()])]);
    assert!(answer.satisfied());
    assert_eq!(answer.excess, [Excess::Claim(name(), path(&["birthdate"]))]);

    let answer = check(&query, vec![("my_credential", vec![held.presented(), held.presented()])]);
    assert_eq!(answer.excess, [Excess::Several(name())]);

    let answer =
        check(&query, vec![("my_credential", vec![held.presented()]), ("extra", vec![held.presented()])]);
    assert_eq!(answer.excess, [Excess::UnknownQuery(id("extra"))]);

    let answer = check(&query, vec![("my_credential", vec![other.presented()])]);
    assert_eq!(answer.unsatisfied, [Unsatisfied::OtherType(name()), Unsatisfied::Set(0)]);

    assert_eq!(check(&query, vec![]).unsatisfied, [Unsatisfied::Set(0)]);
    let answer = check(&query, vec![("my_credential", vec![])]);
    assert_eq!(answer.unsatisfied, [Unsatisfied::NothingSent(name()), Unsatisfied::Set(0)]);

    let poor = identity(json!({"family_name": "Doe", "given_name": "John"}));
    let answer = check(&query, vec![("my_credential", vec![poor.presented()])]);
    let missing = MissReason::NoClaim(path(&["address", "street_address"]));
    assert_eq!(answer.unsatisfied, [Unsatisfied::Credential(name(), missing), Unsatisfied::Set(0)]);
}

#[test]
fn a_second_alternative_is_more_than_asked() {
    let pid = Held::new("pid", json!({"name": "n"}));
    let (one, two) =
        (Held::new("reduced_1", json!({"name": "n"})), Held::new("reduced_2", json!({"region": "r"})));
    let nice = Held::new("nice", json!({"number": 1}));
    let optional = check(&sets(), vec![("pid", vec![pid.presented()]), ("nice", vec![nice.presented()])]);
    assert_eq!(optional, Answer::default());
    let reduced =
        check(&sets(), vec![("reduced_1", vec![one.presented()]), ("reduced_2", vec![two.presented()])]);
    assert_eq!(reduced, Answer::default());
    let both = check(&sets(), vec![("pid", vec![pid.presented()]), ("reduced_1", vec![one.presented()])]);
    assert_eq!(both.excess, [Excess::Credential(id("reduced_1"))]);
    let only_half = check(&sets(), vec![("reduced_1", vec![one.presented()])]);
    assert_eq!(only_half.unsatisfied, [Unsatisfied::Set(0)]);
}

#[test]
fn claims_of_two_alternatives_are_more_than_asked() {
    let all = json!({"family_name": "D", "postal_code": "1", "locality": "l", "region": "r", "date_of_birth": "2000-01-01"});
    let held = identity(all);
    let answer = check(&parse(&alternatives()).unwrap(), vec![("pid", vec![held.presented()])]);
    assert_eq!(answer.excess, [Excess::Claim(id("pid"), path(&["postal_code"]))]);
}
