//! Resolving DIDs (DID Resolution 1.0, HTTP(S) binding).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use registry::api::DID_RESOLUTION;
use registry::{
    Did, DidRecord, Record, RecordBytesError, RecordKey, ResolutionError, ResolutionResult, UnixMillis,
    did_document_json,
};
use serde::Deserialize;
use service::Problem;
use service::extract::{Path, Query};

use crate::ledger::{Ledger, Tip};

/// Resolution options (section 4.2).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Options {
    version_id: Option<String>,
    version_time: Option<String>,
}

/// `GET /v1/identifiers/{did}`: a resolution result, or the document alone when `application/did` is asked for.
pub(super) async fn resolve(
    State(ledger): State<Arc<dyn Ledger>>,
    Path(did): Path<String>,
    Query(options): Query<Options>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tip = ledger.tip();
    let found = match wanted(&did, &options) {
        Ok((did, wanted)) => {
            find(&tip, &did, &wanted).map_err(Problem::internal)?.ok_or(ResolutionError::NotFound)
        }
        Err(error) => Err(error),
    };
    let kind = [(header::CONTENT_TYPE, DID_RESOLUTION)];
    let record = match found {
        Ok(record) => record,
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::NOT_FOUND);
            let result = serde_json::to_vec(&ResolutionResult::failed(error)).map_err(Problem::internal)?;
            return Ok((status, kind, result).into_response());
        }
    };
    // Section 12.1: a deactivated DID is answered, and with 410.
    let status = if record.deactivated.is_some() { StatusCode::GONE } else { StatusCode::OK };
    if wants_document(&headers) {
        let document = serde_json::to_vec(&did_document_json(&record)).map_err(Problem::internal)?;
        return Ok((status, [(header::CONTENT_TYPE, "application/did")], document).into_response());
    }
    let result = serde_json::to_vec(&ResolutionResult::found(&record)).map_err(Problem::internal)?;
    Ok((status, kind, result).into_response())
}

enum Wanted {
    Current,
    Version(u32),
    At(UnixMillis),
}

fn wanted(did: &str, options: &Options) -> Result<(Did, Wanted), ResolutionError> {
    let did = did.parse().map_err(|_| ResolutionError::InvalidDid)?;
    let wanted = match (&options.version_id, &options.version_time) {
        (None, None) => Wanted::Current,
        (Some(version), None) => Wanted::Version(version.parse().map_err(|_| ResolutionError::InvalidDid)?),
        (None, Some(time)) => Wanted::At(time.parse().map_err(|_| ResolutionError::InvalidDid)?),
        (Some(_), Some(_)) => return Err(ResolutionError::InvalidDid),
    };
    Ok((did, wanted))
}

fn find(tip: &Tip, did: &Did, wanted: &Wanted) -> Result<Option<DidRecord>, RecordBytesError> {
    let Some(current) = did_at(tip, &RecordKey::Did(did.clone()))? else { return Ok(None) };
    let past = |version| did_at(tip, &RecordKey::DidVersion(did.clone(), version));
    match wanted {
        Wanted::Current => Ok(Some(current)),
        Wanted::Version(version) if *version == current.version => Ok(Some(current)),
        Wanted::Version(version) => past(*version),
        Wanted::At(time) if *time >= current.from => Ok(Some(current)),
        Wanted::At(time) => {
            // Versions are numbered from 1 in order of time: the last that began by then.
            let (mut low, mut high) = (1, current.version);
            let mut found = None;
            while low < high {
                let middle = low + (high - low) / 2;
                match past(middle)? {
                    Some(record) if record.from <= *time => {
                        low = middle + 1;
                        found = Some(record);
                    }
                    _ => high = middle,
                }
            }
            Ok(found)
        }
    }
}

fn did_at(tip: &Tip, key: &RecordKey) -> Result<Option<DidRecord>, RecordBytesError> {
    match tip.state.record(key)? {
        None => Ok(None),
        Some(Record::Did(record)) => Ok(Some(record)),
        Some(_) => Err(RecordBytesError),
    }
}

fn wants_document(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut kinds = accept.split(',').filter_map(|part| part.split(';').next()).map(str::trim);
    kinds.any(|kind| matches!(kind, "application/did" | "application/did+json" | "application/did+ld+json"))
}
