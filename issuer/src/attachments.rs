//! What applicants attach: few, small, of kinds judged by what is in them, sealed on disk.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use credentials::UnixSeconds;
use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use store::{Range, Store, StoreError};

use crate::audit::{Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::model::{Actor, Id, Personal, State};
use crate::seals::Seals;
use crate::tables::{APPLICATIONS, ATTACHED, ATTACHMENTS};

/// Attachments of one application at most.
pub(crate) const MOST: usize = 5;
/// Bytes of one at most.
pub(crate) const LARGEST: usize = 900 * 1024;
/// Characters of a name that are kept.
const LONGEST_NAME: usize = 80;

/// One attachment, without its bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) id: Id,
    pub(crate) kind: AttachmentKind,
    /// As the applicant's file was called; only ever shown as text.
    pub(crate) name: Personal<String>,
    pub(crate) bytes: usize,
    pub(crate) at: UnixSeconds,
}

/// What may be attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AttachmentKind {
    Pdf,
    Png,
    Jpeg,
}

/// Why something was not attached.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttachRefused {
    #[error("there is no such application")]
    Unknown,
    #[error("the application was decided, nothing can be attached any more")]
    Closed,
    #[error("an attachment is a PDF, PNG or JPEG")]
    Kind,
    #[error("an attachment has at most {LARGEST} bytes, and at least one")]
    Size,
    #[error("an application has at most {MOST} attachments")]
    TooMany,
    #[error("the attachment can't be sealed or opened")]
    Sealed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AttachmentKind {
    /// What these bytes are, by how they begin; what a file is called says nothing.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            _ => None,
        }
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
        }
    }

    /// How a file of it is called: never by the applicant's name for it.
    pub(crate) fn file_name(self) -> &'static str {
        match self {
            Self::Pdf => "attachment.pdf",
            Self::Png => "attachment.png",
            Self::Jpeg => "attachment.jpg",
        }
    }
}

/// Attaches to an application that is not decided yet. Durable when it returns.
pub(crate) async fn attach(
    store: &Store,
    seals: &Seals,
    application: Id,
    name: &str,
    bytes: &[u8],
    now: Moment,
) -> Result<Attachment, AttachRefused> {
    if bytes.is_empty() || bytes.len() > LARGEST {
        return Err(AttachRefused::Size);
    }
    let kind = AttachmentKind::of(bytes).ok_or(AttachRefused::Kind)?;
    let id = Id::new(now.ms, &mut OsRng);
    let name = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let attachment = Attachment { id, kind, name: Personal(name), bytes: bytes.len(), at: now.seconds };
    let sealed = seal(seals, application, id, bytes)?;
    let (kept, noting) = (attachment.clone(), Noting::by(&Actor::Applicant, now));
    let attached = store.write_async(move |tx| {
        let found = tx.get(&APPLICATIONS, application.key())?.ok_or(AttachRefused::Unknown)?;
        if !(found.state.is_open() || found.state == State::NeedsCorrection) {
            return Err(AttachRefused::Closed);
        }
        if tx.page(&ATTACHMENTS, &Range::prefix((application.key(),)), MOST)?.len() >= MOST {
            return Err(AttachRefused::TooMany);
        }
        tx.put(&ATTACHED, id.key(), &sealed)?;
        tx.put(&ATTACHMENTS, (application.key(), id.key()), &kept)?;
        let deed = Deed::new("attachment-added").about("application", application);
        Ok(noting.note(tx, deed.about("attachment", id))?)
    });
    attached.await?;
    Ok(attachment)
}

/// What is attached to an application, oldest first.
pub(crate) fn list(store: &Store, application: Id) -> Result<Vec<Attachment>, StoreError> {
    let rows = store.page(&ATTACHMENTS, &Range::prefix((application.key(),)), MOST)?;
    Ok(rows.into_iter().map(|(_, attachment)| attachment).collect())
}

/// An attachment with its bytes.
pub(crate) fn open(
    store: &Store,
    seals: &Seals,
    application: Id,
    id: Id,
) -> Result<Option<(Attachment, Vec<u8>)>, AttachRefused> {
    let Some(found) = store.get(&ATTACHMENTS, (application.key(), id.key()))? else { return Ok(None) };
    let Some(sealed) = store.get(&ATTACHED, id.key())? else { return Ok(None) };
    let (nonce, body) = sealed.split_at_checked(12).ok_or(AttachRefused::Sealed)?;
    let bytes = cipher(seals)
        .decrypt(Nonce::from_slice(nonce), Payload { msg: body, aad: &bound_to(application, id) })
        .map_err(|_| AttachRefused::Sealed)?;
    Ok(Some((found, bytes)))
}

fn seal(seals: &Seals, application: Id, id: Id, bytes: &[u8]) -> Result<Vec<u8>, AttachRefused> {
    let mut nonce = [0; 12];
    OsRng.fill_bytes(&mut nonce);
    let sealed = cipher(seals)
        .encrypt(Nonce::from_slice(&nonce), Payload { msg: bytes, aad: &bound_to(application, id) })
        .map_err(|_| AttachRefused::Sealed)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// So that no attachment can be moved to another application.
fn bound_to(application: Id, id: Id) -> Vec<u8> {
    [application.to_bytes(), id.to_bytes()].concat()
}

fn cipher(seals: &Seals) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(seals.attachment_key().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Application;
    use zeroize::Zeroizing;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnobody's degree";

    async fn with_application() -> (Store, Seals, Id) {
        let store = crate::audit::kept();
        let id = Id::new(1, &mut OsRng);
        let application = Application::submitted(id, "mandate", "x".into(), UnixSeconds(1));
        store.write(move |tx| tx.put(&APPLICATIONS, id.key(), &application)).expect("put");
        (store, Seals::new(&Zeroizing::new([4; 32])), id)
    }

    fn now() -> Moment {
        Moment { ms: 5000, seconds: UnixSeconds(5) }
    }

    #[tokio::test]
    async fn it_comes_back_as_it_was_and_lies_on_disk_as_nobody_reads_it() {
        let (store, seals, application) = with_application().await;
        let kept = attach(&store, &seals, application, "degree.exe", PNG, now()).await.expect("kept");
        assert_eq!((kept.kind, kept.kind.file_name()), (AttachmentKind::Png, "attachment.png"));
        let (_, bytes) = open(&store, &seals, application, kept.id).expect("opens").expect("there");
        assert_eq!(bytes, PNG);
        let raw = store.get(&ATTACHED, kept.id.key()).expect("read").expect("there");
        assert!(!raw.windows(7).any(|part| part == b"nobody'"));
        let other = Id::new(1, &mut OsRng);
        assert!(open(&store, &seals, other, kept.id).expect("reads").is_none(), "of another application");
        let stranger = Seals::new(&Zeroizing::new([5; 32]));
        assert!(matches!(open(&store, &stranger, application, kept.id), Err(AttachRefused::Sealed)));
    }

    #[tokio::test]
    async fn what_is_too_large_too_many_or_of_another_kind_is_refused() {
        let (store, seals, application) = with_application().await;
        for (name, bytes, refused) in [
            ("svg.png", b"<svg onload=alert(1)>".as_slice(), "Kind"),
            ("page.pdf", b"<html>%PDF-", "Kind"),
            ("empty.pdf", b"", "Size"),
            ("large.pdf", &[b"%PDF-".as_slice(), &vec![0; LARGEST]].concat(), "Size"),
        ] {
            let error = attach(&store, &seals, application, name, bytes, now()).await.expect_err(name);
            assert_eq!(format!("{error:?}"), refused, "{name}");
        }
        for _ in 0..MOST {
            attach(&store, &seals, application, "a.pdf", b"%PDF-1.7", now()).await.expect("kept");
        }
        let error = attach(&store, &seals, application, "a.pdf", b"%PDF-1.7", now()).await;
        assert!(matches!(error, Err(AttachRefused::TooMany)));
        assert_eq!(list(&store, application).expect("read").len(), MOST);
    }
}
