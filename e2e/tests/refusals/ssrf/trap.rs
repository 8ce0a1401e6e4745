//! A listener that nobody should come to.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How it looks at itself.
const LOOKING: &str = "GET /looking HTTP/1.1";
/// What stands for a connection of which nothing is known yet but that it was made.
const SILENT: &str = "a connection that says nothing";

/// A listener on this machine that writes down every connection, whatever is said on it.
pub(crate) struct Trap {
    /// Where it is, without a path.
    pub(crate) url: String,
    came: Arc<Mutex<Vec<String>>>,
}

impl Trap {
    /// One that answers every request with an empty object.
    pub(crate) async fn set() -> Self {
        Self::answering("200 OK\r\ncontent-type: application/json\r\ncontent-length: 2", "{}").await
    }

    /// One that sends whoever comes on to another.
    pub(crate) async fn before(other: &Self) -> Self {
        let head = format!("302 Found\r\nlocation: {}/behind\r\ncontent-length: 0", other.url);
        Self::answering(&head, "").await
    }

    async fn answering(head: &str, body: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let came: Arc<Mutex<Vec<String>>> = Arc::default();
        let answer = format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n{body}");
        tokio::spawn(listen(listener, came.clone(), answer));
        Self { url, came }
    }

    /// Its host and port.
    pub(crate) fn host(&self) -> &str {
        self.url.strip_prefix("http://").expect("its own address")
    }

    /// Everybody who came up to now, by the first line of what was said.
    pub(crate) async fn came(&self) -> Vec<String> {
        // Connections are taken in the order in which they are made: once this one is answered, those before it are written down.
        let mut own = TcpStream::connect(self.host()).await.expect("it listens");
        own.write_all(format!("{LOOKING}\r\n\r\n").as_bytes()).await.expect("sent");
        own.read_to_end(&mut Vec::new()).await.expect("answered");
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.iter().filter(|line| *line != LOOKING).cloned().collect()
    }
}

async fn listen(listener: TcpListener, came: Arc<Mutex<Vec<String>>>, answer: String) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let (came, answer) = (came.clone(), answer.clone());
        let number = {
            let mut came = came.lock().unwrap_or_else(PoisonError::into_inner);
            came.push(SILENT.to_owned());
            came.len() - 1
        };
        tokio::spawn(async move {
            let mut head = [0; 4096];
            let read = stream.read(&mut head).await.unwrap_or_default();
            let head = String::from_utf8_lossy(&head[..read]);
            if let Some(line) = head.lines().next() {
                came.lock().unwrap_or_else(PoisonError::into_inner)[number] = line.to_owned();
            }
            // Whoever hangs up first was here all the same.
            _ = stream.write_all(answer.as_bytes()).await;
        });
    }
}
