//! Who validates next: the present set, proven, with one change.

use registry::{Action, Ed25519Key, Record, RecordKey, Validator};
use service::NodeClient;

use crate::fault::{Done, Fault, OrFault};

/// The validators with one more.
pub(super) async fn with(client: &NodeClient, key: Ed25519Key, power: u64) -> Done<Action> {
    let mut validators = present(client).await?;
    if validators.iter().any(|validator| validator.key == key) {
        return Err(Fault::new(format!("{key} is a validator's already"), "nothing is to be done"));
    }
    validators.push(Validator { key, power });
    Ok(Action::UpdateValidators { validators })
}

/// The validators with another key in one's place.
pub(super) async fn replaced(client: &NodeClient, old: Ed25519Key, new: Ed25519Key) -> Done<Action> {
    let mut validators = present(client).await?;
    let place = validators.iter_mut().find(|validator| validator.key == old);
    place.ok_or_else(|| unknown(&old))?.key = new;
    Ok(Action::UpdateValidators { validators })
}

/// The validators without one.
pub(super) async fn without(client: &NodeClient, key: Ed25519Key) -> Done<Action> {
    let mut validators = present(client).await?;
    let count = validators.len();
    validators.retain(|validator| validator.key != key);
    if validators.len() == count {
        return Err(unknown(&key));
    }
    Ok(Action::UpdateValidators { validators })
}

async fn present(client: &NodeClient) -> Done<Vec<Validator>> {
    let proven = client.proven_one(RecordKey::Validators).await;
    match proven.or_fault("is the node running, and the anchor its own?")?.record() {
        Some(Record::Validators(record)) => Ok(record.validators.as_slice().to_vec()),
        _ => Err(Fault::new("the chain names no validators", "ask a node of this version")),
    }
}

fn unknown(key: &Ed25519Key) -> Fault {
    let todo = "see who validates with: huizheng registry show validators";
    Fault::new(format!("{key} is no validator's"), todo)
}
