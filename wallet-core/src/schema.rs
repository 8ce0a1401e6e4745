//! The version of what the vault holds, and how an older one is brought up to it.
//!
//! Each step is one write: ended in the middle, a wallet has the version before or the one after.

use crate::{
    held::CARDS,
    index, receive,
    vault::{Sealed, Vault, VaultError, VaultTx},
};

const SCHEMA: Sealed<u32> = Sealed::new("schema");
const ONLY: &str = "";

/// 1: cards, log, evidence, what is deferred. 2: an index beside the cards. 3: what is deferred is one of the ways in which
/// something is under way.
const CURRENT: u32 = 3;

/// Brings the vault up to this version. Wallets made before versions were written down have version 1.
pub(crate) async fn migrate(vault: &Vault) -> Result<(), VaultError> {
    loop {
        match vault.get(&SCHEMA, ONLY)?.unwrap_or(1) {
            CURRENT => return Ok(()),
            1 => {
                let cards = vault.all(&CARDS)?;
                step(vault, 2, move |tx| index::rebuild(tx, &cards, &[])).await?;
            }
            2 => {
                let old = receive::old(vault)?;
                step(vault, 3, move |tx| receive::renew_rows(tx, old)).await?;
            }
            newer => return Err(VaultError::Newer(newer)),
        }
    }
}

async fn step(
    vault: &Vault,
    version: u32,
    change: impl FnOnce(&mut VaultTx<'_, '_>) -> Result<(), VaultError> + Send + 'static,
) -> Result<(), VaultError> {
    let write = move |tx: &mut VaultTx<'_, '_>| {
        change(tx)?;
        tx.put(&SCHEMA, ONLY, &version)
    };
    vault.write(write).await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use registry::{LocalText, Slug, UnixMillis};
    use serde_json::json;

    use super::*;
    use crate::{
        card::Format,
        held::StoredCard,
        index::Index,
        ports::{NoNetwork, Ports},
        software::{DeviceSecret, SoftwareKeyStore},
        vault::PinCost,
    };

    async fn vault() -> (tempfile::TempDir, Vault) {
        let folder = tempfile::tempdir().unwrap();
        let keys = SoftwareKeyStore::open(folder.path().join("keys"), &DeviceSecret::from_bytes(b"device"));
        let ports = Ports::new(Arc::new(keys.unwrap()), Arc::new(NoNetwork), Arc::new(|| UnixMillis(1)));
        let cost = PinCost { memory_kib: 64, passes: 1 };
        let vault = Vault::create(&folder.path().join("vault"), "246810", &ports, cost).await.unwrap();
        (folder, vault)
    }

    fn card(key: &str) -> StoredCard {
        StoredCard {
            kind: Slug::new("digital-id").unwrap(),
            issuer: "did:hui:anhui:z4BZp8kTwvfpymf84mHQuVYmFoUEW".parse().unwrap(),
            issuer_name: LocalText::new("示例", "Example"),
            received: UnixMillis(5),
            credentials: vec![
                serde_json::from_value(json!({
                    "id": "1", "format": Format::SdJwtVc, "text": "", "key": key, "issued": UnixMillis(1),
                    "issuer_key": "did:hui:anhui:z4BZp8kTwvfpymf84mHQuVYmFoUEW#key-2", "shown_to": [],
                }))
                .unwrap(),
            ],
            collected_at: None,
            renewal: None,
        }
    }

    #[tokio::test]
    async fn a_vault_of_the_first_schema_gets_an_index_once() {
        let (_folder, vault) = vault().await;
        // As the first version wrote cards: alone.
        let card = card("k");
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

    const OLD: Sealed<serde_json::Value> = Sealed::new("deferred");
    const NEW: Sealed<serde_json::Value> = Sealed::new("collecting");

    /// As the second version wrote what takes time.
    fn waiting(key: &str) -> serde_json::Value {
        let (issuer, jwk) = (
            "https://issuer.example/",
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }),
        );
        json!({
            "renewal": {
                "offer": { "credential_issuer": issuer, "credential_configuration_ids": ["digital-id"] },
                "authorization_server": issuer, "token_endpoint": "https://issuer.example/token",
                "refresh_token": "refresh", "key": "phone", "public": jwk,
            },
            "metadata": {
                "credential_issuer": issuer, "credential_endpoint": "https://issuer.example/credential",
                "credential_configurations_supported": {},
            },
            "configuration": "digital-id", "keys": [[key, jwk]], "transaction_id": "transaction",
        })
    }

    #[tokio::test]
    async fn what_takes_time_in_the_second_schema_is_waited_for_unless_a_card_has_its_keys() {
        let (_folder, vault) = vault().await;
        let card = card("held");
        let write = move |tx: &mut VaultTx<'_, '_>| {
            tx.put(&CARDS, "a", &card)?;
            tx.put(&OLD, "picked-up", &waiting("held"))?;
            tx.put(&OLD, "waits", &waiting("free"))?;
            tx.put(&SCHEMA, ONLY, &2)
        };
        vault.write(write).await.unwrap();
        migrate(&vault).await.unwrap();
        assert!(vault.all(&OLD).unwrap().is_empty());
        let [(name, row)] = <[_; 1]>::try_from(vault.all(&NEW).unwrap()).unwrap();
        assert_eq!(name, "waits");
        let part = &row["parts"]["digital-id"];
        assert_eq!(part["stand"]["Deferred"]["transaction_id"], "transaction");
        assert_eq!((&part["keys"][0][0], &row["grant"]["key"][0]), (&json!("free"), &json!("phone")));
        assert_eq!(row["grant"]["token"]["refresh_token"], "refresh");
        assert_eq!(row["grant"]["until"], json!(UnixMillis(0)));
    }
}
