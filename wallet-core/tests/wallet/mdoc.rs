//! The driver's licence as ISO mdoc: received, held, shown element by element.

use credentials::Flaw;
use credentials::key::{Algorithm, Signer};
use credentials::mdoc::MDL_NAMESPACE;
use registry::Status;
use serde_json::json;
use wallet_core::{
    Card, Choice, ClaimView, Event, Format, MissingReason, ReceiveError, Rejected, RequestRefused,
};

use crate::town::{Ask, Holder, Plan, key, public};

const OWN: &str = "urn:huizheng:drivers-licence:1";

/// The first of its configurations alone.
fn mdoc() -> Plan {
    Plan::driving().sd_jwt()
}

async fn received(plan: Plan) -> (Holder, Card) {
    let holder = Holder::new().await;
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan)).await.unwrap();
    let received = holder.wallet.receive(&offer, Some("123456")).await.unwrap();
    assert!(received.failed.is_empty(), "{:?}", received.failed);
    let card = received.cards.into_iter().next().unwrap();
    (holder, card)
}

async fn rejected(plan: Plan) -> Rejected {
    let holder = Holder::new().await;
    rejected_by(&holder, plan).await
}

async fn rejected_by(holder: &Holder, plan: Plan) -> Rejected {
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan)).await.unwrap();
    match holder.wallet.receive(&offer, Some("123456")).await.unwrap_err() {
        ReceiveError::Rejected(rejected) => rejected,
        other => panic!("{other:?}"),
    }
}

fn names(views: &[ClaimView]) -> Vec<&str> {
    views.iter().map(|view| view.name.as_str()).collect()
}

#[tokio::test]
async fn an_mdoc_becomes_a_card_that_reads_like_any_other() {
    let (holder, card) = received(mdoc()).await;
    assert_eq!(card.formats, [Format::MsoMdoc]);
    assert_eq!((card.kind.as_str(), card.holder_line.as_str()), ("drivers-licence", "程"));
    assert_eq!(names(&card.claims)[..4], ["familyName", "givenName", "familyNameLatin", "givenNameLatin"]);
    let view = |name: &str| card.claims.iter().find(|view| view.name == name).unwrap();
    assert_eq!(view("sex").text.en, "Female", "a number in the mdoc");
    assert_eq!(view("birthDate").text.zh, "1988年3月21日");
    assert!(view("portrait").value.as_str().unwrap().starts_with("data:image/jpeg;base64,"));
    // What is no claim's value is called what it is.
    let privileges = view("driving_privileges");
    assert_eq!(privileges.label.zh, "国际准驾类别（附起止日期）");
    assert!(privileges.text.en.starts_with("B, 2012-06-08 – "), "{}", privileges.text.en);
    let holder = holder.reopened().await;
    let again = holder.wallet.cards().unwrap().remove(0);
    assert_eq!(again.claims, card.claims);
}

#[tokio::test]
async fn both_formats_of_a_driving_licence_are_one_card_that_says_the_same() {
    let (_, card) = received(Plan::driving()).await;
    assert_eq!(card.formats, [Format::SdJwtVc, Format::MsoMdoc]);
    let (_, token) = received(Plan::driving().ldp()).await;
    assert_eq!(token.formats, [Format::SdJwtVc]);
    for claim in &token.claims {
        assert!(card.claims.contains(claim), "{}", claim.name);
    }
}

#[tokio::test]
async fn the_elements_agreed_to_leave_under_the_devices_signature_and_no_others() {
    let (holder, card) = received(mdoc()).await;
    let ask = Ask::driving(&[[OWN, "class"], [MDL_NAMESPACE, "family_name"], [MDL_NAMESPACE, "age_over_18"]]);
    let consent = holder.review(ask).await.unwrap();
    let option = &consent.questions[0].options[0];
    assert_eq!(option.format, Format::MsoMdoc);
    assert_eq!(names(&option.leaves), ["familyNameLatin", "class", "ageOver18"]);
    assert_eq!(option.stays.len(), card.claims.len() - 3);
    assert!(names(&option.stays).contains(&"driving_privileges"));
    assert_eq!(option.warnings, []);
    holder.wallet.present(&consent.id, &Choice::first()).await.unwrap();
    let shown = holder.town.verifier.verified_mdoc(&public(1, Algorithm::Es256));
    let expected = json!({
        MDL_NAMESPACE: { "family_name": "CHENG", "age_over_18": true },
        OWN: { "class": "C1" },
    });
    assert_eq!(shown, expected);
    match &holder.wallet.log(None, 1).unwrap()[0].event {
        Event::Presented { shared, .. } => {
            assert_eq!(shared[0].claims, ["familyNameLatin", "class", "ageOver18"]);
            assert_eq!(shared[0].format, Format::MsoMdoc);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_an_element_tells_must_be_allowed_by_the_purpose() {
    let (holder, _) = received(mdoc()).await;
    let too_much = async |elements: &[[&str; 2]]| match holder.review(Ask::driving(elements)).await {
        Err(RequestRefused::AsksTooMuch { claims, .. }) => claims,
        other => panic!("{other:?}"),
    };
    assert_eq!(too_much(&[[MDL_NAMESPACE, "birth_date"]]).await, ["birthDate"]);
    // Put together from claims of which one is not allowed.
    assert_eq!(too_much(&[[MDL_NAMESPACE, "driving_privileges"]]).await, ["firstIssued"]);
    // An allowed name in another namespace is another element.
    assert_eq!(too_much(&[["urn:other", "class"]]).await, ["urn:other.class"]);
    assert_eq!(too_much(&[[MDL_NAMESPACE, "class"]]).await, ["org.iso.18013.5.1.class"]);
    // What stands in every licence tells nothing of its holder.
    let consent = holder.review(Ask::driving(&[[MDL_NAMESPACE, "issuing_country"]])).await.unwrap();
    assert_eq!(names(&consent.questions[0].options[0].leaves), ["issuing_country"]);
}

#[tokio::test]
async fn a_query_for_another_type_format_or_value_finds_no_card() {
    let (holder, _) = received(mdoc()).await;
    let class = [[OWN, "class"]];
    let missing = async |ask: Ask| match holder.review(ask).await {
        Err(RequestRefused::NothingFits(missing)) => missing[0].reason.clone(),
        other => panic!("{other:?}"),
    };
    let mut ask = Ask::driving(&class);
    ask.dcql["credentials"][0]["claims"][0]["values"] = json!(["A1"]);
    assert_eq!(missing(ask).await, MissingReason::OtherValue("urn:huizheng:drivers-licence:1.class".into()));
    let mut ask = Ask::driving(&class);
    ask.dcql["credentials"][0]["claims"][0]["values"] = json!(["C1"]);
    assert!(holder.review(ask).await.is_ok());
    let mut ask = Ask::driving(&class);
    ask.dcql["credentials"][0] = json!({
        "id": "licence", "format": "dc+sd-jwt", "claims": [{ "path": ["class"] }],
        "meta": { "vct_values": ["urn:huizheng:drivers-licence:1"] },
    });
    assert_eq!(missing(ask).await, MissingReason::NoCard, "it is held as mdoc only");
    let mut ask = Ask::driving(&class);
    ask.dcql["credentials"][0]["meta"]["doctype_value"] = json!("org.iso.23220.photoid.1");
    assert!(matches!(holder.review(ask).await, Err(RequestRefused::UnknownType)));
    // A verifier that can't check this device's signature.
    let formats = |numbers: &[i64]| Some(json!({ "mso_mdoc": { "deviceauth_alg_values": numbers } }));
    let ask = Ask { formats: formats(&[-35]), ..Ask::driving(&class) };
    assert_eq!(missing(ask).await, MissingReason::NotAccepted);
    for takes in [[-7], [-9]] {
        let ask = Ask { formats: formats(&takes), ..Ask::driving(&class) };
        assert!(holder.review(ask).await.is_ok());
    }
}

#[tokio::test]
async fn an_mdoc_that_is_not_what_it_should_be_is_thrown_away() {
    for (plan, flaw) in [
        (Plan { tampered: true, ..mdoc() }, Flaw::DigestWrong),
        (Plan { forged: true, ..mdoc() }, Flaw::KeyOfAnotherController),
        (Plan { issued_ago: 1000, lifetime: 100, ..mdoc() }, Flaw::Expired),
    ] {
        match rejected(plan).await {
            Rejected::Flawed(refused) => assert_eq!(refused.flaws(), [flaw]),
            other => panic!("{other:?}"),
        }
    }
    let other = key(50, Algorithm::Es256).public_key().clone();
    assert_eq!(rejected(Plan { bound_to: Some(other), ..mdoc() }).await, Rejected::HolderIsAnother);
    assert_eq!(rejected(Plan { vct: Some("org.example.other"), ..mdoc() }).await, Rejected::OtherType);
    assert_eq!(rejected(Plan { kid: Some(None), ..mdoc() }).await, Rejected::KeyNotNamed);
    let elsewhere = Some(Some("https://issuer.example/key".to_owned()));
    assert_eq!(rejected(Plan { kid: elsewhere, ..mdoc() }).await, Rejected::KeyNotNamed);
    let holder = Holder::new().await;
    let chain = format!("{}#key-2", holder.town.issuer.did).replace("anhui", "elsewhere");
    let named = Plan { kid: Some(Some(chain)), ..mdoc() };
    assert_eq!(rejected_by(&holder, named).await, Rejected::IssuerNotOnThisChain);
    // The certificate names a key of somebody who is not accredited.
    let other = format!("{}#key-2", holder.town.verifier.did);
    let refused = rejected_by(&holder, Plan { kid: Some(Some(other)), with_status: false, ..mdoc() }).await;
    assert!(matches!(refused, Rejected::KeyNotValid(_) | Rejected::Flawed(_)), "{refused:?}");
    holder.town.set_status(70_000, Status::Revoked);
    assert_eq!(rejected_by(&holder, mdoc()).await, Rejected::NotInForce);
    let mut incomplete = mdoc();
    incomplete.claims.remove("class");
    match rejected(incomplete).await {
        Rejected::Claims(claims) => assert!(claims.contains(&"class".to_owned()), "{claims:?}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_element_that_no_catalogue_knows_is_shown_by_its_full_name_and_leaves_for_no_purpose() {
    let (holder, card) = received(Plan { extra_element: true, ..mdoc() }).await;
    assert!(names(&card.claims).contains(&"urn:other.class"));
    let asked = holder.review(Ask::driving(&[["urn:other", "class"]])).await;
    assert!(matches!(asked, Err(RequestRefused::AsksTooMuch { .. })));
}
