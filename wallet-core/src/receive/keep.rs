//! Keeping what proves good: cards, what they take the place of, and what is left of the collecting, all in one write.

use credentials::catalogue::Catalogue;
use protocol::Endpoint;
use registry::{LocalText, UnixMillis};

use super::{
    ReceiveError, Rejected,
    collecting::{self, COLLECTING, Collecting},
    issuance::Good,
    later::Renewal,
    loose,
};
use crate::{
    backup,
    card::{self, Card, Face},
    context::Context,
    faces,
    held::{CARDS, StoredCard},
    log::{self, Event},
    ports::KeyHandle,
    vault::{VaultError, VaultTx},
};

/// How a collecting ends, or how far it came.
pub(super) struct Ending {
    /// By which it is known.
    pub(super) name: String,
    /// What is still to come, if anything is.
    pub(super) rest: Option<Collecting>,
    pub(super) good: Vec<Good>,
    pub(super) collected_at: Endpoint,
    pub(super) renewal: Option<Renewal>,
    /// The card that gives way, if this is all that was to come in its place.
    pub(super) replaced: Option<String>,
    /// Keys that nothing needs now.
    pub(super) loose: Vec<KeyHandle>,
}

/// A card that is about to be kept.
struct New {
    id: String,
    card: StoredCard,
    face: Face,
    event: Event,
    /// What a backup named and this is.
    collected: Option<String>,
}

/// Makes cards of what proved good, one for each type and issuer. Gives the card of each.
pub(super) async fn keep(context: &Context, mut ending: Ending) -> Result<Vec<Card>, ReceiveError> {
    let good = std::mem::take(&mut ending.good);
    let (cards, of) = cards_of(context, good, &ending.collected_at, ending.renewal.as_ref())?;
    let (mut shown, mut new) = (Vec::new(), Vec::new());
    for (id, card) in cards {
        let kind = context.catalogue.by_id(card.kind.as_str()).ok_or(Rejected::OtherType)?;
        let event = Event::Received {
            card: id.clone(),
            label: card::local(&kind.label),
            issuer: card.issuer.clone(),
            issuer_name: card.issuer_name.clone(),
        };
        let face = Face::of(&card, context.catalogue)?;
        let view = face.show(&id, kind, context.state(&face)?);
        let collected = backup::collected(context, &kind.id, &card.issuer, &view.holder_line)?;
        shown.push(view);
        new.push(New { id, card, face, event, collected });
    }
    let (at, catalogue, replaced) = (context.now(), context.catalogue, ending.replaced.clone());
    let writing = context.index.begin();
    let new = context.vault.write(move |tx| put(tx, catalogue, at, new, ending)).await?;
    let Some(new) = new else {
        writing.made([], []);
        loose::sweep(context).await?;
        return Err(ReceiveError::CARD_IS_GONE);
    };
    writing.made(new.iter().map(|(id, card)| (id.as_str(), card)), replaced.as_deref());
    loose::sweep(context).await?;
    Ok(of.into_iter().filter_map(|at| shown.get(at).cloned()).collect())
}

/// `None` if what was begun is gone: the card that is renewed was deleted meanwhile, and whoever deleted it wants no other in its place.
fn put(
    tx: &mut VaultTx<'_, '_>,
    catalogue: &Catalogue,
    at: UnixMillis,
    new: Vec<New>,
    ending: Ending,
) -> Result<Option<Vec<(String, StoredCard)>>, VaultError> {
    if !tx.contains(&COLLECTING, &ending.name)? {
        let credentials = new.into_iter().flat_map(|new| new.card.credentials);
        loose::let_go(tx, credentials.map(|credential| credential.key).chain(ending.loose))?;
        loose::let_go(tx, ending.rest.iter().flat_map(Collecting::part_keys).cloned())?;
        return Ok(None);
    }
    let mut cards = Vec::with_capacity(new.len());
    for New { id, card, face, event, collected } in new {
        faces::put_card(tx, &id, &card, &face)?;
        if let Some(collected) = &collected {
            tx.remove(&backup::TO_COLLECT, collected)?;
        }
        log::add(tx, at, event)?;
        cards.push((id, card));
    }
    if let Some(replaced) = &ending.replaced {
        take_out(tx, catalogue, at, replaced)?;
    }
    match &ending.rest {
        Some(rest) => tx.put(&COLLECTING, &ending.name, rest)?,
        None => tx.remove(&COLLECTING, &ending.name)?,
    }
    loose::let_go(tx, ending.loose)?;
    Ok(Some(cards))
}

/// Deletes a card, and what was begun to renew it.
pub(crate) fn delete(
    tx: &mut VaultTx<'_, '_>,
    catalogue: &Catalogue,
    at: UnixMillis,
    id: &str,
) -> Result<Deleted, VaultError> {
    let mut deleted = take_out(tx, catalogue, at, id)?;
    deleted.token_keys.extend(collecting::give_up(tx, id)?.token_keys);
    Ok(deleted)
}

/// Removes a card. The log has it, and its credentials' keys are let go: those that can be read. Says whether there was one, and
/// the key by which it was renewed.
fn take_out(
    tx: &mut VaultTx<'_, '_>,
    catalogue: &Catalogue,
    at: UnixMillis,
    id: &str,
) -> Result<Deleted, VaultError> {
    let face = faces::kept_face(tx, id)?;
    let card = match tx.get(&CARDS, id) {
        Ok(None) if !faces::has_face(tx, id)? => {
            return Ok(Deleted { existed: false, token_keys: Vec::new() });
        }
        Err(error) if error.is_of_one_record() => None,
        card => card?,
    };
    faces::remove_card(tx, id)?;
    let keys = card.iter().flat_map(|card| &card.credentials).map(|credential| credential.key.clone());
    loose::let_go(tx, keys)?;
    let known = card.as_ref().map(|card| (&card.kind, &card.issuer_name));
    let known = known.or_else(|| face.as_ref().map(|face| (&face.kind, &face.issuer_name)));
    let kind = known.and_then(|(kind, _)| catalogue.by_id(kind.as_str()));
    let label = kind.map_or_else(|| LocalText::new("证照", "Card"), |kind| card::local(&kind.label));
    let issuer_name = known.map_or_else(|| LocalText::new("不详", "unknown"), |(_, name)| name.clone());
    log::add(tx, at, Event::Deleted { label, issuer_name })?;
    let token_keys = card.and_then(|card| card.renewal).map(|renewal| renewal.key).into_iter().collect();
    Ok(Deleted { existed: true, token_keys })
}

/// What was deleted, or given up.
pub(crate) struct Deleted {
    pub(crate) existed: bool,
    /// Keys that its tokens were bound to, and that something else may need.
    pub(crate) token_keys: Vec<KeyHandle>,
}

/// Cards by their ids.
type Cards = Vec<(String, StoredCard)>;

/// The cards, and for each of what proved good the number of its card.
fn cards_of(
    context: &Context,
    good: Vec<Good>,
    collected_at: &Endpoint,
    renewal: Option<&Renewal>,
) -> Result<(Cards, Vec<usize>), VaultError> {
    let (mut cards, mut of) = (Cards::new(), Vec::new());
    for Good { kind, issuer, issuer_name, credentials } in good {
        let same =
            |(_, (_, card)): &(usize, &mut (String, StoredCard))| card.kind == kind && card.issuer == issuer;
        if let Some((at, (_, card))) = cards.iter_mut().enumerate().find(same) {
            card.credentials.extend(credentials);
            of.push(at);
        } else {
            let received = context.now();
            let (collected_at, renewal) = (Some(collected_at.clone()), renewal.cloned());
            let card = StoredCard { kind, issuer, issuer_name, received, credentials, collected_at, renewal };
            of.push(cards.len());
            cards.push((context.new_id()?, card));
        }
    }
    Ok((cards, of))
}
