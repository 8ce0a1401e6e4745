//! The version of what the vault holds, and how an older one is brought up to it.
//!
//! Each step is one write: ended in the middle, a wallet has the version before or the one after.

use credentials::catalogue::Catalogue;

use crate::{
    faces,
    held::CARDS,
    receive,
    vault::{Sealed, Vault, VaultError, VaultTx},
};

const SCHEMA: Sealed<u32> = Sealed::new("schema");
const ONLY: &str = "";

/// 1: cards, log, evidence, what is deferred. 2: an index beside the cards. 3: what is deferred is one of the ways in which
/// something is under way. 4: faces beside the cards, in the index's place.
const CURRENT: u32 = 4;
/// What versions 2 and 3 had beside the cards.
const INDEX: Sealed<serde::de::IgnoredAny> = Sealed::new("index");

/// Brings the vault up to this version. Wallets made before versions were written down have version 1.
pub(crate) async fn migrate(vault: &Vault, catalogue: &'static Catalogue) -> Result<(), VaultError> {
    loop {
        match vault.get(&SCHEMA, ONLY)?.unwrap_or(1) {
            CURRENT => return Ok(()),
            // The index that it lacks is one that the last step would remove.
            1 => step(vault, 2, |_| Ok(())).await?,
            2 => {
                let old = receive::old(vault)?;
                step(vault, 3, move |tx| receive::renew_rows(tx, old)).await?;
            }
            3 => {
                let (cards, mut entries) = (vault.all(&CARDS)?, Vec::new());
                vault.each(&INDEX, |id, _| entries.push(id))?;
                let renew = move |tx: &mut VaultTx<'_, '_>| {
                    entries.iter().try_for_each(|id| tx.remove(&INDEX, id))?;
                    faces::rebuild(tx, catalogue, &cards, &[])
                };
                step(vault, 4, renew).await?;
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

    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
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

    fn catalogue() -> &'static Catalogue {
        Catalogue::bundled().unwrap()
    }

    /// As an issuer would have signed it: nobody checks the signature again.
    fn token() -> String {
        let header = json!({ "alg": "ES256", "typ": "dc+sd-jwt" });
        let claims =
            json!({ "iss": "https://issuer.example", "vct": "urn:huizheng:digital-id:1", "name": "示例" });
        let part = |value: serde_json::Value| BASE64.encode(value.to_string());
        format!("{}.{}.{}~", part(header), part(claims), BASE64.encode([1; 64]))
    }

    fn card(key: &str) -> StoredCard {
        StoredCard {
            kind: Slug::new("digital-id").unwrap(),
            issuer: "did:hui:anhui:z4BZp8kTwvfpymf84mHQuVYmFoUEW".parse().unwrap(),
            issuer_name: LocalText::new("示例", "Example"),
            received: UnixMillis(5),
            credentials: vec![
                serde_json::from_value(json!({
                    "id": "1", "format": Format::SdJwtVc, "text": token(), "key": key, "issued": UnixMillis(1),
                    "issuer_key": "did:hui:anhui:z4BZp8kTwvfpymf84mHQuVYmFoUEW#key-2", "shown_to": [],
                }))
                .unwrap(),
            ],
            collected_at: None,
            renewal: None,
        }
    }

    /// The cards that lists and requests find.
    fn known(vault: &Vault) -> Vec<String> {
        Index::default()
            .find(vault, |kind, format| kind == "digital-id" && format == Format::SdJwtVc)
            .unwrap()
    }

    #[tokio::test]
    async fn cards_of_the_first_schema_get_faces_once() {
        let (_folder, vault) = vault().await;
        // As the first version wrote cards: alone.
        let card = card("k");
        vault.write(move |tx| tx.put(&CARDS, "a", &card)).await.unwrap();
        assert!(known(&vault).is_empty());
        migrate(&vault, catalogue()).await.unwrap();
        assert_eq!(known(&vault), ["a"]);
        let face = faces::face(&vault, catalogue(), "a").unwrap().unwrap();
        assert_eq!(face.claims["name"], "示例");
        migrate(&vault, catalogue()).await.unwrap();
        assert_eq!(known(&vault), ["a"]);
        vault.write(|tx| tx.put(&SCHEMA, ONLY, &(CURRENT + 1))).await.unwrap();
        assert_eq!(migrate(&vault, catalogue()).await, Err(VaultError::Newer(CURRENT + 1)));
    }

    #[tokio::test]
    async fn the_index_of_the_third_schema_gives_way_to_faces() {
        let (_folder, vault) = vault().await;
        let entry = json!({ "kind": "digital-id", "formats": ["dc+sd-jwt"], "received": UnixMillis(5) });
        let (card, strange) = (card("k"), StoredCard { credentials: Vec::new(), ..card("none") });
        let write = move |tx: &mut VaultTx<'_, '_>| {
            for (id, card) in [("a", &card), ("unshowable", &strange)] {
                tx.put(&CARDS, id, card)?;
                tx.put(&Sealed::new("index"), id, &entry)?;
            }
            tx.put(&SCHEMA, ONLY, &3)
        };
        vault.write(write).await.unwrap();
        migrate(&vault, catalogue()).await.unwrap();
        assert_eq!(known(&vault), ["a"]);
        assert!(vault.all(&Sealed::<serde_json::Value>::new("index")).unwrap().is_empty());
        assert_eq!(vault.all(&CARDS).unwrap().len(), 2, "nothing is lost that can't be shown");
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
        migrate(&vault, catalogue()).await.unwrap();
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
