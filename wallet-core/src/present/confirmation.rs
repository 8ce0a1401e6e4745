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

/// What is to be read. It goes by the request alone, whatever the holder has.
pub(super) fn to_be_read(
    context: &Context,
    request: &CheckedRequest,
) -> Result<Vec<Confirmation>, RequestRefused> {
    let read = |transaction: &TransactionData| {
        if !context.shows_confirmations {
            return Err(BadTransaction::Type);
        }
        let confirmation = transaction.confirmation()?;
        match transaction.credential_ids().iter().any(|id| can_carry(request, id)) {
            true => Ok(confirmation),
            false => Err(BadTransaction::Credential),
        }
    };
    request.transaction_data.iter().map(|one| read(one).map_err(refused)).collect()
}

/// Which question's answer authorises what: of the questions that will be answered, the first of those that the transaction names.
pub(super) fn carried(request: &CheckedRequest, wanted: &[QueryId]) -> Result<Authorised, RequestRefused> {
    let mut by_question = Authorised::new();
    for transaction in &request.transaction_data {
        let mut named = wanted.iter().filter(|id| transaction.credential_ids().contains(id));
        let carrier = named.find(|id| can_carry(request, id));
        let carrier = carrier.ok_or_else(|| refused(BadTransaction::Credential))?;
        by_question.entry(carrier.clone()).or_default().push(transaction.clone());
    }
    Ok(by_question)
}

/// Only a key binding of an SD-JWT can carry it.
fn can_carry(request: &CheckedRequest, id: &QueryId) -> bool {
    let query = request.query.credential(id);
    query.is_some_and(|query| query.format == Format::SdJwtVc && query.require_cryptographic_holder_binding)
}

fn refused(why: BadTransaction) -> RequestRefused {
    RequestRefused::Request(BadRequest::TransactionData(why))
}

/// The title, for the log.
pub(super) fn title(confirmation: &Confirmation) -> LocalText {
    LocalText::new(&confirmation.title.zh, &confirmation.title.en)
}
