//! The phone: `wallet-core` behind a phone-shaped page. Only the browser that entered the PIN sees anything.

#![expect(clippy::needless_pass_by_value, reason = "markup is made where it is handed over")]

mod cards;
mod frame;
mod keep;
mod lock;
mod log;
mod login;
mod more;
mod offer;
mod offline;
mod request;
pub(crate) mod scan;
mod scanner;
mod state;
mod words;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Router, extract::DefaultBodyLimit};
use protocol::Endpoint;
use registry::Anchor;
use service::server::{BindError, Stopper};
use service::{Layers, Running, Server, assets};
use wallet_core::WalletConfig;
use wallet_core::software::SoftwareKeyStoreError;

use crate::device;
use state::App;

/// Pictures of codes may be this large; everything else is bound to a mebibyte.
const PICTURE_LIMIT: usize = 8 * 1024 * 1024;
const BODY_LIMIT: usize = 1024 * 1024;
/// The scanner's script.
const SCAN_JS: &str = include_str!("../../assets/scan.js");
/// What shows a code's parts one after the other.
const FRAMES_JS: &str = include_str!("../../assets/frames.js");

/// What a phone is told.
#[derive(Debug, Clone)]
pub struct PhoneConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Its folder.
    pub data_dir: PathBuf,
    /// A node of the chain.
    pub node_url: url::Url,
    /// What is trusted.
    pub anchor: Anchor,
}

/// Why a phone doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// The address.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The keys of this device.
    #[error(transparent)]
    Keys(#[from] SoftwareKeyStoreError),
    /// The node's address.
    #[error("the node's address: {0}")]
    Node(#[from] protocol::EndpointError),
}

/// Where phones come from.
#[derive(Debug)]
pub struct Phone;

/// A phone that is on.
#[derive(Debug)]
pub struct RunningPhone {
    server: Running,
}

impl Phone {
    /// Switches a phone on. Its wallet is made or opened by whoever enters the PIN.
    ///
    /// # Errors
    /// [`PhoneError`].
    pub async fn bind(config: PhoneConfig) -> Result<RunningPhone, PhoneError> {
        let node = Endpoint::parse(config.node_url.as_str().trim_end_matches('/'))?;
        let ports = device::ports(&config.data_dir)?;
        let mut wallet = WalletConfig::new(config.anchor, node);
        let listening = Server::listen(config.listen).await?;
        // A login comes back to the page itself (RFC 8252 §7.3).
        wallet.client.redirect_uri = format!("http://127.0.0.1:{}/authorized", listening.addr().port());
        let app = App::new(config.data_dir.join(device::VAULT), ports, wallet, listening.addr().port());
        let app = Arc::new(app);
        tokio::spawn(App::lock_when_left(Arc::downgrade(&app)));
        let layers = Layers { body_limit: PICTURE_LIMIT, camera: true, ..Layers::default() };
        Ok(RunningPhone { server: listening.serve(layers.wrap(router(app))) })
    }
}

impl RunningPhone {
    /// Its address, without a slash at the end.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// A handle that can stop it.
    pub fn stopper(&self) -> Stopper {
        self.server.stopper()
    }

    /// Switches it off.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
    }
}

fn router(app: Arc<App>) -> Router {
    let pictures = Router::new()
        .route("/scan/picture", post(scanner::picture))
        .route("/scan/frame", post(scanner::frame))
        .route("/restore", get(keep::restore_page).post(keep::restore))
        .layer(DefaultBodyLimit::max(PICTURE_LIMIT));
    Router::new()
        .route("/", get(cards::list))
        .route("/welcome", get(lock::welcome).post(lock::create))
        .route("/unlock", get(lock::ask).post(lock::unlock))
        .route("/lock", post(lock::lock))
        .route("/cards/{id}", get(cards::one))
        .route("/cards/{id}/delete", post(cards::delete))
        .route("/scan", get(scanner::page))
        .route("/scan/link", post(scanner::link))
        .route("/offers/{id}", get(offer::page).post(offer::take))
        .route("/requests/{id}", get(request::page).post(request::decide))
        .route("/log", get(log::page))
        .route("/log/export", get(log::export))
        .route("/log/delete", post(log::delete))
        .route("/log/complaint", get(log::complaint))
        .route("/more", get(more::page))
        .route("/cards/{id}/renew", post(login::renew))
        .route("/login", get(login::page).post(login::look))
        .route("/login/{id}", get(login::choose).post(login::begin))
        .route("/authorized", get(login::back))
        .route("/pick-up", post(login::pick_up))
        .route("/give-up", post(login::give_up))
        .route("/collect", get(login::to_collect))
        .route("/backup", get(keep::page).post(keep::make))
        .route("/backup/{id}", get(keep::file))
        .route("/export", get(keep::export))
        .route("/erase", get(keep::erase_page).post(keep::erase))
        .route(
            "/assets/frames.js",
            get(|| async { assets::asset("text/javascript; charset=utf-8", FRAMES_JS) }),
        )
        .route("/assets/scan.js", get(|| async { assets::asset("text/javascript; charset=utf-8", SCAN_JS) }))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .merge(pictures)
        .with_state(app)
        .merge(assets::router())
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_text_exists_in_both_languages() {
        assert_eq!(super::words::STRINGS.faults(), Vec::<String>::new());
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/phone");
        assert_eq!(super::words::STRINGS.used_but_missing(source), Vec::<String>::new());
    }
}
