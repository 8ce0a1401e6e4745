//! Transaction data: what the holder authorises by answering (OpenID4VP 1.0 §8.4).

use std::collections::BTreeMap;

use protocol::{
    Format,
    dcql::QueryId,
    openid4vp::{BadRequest, BadTransaction, CheckedRequest, Confirmation, TransactionData},
};
use registry::LocalText;

use super::RequestRefused;
use crate::context::Context;

/// What the answer to each question authorises.
pub(super) type Authorised = BTreeMap<QueryId, Vec<TransactionData>>;

/// What is to be read, and which question's answer authorises what: of the questions that will be answered, the first of
/// those that the transaction names.
pub(super) fn to_be_read(
    context: &Context,
    request: &CheckedRequest,
    wanted: &[QueryId],
) -> Result<(Vec<Confirmation>, Authorised), RequestRefused> {
    let refused = |why| RequestRefused::Request(BadRequest::TransactionData(why));
    let (mut read, mut by_question) = (Vec::new(), Authorised::new());
    for transaction in &request.transaction_data {
        if !context.shows_confirmations {
            return Err(refused(BadTransaction::Type));
        }
        read.push(transaction.confirmation().map_err(refused)?);
        // Only a key binding of an SD-JWT can carry it.
        let can_carry = |id: &&QueryId| {
            let query = request.query.credential(id);
            query.is_some_and(|query| {
                query.format == Format::SdJwtVc && query.require_cryptographic_holder_binding
            })
        };
        let named = wanted.iter().filter(|id| transaction.credential_ids().contains(id)).find(can_carry);
        let carrier = named.ok_or_else(|| refused(BadTransaction::Credential))?;
        by_question.entry(carrier.clone()).or_default().push(transaction.clone());
    }
    Ok((read, by_question))
}

/// The title, for the log.
pub(super) fn title(confirmation: &Confirmation) -> LocalText {
    LocalText::new(&confirmation.title.zh, &confirmation.title.en)
}
