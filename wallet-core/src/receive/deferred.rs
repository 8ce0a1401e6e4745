//! What takes time, as wallets up to schema 2 wrote it down.

use credentials::key::Jwk;
use protocol::openid4vci::{IssuerMetadata, TokenResponse};
use registry::UnixMillis;
use serde::{Deserialize, Serialize};

use super::{
    Renewal,
    collecting::{COLLECTING, Collecting, Part, Stand, StoredGrant, StoredKey},
};
use crate::{
    held::CARDS,
    ports::KeyHandle,
    vault::{Sealed, Vault, VaultError, VaultTx},
};

const DEFERRED: Sealed<StoredDeferred> = Sealed::new("deferred");

#[derive(Clone, Serialize, Deserialize)]
struct StoredDeferred {
    renewal: Renewal,
    metadata: IssuerMetadata,
    configuration: String,
    keys: Vec<(KeyHandle, Jwk)>,
    transaction_id: String,
}

/// What was written down so.
pub(crate) struct Old(Vec<(String, Option<StoredDeferred>)>);

/// Reads it. What a card holds the keys of was picked up, and the wallet ended before it noted that.
pub(crate) fn old(vault: &Vault) -> Result<Old, VaultError> {
    let cards = vault.all(&CARDS)?;
    let is_held = |(key, _): &(KeyHandle, Jwk)| {
        cards.iter().flat_map(|(_, card)| &card.credentials).any(|credential| credential.key == *key)
    };
    let rows = vault.all(&DEFERRED)?.into_iter();
    Ok(Old(rows.map(|(id, row)| (id, Some(row).filter(|row| !row.keys.iter().any(is_held)))).collect()))
}

/// Writes it as it is written now.
pub(crate) fn renew_rows(tx: &mut VaultTx<'_, '_>, old: Old) -> Result<(), VaultError> {
    for (id, row) in old.0 {
        tx.remove(&DEFERRED, &id)?;
        if let Some(row) = row {
            tx.put(&COLLECTING, &id, &row.into())?;
        }
    }
    Ok(())
}

impl From<StoredDeferred> for Collecting {
    fn from(
        StoredDeferred { renewal, metadata, configuration, keys, transaction_id }: StoredDeferred,
    ) -> Self {
        let Renewal { offer, authorization_server, token_endpoint, refresh_token, key, public } = renewal;
        // No access token was kept: this one is none, and over.
        let token = TokenResponse::bearer("".into(), 0).dpop();
        let grant = StoredGrant {
            token: TokenResponse { refresh_token: Some(refresh_token), ..token },
            until: Some(UnixMillis(0)),
            key: Some(StoredKey(key, public)),
            token_endpoint,
        };
        let keys = keys.into_iter().map(|(key, public)| StoredKey(key, public)).collect();
        let part = Part { keys, stand: Stand::Deferred { transaction_id, ask_after: None } };
        let parts = [(configuration, part)].into();
        Self { offer, metadata, authorization_server, grant, replaces: None, parts }
    }
}
