//! The version of what the vault holds, and how an older one is brought up to it.
//!
//! Each step is one write: ended in the middle, a wallet has the version before or the one after.

use crate::{
    held::CARDS,
    index,
    vault::{Sealed, Vault, VaultError},
};

const SCHEMA: Sealed<u32> = Sealed::new("schema");
const ONLY: &str = "";

/// 1: cards, log, evidence, what is deferred. 2: an index beside the cards.
const CURRENT: u32 = 2;

/// Brings the vault up to this version. Wallets made before versions were written down have version 1.
pub(crate) async fn migrate(vault: &Vault) -> Result<(), VaultError> {
    match vault.get(&SCHEMA, ONLY)?.unwrap_or(1) {
        CURRENT => Ok(()),
        1 => {
            let cards = vault.all(&CARDS)?;
            let index_all = move |tx: &mut crate::vault::VaultTx<'_, '_>| {
                index::rebuild(tx, &cards, &[])?;
                tx.put(&SCHEMA, ONLY, &CURRENT)
            };
            vault.write(index_all).await
        }
        newer => Err(VaultError::Newer(newer)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use registry::{LocalText, Slug, UnixMillis};

    use super::*;
    use crate::{
        card::Format,
        held::StoredCard,
        index::Index,
        ports::{HttpClient, HttpError, HttpRequest, HttpResponse, Ports},
        software::{DeviceSecret, SoftwareKeyStore},
        vault::PinCost,
    };

    struct NoNetwork;

    #[async_trait::async_trait]
    impl HttpClient for NoNetwork {
        async fn send(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
            Err(HttpError::Unreachable)
        }
    }

    #[tokio::test]
    async fn a_vault_of_the_first_schema_gets_an_index_once() {
        let folder = tempfile::tempdir().unwrap();
        let keys = SoftwareKeyStore::open(folder.path().join("keys"), &DeviceSecret::from_bytes(b"device"));
        let ports = Ports::new(Arc::new(keys.unwrap()), Arc::new(NoNetwork), Arc::new(|| UnixMillis(1)));
        let cost = PinCost { memory_kib: 64, passes: 1 };
        let vault = Vault::create(&folder.path().join("vault"), "246810", &ports, cost).await.unwrap();
        // As the first version wrote cards: alone.
        let card = StoredCard {
            kind: Slug::new("digital-id").unwrap(),
            issuer: "did:hui:anhui:z4BZp8kTwvfpymf84mHQuVYmFoUEW".parse().unwrap(),
            issuer_name: LocalText::new("示例", "Example"),
            received: UnixMillis(5),
            credentials: vec![
                serde_json::from_value(serde_json::json!({
                    "id": "1", "format": Format::SdJwtVc, "text": "", "key": "k", "issued": UnixMillis(1),
                    "issuer_key": "did:hui:anhui:z4BZp8kTwvfpymf84mHQuVYmFoUEW#key-2", "shown_to": [],
                }))
                .unwrap(),
            ],
            collected_at: None,
            renewal: None,
        };
        vault.write(move |tx| tx.put(&CARDS, "a", &card)).await.unwrap();
        let known = |vault: &Vault| Index::default().find(vault, |kind, _| kind == "digital-id").unwrap();
        assert!(known(&vault).is_empty());
        migrate(&vault).await.unwrap();
        assert_eq!(known(&vault), ["a"]);
        migrate(&vault).await.unwrap();
        assert_eq!(known(&vault), ["a"]);
        vault.write(|tx| tx.put(&SCHEMA, ONLY, &(CURRENT + 1))).await.unwrap();
        assert_eq!(migrate(&vault).await, Err(VaultError::Newer(CURRENT + 1)));
    }
}
