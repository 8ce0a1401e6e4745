//! Checking an export: what was taken out, put in, altered or cut off is found, and named.

use registry::{Did, Hash32, LogAnchorRecord};

use super::entry::{Entry, beginning};

/// What a log that holds says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// How many entries it has.
    pub entries: u64,
    /// The hash of the last.
    pub head: Hash32,
    /// How many of them the chain vouches for; none without an anchor. The others were appended since.
    pub anchored: Option<u64>,
}

/// What is wrong with an export.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditFlaw {
    /// A line is not what the log wrote.
    #[error("line {line}: {flaw}")]
    Line {
        /// Which, from 1.
        line: u64,
        /// What is wrong with it.
        flaw: LineFlaw,
    },
    /// The log of another DID.
    #[error("the log is not this DID's: its first entry follows another beginning")]
    OtherLog,
    /// The chain knows of more entries.
    #[error("the end is cut off: the chain vouches for {anchored} entries, and here are {entries}")]
    Cut {
        /// How many there are.
        entries: u64,
        /// How many there were.
        anchored: u64,
    },
    /// Its hashes agree with each other, but not with the chain.
    #[error("the log was written anew: after {anchored} entries its head is not the one on the chain")]
    Rewritten {
        /// How many entries the anchor covers.
        anchored: u64,
    },
    /// The chain has an anchor of another log.
    #[error("the anchor is another log's")]
    OtherAnchor,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFlaw {
    /// No entry in its one form.
    #[error("it is no entry in the form that the log writes")]
    Malformed,
    /// Its hash is not what it says.
    #[error("the entry was altered: its hash is not that of what it says")]
    Altered,
    /// One or more before it are gone.
    #[error("entries were taken out before it: number {expected} is missing")]
    Removed {
        /// The first that is missing.
        expected: u64,
    },
    /// Its number was there already.
    #[error("an entry was put in, here or before: number {expected} should come")]
    Inserted {
        /// Which should come.
        expected: u64,
    },
    /// It follows another entry than the one before it.
    #[error("it does not follow the entry before it: one of the two was exchanged")]
    Exchanged,
}

/// Checks an export of `did`'s log, lines of JSON, and what the chain says of it: `anchor` is the record that was proven, none
/// where the chain has none or was not asked.
///
/// # Errors
/// [`AuditFlaw`]: the first that there is.
pub fn check(export: &[u8], did: &Did, anchor: Option<&LogAnchorRecord>) -> Result<Audited, AuditFlaw> {
    if anchor.is_some_and(|anchor| anchor.owner != *did || anchor.log.as_str() != super::LOG) {
        return Err(AuditFlaw::OtherAnchor);
    }
    let (mut entries, mut head, mut at_anchor) = (0, beginning(did), None);
    for (text, line) in export.split_inclusive(|byte| *byte == b'\n').zip(1..) {
        let flaw = |flaw| AuditFlaw::Line { line, flaw };
        // A line without its end was cut.
        let text = text.strip_suffix(b"\n").ok_or(flaw(LineFlaw::Malformed))?;
        let entry = Entry::read(text).ok_or(flaw(LineFlaw::Malformed))?;
        let expected = entries + 1;
        if !entry.is_sound() {
            return Err(flaw(LineFlaw::Altered));
        }
        if entry.n > expected {
            return Err(flaw(LineFlaw::Removed { expected }));
        }
        if entry.n < expected {
            return Err(flaw(LineFlaw::Inserted { expected }));
        }
        if entry.previous != head {
            return Err(if expected == 1 { AuditFlaw::OtherLog } else { flaw(LineFlaw::Exchanged) });
        }
        (entries, head) = (expected, entry.hash);
        if anchor.is_some_and(|anchor| anchor.entries == entries) {
            at_anchor = Some(head);
        }
    }
    if let Some(anchor) = anchor {
        match at_anchor {
            None => return Err(AuditFlaw::Cut { entries, anchored: anchor.entries }),
            Some(head) if head != anchor.head => {
                return Err(AuditFlaw::Rewritten { anchored: anchor.entries });
            }
            Some(_) => {}
        }
    }
    Ok(Audited { entries, head, anchored: anchor.map(|anchor| anchor.entries) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use registry::{Slug, UnixMillis};

    use super::*;
    use crate::audit::entry::Who;
    use crate::audit::tests::did;

    fn entry(n: u64, what: &str, previous: Hash32) -> Entry {
        let about = BTreeMap::from([("application".to_owned(), format!("{n:026}"))]);
        let (at, who) = (1_790_000_000, Who::Applicant);
        let hash = Hash32::ZERO;
        Entry { n, at, who, what: what.into(), about, request: None, previous, hash }.sealed()
    }

    /// A log of these deeds, whole and hashed.
    fn log(deeds: &[&str]) -> Vec<Entry> {
        let mut head = beginning(&did(1));
        let mut entries = Vec::new();
        for (what, n) in deeds.iter().zip(1..) {
            entries.push(entry(n, what, head));
            head = entries[entries.len() - 1].hash;
        }
        entries
    }

    fn anchor(entries: &[Entry]) -> LogAnchorRecord {
        LogAnchorRecord {
            owner: did(1),
            log: Slug::new("audit").expect("a name"),
            entries: entries.len() as u64,
            head: entries[entries.len() - 1].hash,
            at: UnixMillis(1_790_000_000_000),
        }
    }

    fn checked(entries: &[Entry], anchor: Option<&LogAnchorRecord>) -> Result<Audited, AuditFlaw> {
        let lines: String = entries.iter().map(Entry::line).collect();
        check(lines.as_bytes(), &did(1), anchor)
    }

    const DEEDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

    #[test]
    fn a_whole_log_holds_and_says_how_far_the_chain_vouches() {
        let log = log(&DEEDS);
        let on_chain = anchor(&log[..4]);
        let audited = checked(&log, Some(&on_chain)).expect("whole");
        assert_eq!((audited.entries, audited.head, audited.anchored), (6, log[5].hash, Some(4)));
        assert_eq!(checked(&log, None).expect("whole").anchored, None);
        assert_eq!(checked(&[], None).expect("empty").entries, 0);
    }

    #[test]
    fn every_way_to_tamper_is_found_by_name() {
        let whole = log(&DEEDS);
        let on_chain = anchor(&whole[..5]);
        let line = |line, flaw| Err(AuditFlaw::Line { line, flaw });
        let tampered = |change: &dyn Fn(&mut Vec<Entry>)| {
            let mut entries = whole.clone();
            change(&mut entries);
            checked(&entries, Some(&on_chain))
        };
        assert_eq!(tampered(&|log| drop(log.remove(2))), line(3, LineFlaw::Removed { expected: 3 }));
        assert_eq!(tampered(&|log| drop(log.remove(0))), line(1, LineFlaw::Removed { expected: 1 }));
        assert_eq!(tampered(&|log| drop(log.drain(1..4))), line(2, LineFlaw::Removed { expected: 2 }));
        assert_eq!(
            tampered(&|log| log.insert(3, log[1].clone())),
            line(4, LineFlaw::Inserted { expected: 4 })
        );
        assert_eq!(tampered(&|log| log[2].what = "x".into()), line(3, LineFlaw::Altered));
        assert_eq!(tampered(&|log| log[2].at = 1), line(3, LineFlaw::Altered));
        assert_eq!(tampered(&|log| log[2].hash.0[0] ^= 1), line(3, LineFlaw::Altered));
        // With a hash of its own, but not of what follows.
        assert_eq!(tampered(&|log| log[2] = entry(3, "x", log[1].hash)), line(4, LineFlaw::Exchanged));
        // Put in with sound hashes: the next one's number was there already.
        assert_eq!(
            tampered(&|log| log.insert(3, entry(4, "x", log[2].hash))),
            line(5, LineFlaw::Inserted { expected: 5 })
        );
        assert_eq!(tampered(&|log| log.swap(2, 3)), line(3, LineFlaw::Removed { expected: 3 }));
        assert_eq!(tampered(&|log| log.truncate(4)), Err(AuditFlaw::Cut { entries: 4, anchored: 5 }));
        assert_eq!(tampered(&Vec::clear), Err(AuditFlaw::Cut { entries: 0, anchored: 5 }));
        // Whoever hashes all anew is found by the chain alone.
        for deeds in [
            &["a", "b", "x", "d", "e", "f"][..],
            &["a", "c", "d", "e", "f"],
            &["a", "b", "c", "d", "e2", "f"],
        ] {
            let anew = log(deeds);
            assert!(checked(&anew, None).is_ok(), "its hashes agree");
            assert_eq!(
                checked(&anew, Some(&on_chain)),
                Err(AuditFlaw::Rewritten { anchored: 5 }),
                "{deeds:?}"
            );
        }
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_found() {
        let log = log(&DEEDS[..3]);
        let lines: String = log.iter().map(Entry::line).collect();
        let on_chain = anchor(&log);
        for at in 0..lines.len() {
            let mut bytes = lines.clone().into_bytes();
            bytes[at] ^= 1;
            check(&bytes, &did(1), Some(&on_chain)).expect_err("changed");
            check(&lines.as_bytes()[..at], &did(1), Some(&on_chain)).expect_err("cut");
        }
    }

    #[test]
    fn anothers_log_or_anchor_is_refused() {
        let log = log(&DEEDS);
        let lines: String = log.iter().map(Entry::line).collect();
        assert_eq!(check(lines.as_bytes(), &did(2), None), Err(AuditFlaw::OtherLog));
        let other = LogAnchorRecord { owner: did(2), ..anchor(&log) };
        assert_eq!(checked(&log, Some(&other)), Err(AuditFlaw::OtherAnchor));
        let other = LogAnchorRecord { log: Slug::new("bulk").expect("a name"), ..anchor(&log) };
        assert_eq!(checked(&log, Some(&other)), Err(AuditFlaw::OtherAnchor));
    }
}
