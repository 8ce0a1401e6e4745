//! What the phone knows between two requests.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use service::session::Session;
use service::ui::Visitor;
use service::{Sessions, random};
use wallet_core::ports::Ports;
use wallet_core::{Collected, Collector, ConsentRequest, FrameError, Offer, OpenError, Wallet, WalletConfig};
use zeroize::Zeroizing;

use super::offline;

/// A phone left alone locks itself after this long.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// How often it is looked whether a phone was left alone.
const LOOK: Duration = Duration::from_secs(30);
/// What still works with a wallet that was locked ends within this long.
const LETTING_GO: Duration = Duration::from_secs(10);
/// Something that was scanned is forgotten after this long.
const PENDING_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// How many scanned things wait at most.
const MAX_PENDING: usize = 32;

/// The phone's state.
pub(super) struct App {
    pub(super) vault: PathBuf,
    pub(super) ports: Ports,
    pub(super) config: WalletConfig,
    pub(super) sessions: Sessions<()>,
    wallet: RwLock<Option<Arc<Wallet>>>,
    opening: tokio::sync::Mutex<()>,
    pending: Mutex<HashMap<String, (Instant, Pending)>>,
    /// What the camera has seen of a counter's code.
    collector: Mutex<Collector>,
}

/// Something that was scanned and waits for the holder.
#[derive(Clone)]
pub(super) enum Pending {
    Offer(Arc<Offer>),
    Request(Arc<ConsentRequest>),
    /// A backup's code, until its file was fetched.
    Backup(Arc<Zeroizing<String>>),
}

impl App {
    pub(super) fn new(vault: PathBuf, ports: Ports, config: WalletConfig, port: u16) -> Self {
        // Browsers share cookies between the ports of a host; several phones on one host don't share their holders.
        Self {
            vault,
            ports,
            config,
            sessions: Sessions::new(format!("hz_phone_{port}"), IDLE),
            wallet: RwLock::new(None),
            opening: tokio::sync::Mutex::default(),
            pending: Mutex::default(),
            collector: Mutex::default(),
        }
    }

    /// Whether there is a wallet to unlock.
    pub(super) fn has_wallet(&self) -> bool {
        self.open_wallet().is_some() || Wallet::exists(&self.vault)
    }

    /// The wallet, if somebody has entered the PIN since the phone was switched on or locked.
    pub(super) fn open_wallet(&self) -> Option<Arc<Wallet>> {
        self.wallet.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Checks the PIN, with the wallet's growing delays after wrong ones. The wallet that is open stays open, so that a
    /// stranger's guesses don't put the holder out.
    pub(super) async fn check_pin(&self, pin: &str) -> Result<(), OpenError> {
        let _one_at_a_time = self.opening.lock().await;
        match self.open_wallet() {
            // Setting the PIN to itself counts as a try of the old one and changes nothing else.
            Some(wallet) => match wallet.change_pin(pin, pin).await {
                Err(OpenError::PinTooWeak(_)) => Err(OpenError::WrongPin { failed: 0, wait: Duration::ZERO }),
                checked => checked,
            },
            None => {
                let wallet = self.opened(pin).await?;
                self.set_wallet(Arc::new(wallet));
                Ok(())
            }
        }
    }

    /// Opens the wallet. A page that was being made when the phone was locked may still hold it for a moment.
    async fn opened(&self, pin: &str) -> Result<Wallet, OpenError> {
        let begun = Instant::now();
        loop {
            match Wallet::open(&self.vault, pin, self.ports.clone(), self.config.clone()).await {
                Err(OpenError::InUse) if begun.elapsed() < LETTING_GO => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                opened => return opened,
            }
        }
    }

    /// Locks the wallet, which wipes its keys, unless another browser is let in.
    pub(super) fn close_unless_watched(&self) {
        if !self.sessions.any_alive() {
            self.close_wallet();
        }
    }

    /// Locks the wallet once the phone was left alone, for as long as the phone is on.
    pub(super) async fn lock_when_left(app: Weak<Self>) {
        let mut left = false;
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(app) = app.upgrade() else { return };
            // Twice: whoever is just being let in has the wallet open before the session.
            let alone = !app.sessions.any_alive();
            if alone && left {
                app.close_wallet();
            }
            left = alone;
        }
    }

    pub(super) fn set_wallet(&self, wallet: Arc<Wallet>) {
        *self.wallet.write().unwrap_or_else(PoisonError::into_inner) = Some(wallet);
    }

    /// Keeps what was scanned; the id goes into the address.
    pub(super) fn keep(&self, pending: Pending) -> String {
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (since, _)| since.elapsed() < PENDING_LIFETIME);
        if all.len() >= MAX_PENDING {
            all.clear();
        }
        let id = random::token(12);
        all.insert(id.clone(), (Instant::now(), pending));
        id
    }

    /// Keeps something under the id that it had.
    pub(super) fn keep_as(&self, id: &str, pending: Pending) {
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(id.to_owned(), (Instant::now(), pending));
    }

    pub(super) fn offer(&self, id: &str) -> Option<Arc<Offer>> {
        match self.find(id)? {
            Pending::Offer(offer) => Some(offer),
            Pending::Request(_) | Pending::Backup(_) => None,
        }
    }

    pub(super) fn request(&self, id: &str) -> Option<Arc<ConsentRequest>> {
        match self.find(id)? {
            Pending::Request(request) => Some(request),
            Pending::Offer(_) | Pending::Backup(_) => None,
        }
    }

    pub(super) fn backup(&self, id: &str) -> Option<Arc<Zeroizing<String>>> {
        match self.find(id)? {
            Pending::Backup(code) => Some(code),
            Pending::Offer(_) | Pending::Request(_) => None,
        }
    }

    /// Takes a part of a counter's code.
    pub(super) fn collect(&self, part: &str) -> Result<Collected, FrameError> {
        offline::add(&mut self.collector.lock().unwrap_or_else(PoisonError::into_inner), part)
    }

    /// Closes the wallet, whoever entered the PIN.
    pub(super) fn close_wallet(&self) {
        *self.wallet.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Forgets what was dealt with.
    pub(super) fn forget(&self, id: &str) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn find(&self, id: &str) -> Option<Pending> {
        let all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(id)
            .filter(|(since, _)| since.elapsed() < PENDING_LIFETIME)
            .map(|(_, pending)| pending.clone())
    }
}

/// The holder, whose browser entered the PIN; anyone else is sent to do so.
pub(super) struct Holder {
    pub(super) wallet: Arc<Wallet>,
    pub(super) session: Session<()>,
    pub(super) visitor: Visitor,
}

impl FromRequestParts<Arc<App>> for Holder {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        if !app.has_wallet() {
            return Err(Redirect::to("/welcome").into_response());
        }
        match (app.open_wallet(), app.sessions.find(&parts.headers)) {
            (Some(wallet), Some(session)) => Ok(Self { wallet, session, visitor: Visitor::of(parts) }),
            _ => Err(Redirect::to("/unlock").into_response()),
        }
    }
}

/// The field that every form of the phone has.
#[derive(serde::Deserialize)]
pub(super) struct Csrf {
    pub(super) csrf: String,
}
