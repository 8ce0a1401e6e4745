//! What is said: the counter's question, the wallet's answer.
//!
//! ```text
//! version 1 | kind 1
//! 1, ask:    request packed | staples
//! 2, answer: nonce string | presentations: number | each: query string, form 1, packed or squeezed | staples
//! staples:   number | each squeezed
//! ```

use serde_json::{Map, Value};

use super::{
    bytes::{Input, put_number, put_string},
    frame::MAX_PAYLOAD,
    packed, squeeze,
};
use crate::{
    dcql::QueryId,
    limits::{self, Limits},
    openid4vp::Presentation,
};

const VERSION: u8 = 1;
const ASK: u8 = 1;
const ANSWER: u8 = 2;
const TEXT: u8 = 1;
const OBJECT: u8 = 2;
const MAX_PRESENTATIONS: usize = 16;
const MAX_STAPLES: usize = 8;

/// What is shown from one side to the other.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// By the counter.
    Ask(Ask),
    /// By the wallet.
    Answer(Answer),
}

/// What a counter shows: its signed request, and evidence of who it is and what it may ask.
#[derive(Clone, PartialEq, Eq)]
pub struct Ask {
    /// The request, as a compact JWS; see [`OfflineRequest`](super::OfflineRequest).
    pub request: String,
    /// Evidence bundles of the chain. A printed request may have none.
    pub staples: Vec<Vec<u8>>,
}

/// What a wallet shows: presentations bound to the nonce, and evidence of the credentials' issuers and status.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The request's challenge, or a [`one_way_nonce`](super::one_way_nonce).
    pub nonce: String,
    /// What answers each credential query: one presentation each.
    pub presentations: Vec<(QueryId, Presentation)>,
    /// Evidence bundles of the chain.
    pub staples: Vec<Vec<u8>>,
}

/// Why bytes are no [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A version that is not known here: one of the two must be renewed.
    #[error("the message has version {0}, which is not known here")]
    Version(u8),
    /// A kind that is not known.
    #[error("the message is of an unknown kind")]
    Kind,
    /// It is longer, or unfolds to more, than any message.
    #[error("the message is too long")]
    TooLong,
    /// It ends too early.
    #[error("the message is cut short")]
    Cut,
    /// Something follows it.
    #[error("something follows the message")]
    Trailing,
    /// A number is not in its shortest form, or too great.
    #[error("a number in the message is written wrongly")]
    Number,
    /// There are more of something than there may be.
    #[error("the message has more than {most} of something")]
    TooMany {
        /// So many there may be.
        most: usize,
    },
    /// What is squeezed can't be unfolded, or to another length than it says.
    #[error("the message can't be unfolded")]
    Squeezed,
    /// A token is put together wrongly.
    #[error("a token in the message is put together wrongly")]
    Segment,
    /// Text that is none.
    #[error("a text in the message is not UTF-8")]
    Text,
    /// A presentation's form, or the JSON in it, is none.
    #[error("a presentation in the message can't be read")]
    Presentation,
    /// Two presentations answer the same query.
    #[error("two presentations answer the same question")]
    Twice,
}

impl Message {
    /// The bytes to show; see [`frames`](super::frames).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        match self {
            Self::Ask(ask) => {
                out.push(ASK);
                packed::put(&mut out, &ask.request);
                put_staples(&mut out, &ask.staples);
            }
            Self::Answer(answer) => {
                out.push(ANSWER);
                put_string(&mut out, answer.nonce.as_bytes());
                put_number(&mut out, answer.presentations.len());
                for (query, presentation) in &answer.presentations {
                    put_string(&mut out, query.as_str().as_bytes());
                    match presentation {
                        Presentation::Text(text) => {
                            out.push(TEXT);
                            packed::put(&mut out, text);
                        }
                        Presentation::Object(object) => {
                            out.push(OBJECT);
                            squeeze::put(&mut out, Value::Object(object.clone()).to_string().as_bytes());
                        }
                    }
                }
                put_staples(&mut out, &answer.staples);
            }
        }
        out
    }

    /// Reads [`Message::to_bytes`]. Nothing in it is verified.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MessageError> {
        if bytes.len() > MAX_PAYLOAD {
            return Err(MessageError::TooLong);
        }
        let mut input = Input(bytes);
        match input.byte()? {
            VERSION => {}
            other => return Err(MessageError::Version(other)),
        }
        let message = match input.byte()? {
            ASK => {
                let request = packed::read(&mut input)?;
                Self::Ask(Ask { request, staples: staples(&mut input)? })
            }
            ANSWER => {
                let nonce = input.text()?.to_owned();
                let mut presentations: Vec<(QueryId, Presentation)> = Vec::new();
                for _ in 0..input.count(MAX_PRESENTATIONS)? {
                    let query = QueryId::new(input.text()?).map_err(|_| MessageError::Presentation)?;
                    if presentations.iter().any(|(before, _)| *before == query) {
                        return Err(MessageError::Twice);
                    }
                    presentations.push((query, presentation(&mut input)?));
                }
                Self::Answer(Answer { nonce, presentations, staples: staples(&mut input)? })
            }
            _ => return Err(MessageError::Kind),
        };
        if input.0.is_empty() { Ok(message) } else { Err(MessageError::Trailing) }
    }
}

fn presentation(input: &mut Input<'_>) -> Result<Presentation, MessageError> {
    match input.byte()? {
        TEXT => packed::read(input).map(Presentation::Text),
        OBJECT => {
            let object: Map<String, Value> = limits::json(&squeeze::read(input)?, Limits::MESSAGE)
                .map_err(|_| MessageError::Presentation)?;
            Ok(Presentation::Object(object))
        }
        _ => Err(MessageError::Presentation),
    }
}

fn put_staples(out: &mut Vec<u8>, staples: &[Vec<u8>]) {
    put_number(out, staples.len());
    for staple in staples {
        squeeze::put(out, staple);
    }
}

fn staples(input: &mut Input<'_>) -> Result<Vec<Vec<u8>>, MessageError> {
    (0..input.count(MAX_STAPLES)?).map(|_| squeeze::read(input)).collect()
}

impl std::fmt::Debug for Message {
    /// Which, and nothing of what it says: it is personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ask(_) => "Ask",
            Self::Answer(_) => "Answer",
        })
    }
}
