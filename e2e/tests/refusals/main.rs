//! Every flaw of a credential, and of how it is shown, at every place that credentials come in at. Each is refused everywhere, by
//! its name; and what has no flaw is accepted everywhere, so that nothing is refused for another reason than its flaw.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that fails, fails")]

mod certificates;
mod mdoc;
mod places;
mod ssrf;
mod types;

use credentials::UnixSeconds;
use credentials::jws::{self, Header};
use credentials::key::SoftwareKey;
use e2e::Stage;
use e2e::flaws::binding::bindings;
use e2e::flaws::{Kind, MALFORMED, Place, TAKEN};
use places::{Bound, Ground, Made, shown, twice_with_another_signature};
use serde_json::Value;

static STAGE: Stage = Stage::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/refusals"));

/// A purpose that takes the licence in both formats, and asks for all of it.
const WHOLE: &str = "licence-original";
/// A purpose that takes the driver's licence.
const PURPOSE_OF_MDOC: &str = "driving-check";

fn now() -> UnixSeconds {
    UnixSeconds(service::clock::now().seconds())
}

fn licence(company: usize) -> Value {
    testkit::Company::nth(company).business_licence_claims()
}

/// What a credential of this kind says.
fn claims(kind: Kind) -> Value {
    if kind == Kind::Mdoc { mdoc::claims() } else { licence(60) }
}

/// The SD-JWT VC with another header or other claims.
fn signed_again(
    credential: &str,
    signer: &SoftwareKey,
    change: impl FnOnce(&mut Header, &mut Value),
) -> String {
    let (token, rest) = credential.split_once('~').expect("disclosures");
    let token = jws::Unverified::parse(token).expect("a token");
    let mut header = token.header().clone();
    let mut claims = Value::Object(token.dangerous_claims().clone());
    change(&mut header, &mut claims);
    format!("{}~{rest}", jws::sign(&header, &claims, signer).expect("signed"))
}

/// All flaws of all kinds at one place, each beside what has no flaw.
fn every_flaw_at(place: Place) {
    flaws_at(place, "all", |_| true);
}

/// All flaws of some kinds at one place, each beside what has no flaw.
fn flaws_at(place: Place, some: &str, are_some: impl Fn(Kind) -> bool) {
    STAGE.play(async |play| {
        let ground = Ground::of(play, &format!("{place:?} {some}")).await;
        let (mut wrong, mut tried) = (Vec::new(), 0);
        let taken = Kind::ALL.into_iter().filter(|kind| place.without(*kind).is_none());
        for kind in taken.filter(|kind| are_some(*kind)) {
            let good = ground.good(kind).await;
            let made = ground.put(place, &good, None).await;
            assert_eq!(made, Made::Accepted, "{kind:?} without a flaw at {place:?}");
            for flaw in kind.flaws() {
                let length = flaw.of(&good).len();
                let expected = flaw.found_at(place, length);
                let made = ground.put(place, &good, Some(&flaw)).await;
                tried += 1;
                let fits = match expected {
                    TAKEN => made == Made::Accepted,
                    _ if length > place.holds() => made == Made::TooLong || made.names(expected),
                    found => made.names(found),
                };
                if !fits {
                    wrong.push(format!("{kind:?} {}: {made:?}, not {expected:?}", flaw.name));
                }
            }
        }
        assert!(wrong.is_empty() && tried > 0, "at {place:?}, of {tried}:\n{}", wrong.join("\n"));
    });
}

#[test]
fn in_the_library() {
    every_flaw_at(Place::Library);
}

#[test]
fn at_the_vc_api() {
    every_flaw_at(Place::VcApi);
}

#[test]
fn presented_to_the_vc_api() {
    every_flaw_at(Place::VcApiPresented);
}

#[test]
fn received_elsewhere() {
    every_flaw_at(Place::Verify);
}

#[test]
fn received_elsewhere_in_a_batch() {
    every_flaw_at(Place::Batch);
}

#[test]
fn in_a_folder() {
    every_flaw_at(Place::Folder);
}

#[test]
fn presented_elsewhere() {
    every_flaw_at(Place::VerifyPresented);
}

#[test]
fn presented_over_openid4vp() {
    every_flaw_at(Place::Response);
}

#[test]
fn by_codes_in_answer_to_codes() {
    every_flaw_at(Place::TwoWay);
}

#[test]
fn by_codes_in_answer_to_paper() {
    every_flaw_at(Place::OneWay);
}

#[test]
fn by_codes_in_files() {
    every_flaw_at(Place::Offline);
}

// An issuance for each flaw takes as long as all else here: apart, so that each has a processor.
#[test]
fn issued_to_a_wallet_as_a_token_or_an_mdoc() {
    flaws_at(Place::Wallet, "no documents", |kind| matches!(kind, Kind::SdJwt | Kind::Mdoc));
}

#[test]
fn issued_to_a_wallet_as_a_document() {
    flaws_at(Place::Wallet, "documents", |kind| !matches!(kind, Kind::SdJwt | Kind::Mdoc));
}

/// What whoever presents can do wrong, everywhere that looks at it.
#[test]
fn shown_wrongly() {
    STAGE.play(async |play| {
        let ground = Ground::of(play, "shown wrongly").await;
        let good = ground.good(Kind::SdJwt).await;
        let mut wrong = Vec::new();
        for place in Place::ALL.into_iter().filter(|place| place.judges_holders()) {
            let right = shown(&ground, place, good.kind, &Bound::By(&good, None)).await;
            assert_eq!(right, Made::Accepted, "rightly at {place:?}");
            for flaw in bindings() {
                let made = shown(&ground, place, good.kind, &Bound::Wrongly(&good, &flaw)).await;
                // Whether it is read at all comes before what it says.
                let found = if flaw.found == MALFORMED { place.word(MALFORMED) } else { flaw.found };
                if !made.names(found) {
                    wrong.push(format!("{} at {place:?}: {made:?}, not {found}", flaw.name));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// Whoever has seen an answer can write its signature otherwise, and gains nothing by it: what counts once is the nonce.
#[test]
fn another_spelling_of_a_signature_is_no_second_answer() {
    STAGE.play(async |play| {
        let ground = Ground::of(play, "another spelling").await;
        let good = ground.good(Kind::SdJwt).await;
        let [first, second] = twice_with_another_signature(&ground, &good).await;
        assert_eq!(first, Made::Accepted);
        assert!(second.names("nonce_used"), "{second:?}");
    });
}
