//! The organisations of a stack, each with its own folder, keys and store.

use std::net::SocketAddr;
use std::path::Path;

use issuer::model::{Role, Roles};
use issuer::{Issuer, RunningIssuer};
use registry::Anchor;
use service::Server;
use url::Url;
use verifier::{RunningVerifier, VcApiConfig, Verifier};

use super::StackError;
use super::seed::{IssuerSeed, Seed, VerifierSeed};

/// What every organisation is told.
pub(super) struct Shared<'s> {
    pub(super) data: &'s Path,
    pub(super) anchor: &'s Anchor,
    pub(super) node_url: &'s Url,
    pub(super) staff_token: &'s str,
    pub(super) supervisor_token: &'s str,
}

/// Who the demo's one staff token belongs to.
const STAFF: &str = "窗口一号 Desk 1";
/// Who the other one of the issuers' belongs to.
const SUPERVISOR: &str = "审核主管 Supervisor";

pub(super) async fn issuer(
    shared: &Shared<'_>,
    seed: &IssuerSeed,
    policy: issuer::Policy,
    vc_api: bool,
    listen: SocketAddr,
) -> Result<RunningIssuer, StackError> {
    let config = issuer::Config {
        name: seed.name.clone(),
        credential_types: seed.credential_types.iter().map(ToString::to_string).collect(),
        listen,
        base_url: None,
        node_url: shared.node_url.clone(),
        anchor: shared.anchor.clone(),
        staff: vec![
            issuer::StaffAccount::new(STAFF, shared.staff_token, Roles::ALL),
            // So that two can approve where a type asks for two.
            issuer::StaffAccount::new(
                SUPERVISOR,
                shared.supervisor_token,
                Roles::of(&[Role::Supervisor, Role::Admin]),
            ),
        ],
        staff_login: None,
        data_dir: shared.data.join("issuers").join(seed.id.as_str()),
        database: None,
        tls: None,
        operators: None,
        vc_api,
        demonstration: true,
        citizens: issuer::Citizens::Synthetic(citizens()),
        wallets: vec![issuer::WalletClient::ours()],
        one_stop: seed.one_stop.clone(),
        judge: crate::judge::by_counter(),
        policy: issuer::Policy { sd_jwt_certificate: seed.certificate, ..policy },
    };
    let failed = |reason| StackError::Issuer { id: seed.id.to_string(), reason: Box::new(reason) };
    Issuer::bind(config).await.map_err(failed)
}

/// How the counter is reached.
pub(super) struct Reached {
    pub vc_api: Option<VcApiConfig>,
    pub name: Option<Url>,
    pub listen: SocketAddr,
}

pub(super) async fn verifier(
    shared: &Shared<'_>,
    seed: &Seed,
    policy: verifier::Policy,
    Reached { vc_api, name: named, mut listen }: Reached,
) -> Result<RunningVerifier, StackError> {
    let VerifierSeed { id, name } = seed.verifier.clone();
    let purposes = seed.purposes.iter().map(super::PurposeSeed::config).collect();
    let staff = vec![verifier::StaffAccount::new(STAFF, shared.staff_token)];
    let mut counter = verifier::Tenant::new(id, name, purposes, staff);
    if let Some(mut address) = named {
        if listen.port() == 0 {
            listen = Server::listen(listen).await?.addr();
        }
        // An address over http always takes a port.
        let _ = address.set_port(Some(listen.port()));
        counter.base_url = Some(address);
    }
    let folder = shared.data.join("verifier");
    let local = verifier::Config::local(counter, shared.node_url.clone(), shared.anchor.clone(), folder);
    let config = verifier::Config { listen, vc_api, demonstration: true, policy, ..local };
    Ok(Verifier::bind(config).await.map_err(Box::new)?)
}

/// Who can log in at the demo's issuers: the people of the catalogue's examples, and one who has nothing to collect.
fn citizens() -> Vec<issuer::Citizen> {
    let citizen = |name: &str, id_number: &str, represents: &[&str]| issuer::Citizen {
        name: name.to_owned(),
        id_number: Some(id_number.to_owned()),
        represents: represents.iter().map(ToString::to_string).collect(),
    };
    vec![
        citizen("程知夏", "34010219880321214X", &["91340100MA8HUE6K0R"]),
        citizen("王若林", "11010519491231002X", &[]),
    ]
}
