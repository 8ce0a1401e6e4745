//! Reading server-sent events (HTML Living Standard, section 9.2), bounded.

use std::time::Duration;

use crate::outbound;

/// The longest event that is read: above what a full block's event has.
const MAX_EVENT: usize = 8 * 1024 * 1024;

/// One event. Comments are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its `event` field; `message` where it has none.
    pub name: String,
    /// The last `id` field up to it.
    pub id: Option<String>,
    /// Its `data`, lines joined by `\n`.
    pub data: String,
}

/// Why there are no more events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// Nobody answers, the answer broke off, or it was silent for too long. Connect again.
    #[error("the events at {url} broke off")]
    BrokeOff {
        /// Who was listened to, without the query.
        url: String,
    },
    /// The answer is no event stream.
    #[error("{url} answers {status} instead of events")]
    Refused {
        /// Who was asked, without the query.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// An event is longer than is read.
    #[error("{url} sends an event of more than {MAX_EVENT} bytes")]
    TooLong {
        /// Who sent it, without the query.
        url: String,
    },
}

/// An open stream of events.
#[derive(Debug)]
pub struct Events {
    answer: reqwest::Response,
    parser: Parser,
}

impl Events {
    /// Listens at `url`, from after the event `last` on if there is one. Silence longer than `silence` is an error.
    ///
    /// # Errors
    /// [`SseError`].
    pub async fn open(url: &str, last: Option<&str>, silence: Duration) -> Result<Self, SseError> {
        let mut request =
            outbound::listening_client(silence).get(url).header(http::header::ACCEPT, "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let shown = url.split('?').next().unwrap_or_default().to_owned();
        let answer = request.send().await.map_err(|_| SseError::BrokeOff { url: shown.clone() })?;
        let kind = answer.headers().get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !answer.status().is_success() || !kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            return Err(SseError::Refused { url: shown, status: answer.status().as_u16() });
        }
        Ok(Self { answer, parser: Parser::default() })
    }

    /// The next events, as many as came together; none for a comment.
    ///
    /// # Errors
    /// [`SseError`]; the stream is of no more use then.
    pub async fn next(&mut self) -> Result<Vec<Event>, SseError> {
        let url = || outbound::without_query(self.answer.url());
        let (broke_off, too_long) = (SseError::BrokeOff { url: url() }, SseError::TooLong { url: url() });
        match self.answer.chunk().await {
            Ok(Some(chunk)) => self.parser.take(&chunk).ok_or(too_long),
            Ok(None) | Err(_) => Err(broke_off),
        }
    }
}

/// Puts events together from bytes, however they are cut.
#[derive(Debug, Default)]
struct Parser {
    line: Vec<u8>,
    after_return: bool,
    name: String,
    id: Option<String>,
    data: Option<String>,
}

impl Parser {
    /// The events that these bytes complete; none when one is too long.
    fn take(&mut self, bytes: &[u8]) -> Option<Vec<Event>> {
        let mut events = Vec::new();
        for byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => events.extend(self.end_of_line()),
                _ => self.line.push(*byte),
            }
        }
        let held = self.line.len() + self.data.as_ref().map_or(0, String::len);
        (held <= MAX_EVENT).then_some(events)
    }

    fn end_of_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            let name = if name.is_empty() { "message".to_owned() } else { name };
            return Some(Event { name, id: self.id.clone(), data: self.data.take()? });
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                none => *none = Some(value.to_owned()),
            },
            // A comment has no field name; others are ignored (section 9.2.6).
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, id: &str, data: &str) -> Event {
        Event { name: name.into(), id: Some(id.into()), data: data.into() }
    }

    #[test]
    fn events_come_whole_however_the_bytes_are_cut() {
        let text =
            b":hello\n\nid: 7\nevent: block\ndata: {\"a\":1}\ndata: x\n\nid\r\ndata:y\r\n\r\nevent: lost\n\n";
        let expected = [event("block", "7", "{\"a\":1}\nx"), event("message", "", "y")];
        for at in 0..text.len() {
            let (first, second) = text.split_at(at);
            let mut parser = Parser::default();
            let mut events = parser.take(first).expect("short");
            events.extend(parser.take(second).expect("short"));
            assert_eq!(events, expected, "cut at {at}");
        }
    }

    #[test]
    fn an_event_without_end_is_not_kept() {
        let mut parser = Parser::default();
        let more = vec![b'x'; MAX_EVENT / 2];
        assert!(parser.take(&more).is_some());
        assert!(parser.take(&more).is_some());
        assert!(parser.take(&more).is_none());
    }
}
