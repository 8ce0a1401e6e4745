//! HTTP/1.1, as little of it as the load needs: a connection that is kept, one request after the other, answers that say their length. A
//! client that can do more takes as much of the processors as the service that is measured.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fault::{Done, Fault, OrFault};

const AWAY: &str = "is the stack running?";
/// Room for an answer: a signed request is the longest.
const ROOM: usize = 8 * 1024;

/// Connections to one service, taken for a while and given back.
pub(super) struct Wires {
    /// `host:port`.
    pub(super) host: String,
    idle: Mutex<Vec<Wire>>,
}

/// A connection.
pub(super) struct Wire {
    stream: TcpStream,
    came: Vec<u8>,
}

/// An answer.
pub(super) struct Answer<'w> {
    status: u16,
    body: &'w [u8],
}

impl Wires {
    /// To `host:port`; none yet.
    pub(super) fn to(host: impl Into<String>) -> Self {
        Self { host: host.into(), idle: Mutex::default() }
    }

    /// One that nobody uses, or a new one.
    pub(super) async fn take(&self) -> Done<Wire> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(wire) = idle {
            return Ok(wire);
        }
        let stream = TcpStream::connect(&self.host).await.or_fault(AWAY)?;
        stream.set_nodelay(true).or_fault(AWAY)?;
        Ok(Wire { stream, came: Vec::with_capacity(ROOM) })
    }

    /// For the next one.
    pub(super) fn give_back(&self, wire: Wire) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(wire);
    }
}

impl Wire {
    /// Sends a whole request; its answer.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> Done<Answer<'_>> {
        self.stream.write_all(request).await.or_fault(AWAY)?;
        self.came.clear();
        let (status, body) = loop {
            if self.stream.read_buf(&mut self.came).await.or_fault(AWAY)? == 0 {
                return Err(Fault::new("the service closed the connection", AWAY));
            }
            if let Some(whole) = whole(&self.came)? {
                break whole;
            }
        };
        Ok(Answer { status, body: self.came.get(body).unwrap_or_default() })
    }
}

impl<'w> Answer<'w> {
    /// The body of an answer with this status.
    pub(super) fn expect(self, status: u16, what: &str) -> Done<&'w [u8]> {
        if self.status == status {
            return Ok(self.body);
        }
        let said = String::from_utf8_lossy(self.body);
        let said = format!("{what}: {status} was due, {} came: {said}", self.status);
        Err(Fault::new(said, "run it again with --log info"))
    }
}

/// The text of a request to this host; with a body, if it has one, and the further header lines that go with it, each with its end.
pub(super) fn request(first_line: &str, host: &str, headers: &str, body: Option<&str>) -> String {
    let length = body.map(|body| format!("content-length: {}\r\n", body.len())).unwrap_or_default();
    let body = body.unwrap_or_default();
    format!("{first_line} HTTP/1.1\r\nhost: {host}\r\n{headers}{length}\r\n{body}")
}

/// The status and where the body is, once all of it came.
fn whole(came: &[u8]) -> Done<Option<(u16, Range<usize>)>> {
    let odd = || Fault::new("an answer is not of the form that the load reads", "report it");
    let Some(head) = came.windows(4).position(|end| end == b"\r\n\r\n") else { return Ok(None) };
    let text = came.get(..head).and_then(|head| std::str::from_utf8(head).ok()).ok_or_else(odd)?;
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(odd)?;
    let mut headers = text.split("\r\n").filter_map(|line| line.split_once(": "));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.and_then(|(_, length)| length.parse().ok()).ok_or_else(odd)?;
    let body = head + 4..head + 4 + length;
    Ok((came.len() >= body.end).then_some((status, body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let text = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nx: y\r\n\r\nhello";
        for cut in 0..text.len() {
            assert!(whole(&text[..cut]).expect("no fault yet").is_none(), "{cut}");
        }
        let (status, body) = whole(text).expect("read").expect("whole");
        assert_eq!((status, &text[body]), (201, &b"hello"[..]));
        assert!(whole(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n").is_err());
    }

    #[test]
    fn a_request_says_how_long_its_body_is() {
        assert_eq!(request("GET /a", "h:1", "", None), "GET /a HTTP/1.1\r\nhost: h:1\r\n\r\n");
        let posted = request("POST /a", "h:1", "b: c\r\n", Some("body"));
        assert_eq!(posted, "POST /a HTTP/1.1\r\nhost: h:1\r\nb: c\r\ncontent-length: 4\r\n\r\nbody");
    }
}
