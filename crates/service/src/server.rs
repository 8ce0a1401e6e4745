//! A server is a value: bind it, join it, shut it down. Tests bind port 0 and run the real thing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::tls::Tls;

/// How long a client may take to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long in-flight requests may take to finish after a shutdown was asked for.
const GRACE: Duration = Duration::from_secs(10);
/// How many connections wait to be taken, at most.
const BACKLOG: u32 = 1024;
/// How many connections are served at once; further ones wait in the system's queue.
const MAX_CONNECTIONS: usize = 4096;

/// Why no server could be started.
#[derive(Debug, thiserror::Error)]
#[error("{addr} can't be listened on ({reason}); is another program using the port?")]
pub struct BindError {
    /// The address that was asked for.
    pub addr: SocketAddr,
    /// What the system said.
    pub reason: std::io::ErrorKind,
}

/// Where servers come from.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Takes the address without answering yet, for routers that must know their own base URL. Port 0 takes any free one.
    pub async fn listen(addr: SocketAddr) -> Result<Listening, BindError> {
        let refused = |error: std::io::Error| BindError { addr, reason: error.kind() };
        let listener = bound(addr).map_err(refused)?;
        let addr = listener.local_addr().map_err(refused)?;
        Ok(Listening { listener, addr, tls: None })
    }

    /// Takes the address and serves the router.
    pub async fn bind(addr: SocketAddr, router: Router) -> Result<Running, BindError> {
        Ok(Self::listen(addr).await?.serve(router))
    }
}

/// Listens at once on a port that another run of the program has just left: what lingers of its connections is no reason
/// to wait (SO_REUSEADDR). A port that another program listens on stays that program's.
fn bound(addr: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // On Windows the option would let two programs listen on one port; there a port can be taken again without it.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// An address that is taken and not answered on yet.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    addr: SocketAddr,
    tls: Option<Tls>,
}

impl Listening {
    /// The real address, with the port that was found if port 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://host:port` or `https://host:port`, without a slash at the end.
    pub fn base_url(&self) -> String {
        base_url(self.addr, self.tls.is_some())
    }

    /// The same, answering TLS alone; with `None` as it was.
    #[must_use]
    pub fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// Starts answering.
    pub fn serve(self, router: Router) -> Running {
        let (stop, stopped) = watch::channel(false);
        let has_tls = self.tls.is_some();
        let task = tokio::spawn(accept(self.listener, self.tls, router, stopped));
        Running { addr: self.addr, has_tls, stop: Arc::new(stop), task }
    }
}

/// A server that is answering.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    has_tls: bool,
    stop: Arc<watch::Sender<bool>>,
    task: JoinHandle<()>,
}

/// Asks a [`Running`] server to stop, from anywhere.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<watch::Sender<bool>>);

impl Stopper {
    /// Stops accepting; in-flight requests get ten seconds to finish.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Running {
    /// The address it answers on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://host:port` or `https://host:port`, without a slash at the end.
    pub fn base_url(&self) -> String {
        base_url(self.addr, self.has_tls)
    }

    /// A handle that can stop it while something else waits in [`Running::join`].
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// Waits until it has stopped.
    pub async fn join(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, addr = %self.addr, "server ended badly");
        }
    }

    /// Stops it: no new connections, in-flight requests finish (ten seconds at most).
    pub async fn shutdown(self) {
        self.stopper().stop();
        self.join().await;
    }
}

/// That the server is asked to stop, for answers that would go on for ever: end them when it resolves, else stopping
/// waits for them. In every request's extensions; `Extension<Stopping>` takes it out.
#[derive(Debug, Clone)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Resolves once the server is asked to stop.
    pub async fn wait(&mut self) {
        drop(self.0.wait_for(|stop| *stop).await);
    }
}

/// Waits for SIGINT (Ctrl-C) or SIGTERM.
pub async fn shutdown_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            },
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}

fn base_url(addr: SocketAddr, has_tls: bool) -> String {
    format!("{}://{addr}", if has_tls { "https" } else { "http" })
}

async fn accept(listener: TcpListener, tls: Option<Tls>, router: Router, mut stopped: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let stopping = Stopping(stopped.clone());
    let stop = async move { drop(stopped.wait_for(|stop| *stop).await) };
    tokio::pin!(stop);
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await.ok()?;
            Some((listener.accept().await, place))
        };
        let (accepted, place) = tokio::select! {
            () = &mut stop => break,
            Some(next) = next => next,
        };
        let (stream, peer) = match accepted {
            Ok(connection) => connection,
            Err(error) => {
                // Out of file descriptors, or the client left first: wait a little, never spin and never stop.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Small answers leave at once; failing to set it costs only latency.
        drop(stream.set_nodelay(true));
        let (router, stopping, watcher) = (router.clone(), stopping.clone(), graceful.watcher());
        let tls = tls.clone();
        tokio::spawn(async move {
            let ended = match tls {
                None => watcher.watch(connection(stream, peer, router, stopping)).await,
                Some(Tls(config)) => {
                    let handshake = TlsAcceptor::from(config).accept(stream);
                    match tokio::time::timeout(HEAD_TIMEOUT, handshake).await {
                        Ok(Ok(stream)) => watcher.watch(connection(stream, peer, router, stopping)).await,
                        Ok(Err(error)) => Err(error.into()),
                        Err(_) => Err("no handshake in time".into()),
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off at shutdown");
    }
}

fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    stopping: Stopping,
) -> auto::Connection<
    'static,
    TokioIo<S>,
    impl hyper::service::Service<
        http::Request<hyper::body::Incoming>,
        Response = axum::response::Response,
        Error = std::convert::Infallible,
        Future: Send + 'static,
    >,
    TokioExecutor,
> {
    let service = router.map_request(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(stopping.clone());
        request.map(axum::body::Body::new)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(64 * 1024);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(64 * 1024).max_concurrent_streams(100);
    builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).into_owned()
}
