//! What stands before several instances of a service.

#![expect(clippy::expect_used, reason = "this is test code")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};

/// Sends each new connection to the next of its instances.
#[derive(Debug)]
pub struct Balancer {
    base_url: String,
    instances: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Balancer {
    /// On a free port of loopback, still without instances.
    ///
    /// # Panics
    /// If there is no port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base_url = format!("http://{}", listener.local_addr().expect("its number"));
        let instances: Arc<Mutex<Vec<SocketAddr>>> = Arc::default();
        let (to, turn) = (instances.clone(), AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let instance = {
                    let instances = to.lock().expect("instances");
                    instances.get(turn.fetch_add(1, Ordering::SeqCst) % instances.len().max(1)).copied()
                };
                tokio::spawn(async move {
                    let mut server =
                        TcpStream::connect(instance.expect("an instance")).await.expect("it is up");
                    _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { base_url, instances }
    }

    /// The address that clients know.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where new connections go from here on.
    ///
    /// # Panics
    /// Never, unless another thread did.
    pub fn send_to(&self, instances: &[SocketAddr]) {
        *self.instances.lock().expect("instances") = instances.to_vec();
    }
}
