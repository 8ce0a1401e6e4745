//! Accreditations and purposes: read from files, submitted only where the chain doesn't say so already.

use std::path::Path;

use registry::{
    Action, Author, Did, Interval, LocalText, PurposeDraft, PurposeRecord, Record, RecordKey, Slug,
    UnixMillis,
};
use serde::Deserialize;
use service::NodeClient;
use service::node::SubmitError;

use super::Governance;
use crate::fault::{Done, Fault};

/// Accredits the organisation unless it is already, under this name. Says whether it had to.
pub async fn ensure_accredited(
    client: &NodeClient,
    governance: &Governance,
    did: &Did,
    credential_type: &Slug,
    issuer_name: &LocalText,
) -> Result<bool, SubmitError> {
    let key = RecordKey::Trust(did.clone(), credential_type.clone());
    let proven = client.proven_one(key).await?;
    if let Some(Record::Trust(record)) = proven.record()
        && holds(&record.intervals, proven.time())
    {
        if record.issuer_name == *issuer_name {
            return Ok(false);
        }
        // A grant is never reworded: the old one ends, a new one begins.
        let end =
            Action::WithdrawAccreditation { did: did.clone(), credential_type: credential_type.clone() };
        client.act(&Author::Governance, &end, &governance.signers()).await?;
    }
    let action = Action::Accredit {
        did: did.clone(),
        credential_type: credential_type.clone(),
        issuer_name: issuer_name.clone(),
        valid_from: proven.time(),
        valid_until: None,
    };
    client.act(&Author::Governance, &action, &governance.signers()).await?;
    Ok(true)
}

/// Registers the purpose unless it is already, in these words and for these claims. Says whether it had to.
pub async fn ensure_purpose(
    client: &NodeClient,
    governance: &Governance,
    draft: &PurposeDraft,
) -> Result<bool, SubmitError> {
    let key = RecordKey::Purpose(draft.did.clone(), draft.purpose.clone());
    let proven = client.proven_one(key).await?;
    if let Some(Record::Purpose(record)) = proven.record()
        && holds(&record.intervals, proven.time())
    {
        if says_the_same(record, draft) {
            return Ok(false);
        }
        let end = Action::WithdrawPurpose { did: draft.did.clone(), purpose: draft.purpose.clone() };
        client.act(&Author::Governance, &end, &governance.signers()).await?;
    }
    client.act(&Author::Governance, &Action::RegisterPurpose(draft.clone()), &governance.signers()).await?;
    Ok(true)
}

fn says_the_same(record: &PurposeRecord, draft: &PurposeDraft) -> bool {
    (&record.verifier_name, &record.purpose_name, record.legal_basis, &record.legal_text)
        == (&draft.verifier_name, &draft.purpose_name, draft.legal_basis, &draft.legal_text)
        && (&record.asks, record.retention_days) == (&draft.asks, draft.retention_days)
}

/// Whether a grant counts at this time; one that begins in the next block does too.
fn holds(intervals: &[Interval], at: UnixMillis) -> bool {
    intervals
        .iter()
        .any(|interval| interval.covers(at) || (interval.from > at && interval.withdrawn.is_none()))
}

/// Reads a purpose from a TOML or JSON file. `did` fills in where the file has none; `validFrom` may be left out.
pub fn read_purpose(path: &Path, did: Option<Did>) -> Done<PurposeDraft> {
    let todo = "write the purpose as TOML or JSON; `huizheng registry show verifier/…` shows the fields";
    let at = |error: &dyn std::fmt::Display| Fault::new(format!("{}: {error}", path.display()), todo);
    let text = std::fs::read_to_string(path).map_err(|error| at(&error))?;
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let value = if is_json {
        serde_json::from_str(&text).map_err(|error| at(&error))?
    } else {
        toml::from_str(&text).map_err(|error| at(&error))?
    };
    purpose(value, did).map_err(|error| at(&error))
}

/// A purpose as a file has it.
pub(crate) fn purpose(value: serde_json::Value, did: Option<Did>) -> Result<PurposeDraft, serde_json::Error> {
    let mut value = value;
    if let Some(fields) = value.as_object_mut() {
        if let Some(did) = did {
            fields.entry("did").or_insert_with(|| did.to_string().into());
        }
        fields.entry("validFrom").or_insert_with(|| service::clock::now().to_string().into());
    }
    PurposeDraft::deserialize(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use registry::Hash32;
    use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document};

    const TOML: &str = r#"
        purpose = "open-account"
        legalBasis = "consent"
        retentionDays = 30
        verifierName = { zh = "政务服务中心", en = "Service centre" }
        purposeName = { zh = "开户", en = "Open an account" }
        legalText = { zh = "本人同意", en = "Your consent" }
        asks = [{ credentialType = "business-licence", claims = ["name", "creditCode"] }]
    "#;

    #[test]
    fn a_purpose_reads_from_toml_and_json_alike() {
        let dir = tempfile::tempdir().expect("dir");
        let key = SoftwareSigner::from_seed(&[7; 32]).expect("a key");
        let document = organisation_document(&key.public_key(), &[], vec![]);
        let plan = DidPlan { document, salt: [0; 16], recovery_commitment: Hash32::ZERO };
        let did = plan.did(&Slug::new("anhui").expect("a name"));
        let as_toml = dir.path().join("p.toml");
        std::fs::write(&as_toml, TOML).expect("written");
        let from_toml = read_purpose(&as_toml, Some(did.clone())).expect("reads");
        let as_json = dir.path().join("p.json");
        std::fs::write(&as_json, serde_json::to_vec(&from_toml).expect("json")).expect("written");
        assert_eq!(read_purpose(&as_json, None).expect("reads"), from_toml);
        assert_eq!(from_toml.did, did);
        read_purpose(&as_toml, None).expect_err("nobody says whose it is");
    }
}
