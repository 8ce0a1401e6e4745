//! Sending transactions: the same bytes until the chain says what became of them.

use std::time::Duration;

use registry::api::{self, SubmitResponse};
use registry::build::TxSigner;
use registry::{Action, Author, Transaction};

use super::{NodeClient, NodeError, SubmitError, send};

/// How often the same bytes are sent before giving up.
const ATTEMPTS: u32 = 4;
/// How often a nonce is read again when another transaction of the same author was first.
const NONCE_ATTEMPTS: u32 = 8;

impl NodeClient {
    /// Submits a signed transaction and waits until it is final. When no answer comes, the same bytes are sent again;
    /// the chain takes them once.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit(&self, transaction: &Transaction) -> Result<SubmitResponse, SubmitError> {
        let bytes = transaction.to_bytes();
        let mut last = SubmitError::Busy;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            }
            match self.submit_once(bytes.clone()).await {
                Ok(done) => {
                    self.inner.link.standing.submitted(done.height);
                    return Ok(done);
                }
                Err(error @ (SubmitError::Busy | SubmitError::Unknown)) => last = error,
                done => return done,
            }
        }
        Err(last)
    }

    /// Signs `action` with the author's next nonce and submits it. When another transaction of the same author took the
    /// nonce first, signs again with the next one.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn act(
        &self,
        author: &Author,
        action: &Action,
        signers: &[&(dyn TxSigner + Send + Sync)],
    ) -> Result<SubmitResponse, SubmitError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let nonce = self.next_nonce(author).await?;
            let chain_id = self.anchor().chain_id;
            let mut transaction = Transaction::unsigned(chain_id, author.clone(), nonce, action.clone());
            for signer in signers {
                transaction = transaction.signed_by(*signer)?;
            }
            match self.submit(&transaction).await {
                Err(SubmitError::Rejected { code, .. }) if taken(&code) && attempt < NONCE_ATTEMPTS => {}
                done => return done,
            }
        }
    }

    async fn submit_once(&self, bytes: Vec<u8>) -> Result<SubmitResponse, SubmitError> {
        let link = &self.inner.link;
        let (asked, url) = (link.place(), link.url());
        let request = link
            .http
            .post(format!("{url}{}", api::TRANSACTIONS))
            .header(http::header::CONTENT_TYPE, api::OCTETS)
            .body(bytes);
        match send(request, url).await {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| SubmitError::Unknown),
            Err(NodeError::Refused { problem }) => match (problem.code(), problem.known.clone()) {
                (api::TRANSACTION_KNOWN, Some(known)) => Ok(known),
                // Nothing was taken, nor will be: the detail says who takes transactions.
                (api::FOLLOWS_ONLY, _) => Err(SubmitError::Rejected {
                    code: api::FOLLOWS_ONLY.to_owned(),
                    detail: problem.detail.clone(),
                }),
                (api::BUSY | api::STOPPED, _) => Err(SubmitError::Busy),
                _ if problem.status >= 500 => Err(SubmitError::Unknown),
                (code, _) => {
                    Err(SubmitError::Rejected { code: code.to_owned(), detail: problem.detail.clone() })
                }
            },
            // The next try goes to another node, if there is one: the chain takes the same bytes once.
            Err(error @ NodeError::Unreachable { .. }) => {
                link.turn_from(asked, &error);
                Err(SubmitError::Unknown)
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn taken(code: &str) -> bool {
    matches!(code, "nonce-used" | "nonce-ahead")
}
