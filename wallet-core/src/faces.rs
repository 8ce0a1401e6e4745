//! Cards in the vault, each with its face beside it: what lists show and requests go by, so that they open no card.
//!
//! A face follows from its card and is written and removed with it. A card that lost its face is found and shown all the same; one
//! that is damaged itself keeps its face, so that its holder is told which it is.

use credentials::catalogue::Catalogue;

use crate::{
    card::Face,
    held::{CARDS, StoredCard},
    vault::{Sealed, Vault, VaultError, VaultTx},
};

/// The table of faces, by the ids of their cards.
pub(crate) const TABLE: &str = "faces";
const FACES: Sealed<Face> = Sealed::new(TABLE);

/// Makes the faces of all cards: for wallets that had none, or lost some.
pub(crate) fn rebuild(
    tx: &mut VaultTx<'_, '_>,
    catalogue: &Catalogue,
    cards: &[(String, StoredCard)],
    strays: &[String],
) -> Result<(), VaultError> {
    for (id, card) in cards {
        // A card that this version can't show keeps the face it has.
        if let Ok(face) = Face::of(card, catalogue) {
            tx.put(&FACES, id, &face)?;
        }
    }
    strays.iter().try_for_each(|id| tx.remove(&FACES, id))
}

/// Faces without a card.
pub(crate) fn strays(vault: &Vault, cards: &[(String, StoredCard)]) -> Result<Vec<String>, VaultError> {
    let faces = vault.all(&FACES)?.into_iter().map(|(id, _)| id);
    Ok(faces.filter(|id| !cards.iter().any(|(card, _)| card == id)).collect())
}

/// Writes a card that is new, with its face.
pub(crate) fn put_card(
    tx: &mut VaultTx<'_, '_>,
    id: &str,
    card: &StoredCard,
    face: &Face,
) -> Result<(), VaultError> {
    tx.put(&CARDS, id, card)?;
    tx.put(&FACES, id, face)
}

/// The face of a card, also of one that is damaged itself; `None` if nothing of it can be read.
pub(crate) fn face(vault: &Vault, catalogue: &Catalogue, id: &str) -> Result<Option<Face>, VaultError> {
    if let Some(face) = vault.get_readable(&FACES, id)? {
        return Ok(Some(face));
    }
    Ok(vault.get_readable(&CARDS, id)?.and_then(|card| Face::of(&card, catalogue).ok()))
}

/// The face that is kept of a card, in a write.
pub(crate) fn kept_face(tx: &VaultTx<'_, '_>, id: &str) -> Result<Option<Face>, VaultError> {
    match tx.get(&FACES, id) {
        Err(error) if error.is_of_one_record() => Ok(None),
        face => face,
    }
}

/// Whether there is a face of this id, readable or not.
pub(crate) fn has_face(tx: &VaultTx<'_, '_>, id: &str) -> Result<bool, VaultError> {
    tx.contains(&FACES, id)
}

/// Removes a card.
pub(crate) fn remove_card(tx: &mut VaultTx<'_, '_>, id: &str) -> Result<(), VaultError> {
    tx.remove(&CARDS, id)?;
    tx.remove(&FACES, id)
}
