//! Organisations that the play does not have of itself.

use cli::govern::{ensure_accredited, ensure_purpose};
use cli::stack::{PurposeSeed, Seed};
use issuer::{Issuer, RunningIssuer};
use registry::{LocalText, Slug};
use service::clock;
use verifier::{RunningVerifier, Verifier};

use crate::{Counter, Desk, Play};

const STAFF_TOKEN: &str = "the token of an organisation that the play has not";
/// Of a second member of the staff, for what two must do.
const SECOND_TOKEN: &str = "the token of a second member of the staff of such an organisation";

/// An issuer of business licences that governance accredited for these types.
pub async fn issuer(play: &Play, name: &str, accredited_for: &[&str]) -> (RunningIssuer, Desk) {
    issuer_of(play, name, crate::LICENCE, accredited_for).await
}

/// The same for an issuer of another type.
pub async fn issuer_of(
    play: &Play,
    name: &str,
    credential_type: &str,
    accredited_for: &[&str],
) -> (RunningIssuer, Desk) {
    started(play, issuer_config(play, name, credential_type), accredited_for).await
}

/// An accredited issuer of business licences, at which holders log in, and that calls itself by an address that nobody listens at:
/// whoever brings wallets to it brings them to where it does. Its desk is there.
pub async fn issuer_called(play: &Play, name: &str, address: &str) -> (RunningIssuer, Desk) {
    let config = issuer::Config {
        base_url: Some(address.parse().expect("an address")),
        citizens: issuer::Citizens::Synthetic(Vec::new()),
        wallets: vec![issuer::WalletClient::ours()],
        ..issuer_config(play, name, crate::LICENCE)
    };
    let (running, _) = started(play, config, &[crate::LICENCE]).await;
    let desk = Desk::new(&play.http, &format!("http://{}", running.address()), running.did(), STAFF_TOKEN);
    (running, desk)
}

async fn started(play: &Play, config: issuer::Config, accredited_for: &[&str]) -> (RunningIssuer, Desk) {
    let names = config.name.clone();
    let running = Issuer::bind(config).await.expect("an issuer");
    for kind in accredited_for {
        let kind = Slug::new(kind).expect("a type");
        let (client, governance) = (play.stack.client(), play.stack.governance());
        ensure_accredited(client, governance, running.did(), &kind, &names).await.expect("accredited");
    }
    let desk = Desk::new(&play.http, running.base_url(), running.did(), STAFF_TOKEN);
    (running, desk)
}

fn issuer_config(play: &Play, name: &str, credential_type: &str) -> issuer::Config {
    let names = LocalText::new(format!("{name}（测试）"), name);
    issuer::Config {
        name: names,
        credential_types: vec![credential_type.to_owned()],
        listen: ([127, 0, 0, 1], 0).into(),
        base_url: None,
        node_url: play.urls().chain.url.parse().expect("an address"),
        anchor: play.urls().chain.anchor.clone(),
        staff: [("Clerk", STAFF_TOKEN), ("Second", SECOND_TOKEN)]
            .map(|(name, token)| issuer::StaffAccount::new(name, token, issuer::model::Roles::ALL))
            .to_vec(),
        staff_login: None,
        data_dir: play.data.join("others").join(name),
        database: None,
        tls: None,
        operators: None,
        vc_api: false,
        demonstration: true,
        citizens: issuer::Citizens::Nowhere,
        wallets: Vec::new(),
        one_stop: Vec::new(),
        judge: None,
        // Some of them issue what they may not.
        policy: issuer::Policy { issue_unaccredited: true, ..issuer::Policy::default() },
    }
}

/// The desk of such an issuer, as the second member of its staff sees it.
pub fn second(desk: &Desk) -> Desk {
    Desk::new(&desk.http, &desk.url, &desk.did, SECOND_TOKEN)
}

/// Where such an issuer has its keys.
pub fn keys_of(play: &Play, name: &str) -> std::path::PathBuf {
    play.data.join("others").join(name).join("keys")
}

/// A verifier that asks for all that the play's counter asks for, registered for it or not.
pub async fn counter(play: &Play, name: &str, registered: bool) -> (RunningVerifier, Counter) {
    let running = verifier(play, name, None, registered).await;
    let counter = Counter::new(&play.http, running.base_url(), running.did(), STAFF_TOKEN);
    (running, counter)
}

/// The same, registered, that calls itself by an address that nobody listens at.
pub async fn counter_called(play: &Play, name: &str, address: &str) -> (RunningVerifier, Counter) {
    let running = verifier(play, name, Some(address), true).await;
    let here = format!("http://{}", running.address());
    let counter = Counter::new(&play.http, &here, running.did(), STAFF_TOKEN);
    (running, counter)
}

async fn verifier(play: &Play, name: &str, address: Option<&str>, registered: bool) -> RunningVerifier {
    let names = LocalText::new(format!("{name}（测试）"), name);
    let Seed { purposes, verifier, .. } = Seed::bundled().expect("a seed");
    let asked = purposes.iter().map(PurposeSeed::config).collect();
    let staff = vec![verifier::StaffAccount::new("Clerk", STAFF_TOKEN)];
    let mut tenant = verifier::Tenant::new(verifier.id, names.clone(), asked, staff);
    tenant.base_url = address.map(|address| address.parse().expect("an address"));
    let node = play.urls().chain.url.parse().expect("an address");
    let folder = play.data.join("others").join(name);
    let config = verifier::Config::local(tenant, node, play.urls().chain.anchor.clone(), folder);
    let running = Verifier::bind(config).await.expect("a verifier");
    for purpose in purposes.iter().filter(|_| registered) {
        let draft = purpose.draft(running.did(), &names, clock::now());
        let (client, governance) = (play.stack.client(), play.stack.governance());
        ensure_purpose(client, governance, &draft).await.expect("registered");
    }
    running
}
