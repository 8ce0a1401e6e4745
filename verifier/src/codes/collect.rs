//! From the texts that a camera saw or a scanner typed to the phone's answer.

use protocol::offline::{Answer, Collected, Collector, FrameError, MAX_FRAMES, Message, MessageError};

/// What the texts make together.
pub(crate) enum Codes {
    /// Some are missing.
    Part {
        have: usize,
        total: usize,
        /// Their numbers, from 1.
        missing: Vec<usize>,
    },
    /// All are there.
    Whole(Box<Answer>),
}

/// Why the texts make no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodesError {
    /// One of them is no frame, or not one of the others'.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Together they say nothing.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// It is a counter's code, not a phone's: the camera looks at the own screen.
    #[error("this is a counter's code")]
    Counters,
    /// There is none.
    #[error("there is no code")]
    Nothing,
    /// There are more lines than codes there may be.
    #[error("these are too many codes")]
    TooMany,
}

impl CodesError {
    /// What it is called in the catalogue of texts, under `codes`.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Frame(FrameError::NotOurs) => "not_ours",
            Self::Frame(FrameError::OtherCode) => "other_code",
            Self::Frame(FrameError::Contradicts | FrameError::NotWhole | FrameError::Totals) => "not_whole",
            Self::Frame(
                FrameError::TooLong | FrameError::NotBase45 | FrameError::Length | FrameError::Misread,
            ) => "misread",
            Self::Message(MessageError::Version(_)) => "version",
            Self::Message(_) => "unreadable",
            Self::Counters => "counters",
            Self::Nothing => "nothing",
            Self::TooMany => "too_many",
        }
    }
}

/// Puts the texts, a line each, together.
pub(crate) fn collect(texts: &str) -> Result<Codes, CodesError> {
    let mut collector = Collector::default();
    let mut seen = Err(CodesError::Nothing);
    // Each may be there twice: a scanner is pulled twice over the same code.
    let lines = texts.lines().filter(|line| !line.trim().is_empty());
    for (count, line) in lines.enumerate() {
        if count >= 2 * MAX_FRAMES {
            return Err(CodesError::TooMany);
        }
        match collector.add(line)? {
            Collected::Part { have, total } => {
                let missing = collector.missing().map(|number| number + 1).collect();
                seen = Ok(Codes::Part { have, total, missing });
            }
            Collected::Whole(bytes) => {
                return match Message::from_bytes(&bytes)? {
                    Message::Answer(answer) => Ok(Codes::Whole(Box::new(answer))),
                    Message::Ask(_) => Err(CodesError::Counters),
                };
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::texts;
    use protocol::offline::{Ask, FrameSize, frames};
    use service::Lang;

    fn shown(message: &Message) -> Vec<String> {
        frames(&message.to_bytes(), FrameSize::of_characters(150)).expect("fits")
    }

    fn answer(nonce: &str) -> Vec<String> {
        let staples = vec![(0..200).map(|n: u32| (n.wrapping_mul(97) >> 3) as u8).collect()];
        shown(&Message::Answer(Answer { nonce: nonce.into(), presentations: Vec::new(), staples }))
    }

    fn refused(texts: &str) -> &'static str {
        collect(texts).err().expect("refused").id()
    }

    #[test]
    fn in_any_order_in_any_case_and_twice() {
        let codes = answer("a-challenge-of-it");
        assert!(codes.len() > 2);
        match collect(&codes[1].to_lowercase()) {
            Ok(Codes::Part { have: 1, total, missing }) => {
                assert_eq!((total, missing.len(), missing[0]), (codes.len(), total - 1, 1));
            }
            _ => panic!("a part"),
        }
        let mut lines: Vec<String> = codes.iter().rev().cloned().collect();
        lines.insert(1, lines[0].clone());
        assert!(matches!(collect(&lines.join("\r\n\n")), Ok(Codes::Whole(_))));
    }

    #[test]
    fn what_can_go_wrong_is_told_apart() {
        let (one, other) = (answer("a-challenge-of-it"), answer("another-challenge"));
        assert_eq!(refused(""), "nothing");
        assert_eq!(refused("https://example.test/"), "not_ours");
        assert_eq!(refused(&one[0].replace('.', "")), "misread");
        assert_eq!(refused(&format!("{}\n{}", one[0], other[1])), "other_code");
        let ask = shown(&Message::Ask(Ask { request: "a.b.c".into(), staples: Vec::new() }));
        assert_eq!(refused(&ask.join("\n")), "counters");
        assert_eq!(refused(&vec![one[0].clone(); 200].join("\n")), "too_many");
    }

    #[test]
    fn every_refusal_has_words() {
        let frames = [FrameError::NotOurs, FrameError::OtherCode, FrameError::NotWhole, FrameError::Misread];
        let messages = [MessageError::Version(2), MessageError::Cut];
        let all = frames.map(CodesError::Frame).into_iter().chain(messages.map(CodesError::Message));
        for error in all.chain([CodesError::Counters, CodesError::Nothing, CodesError::TooMany]) {
            assert!(texts(Lang::Zh).find(&format!("codes.{}", error.id())).is_some(), "{}", error.id());
        }
    }
}
