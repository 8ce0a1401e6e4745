//! A book in a contract (`contracts/Notary.sol`) on any chain that runs EVM bytecode: Besu, FISCO BCOS, Ethereum.

use std::time::Duration;

use alloy::network::EthereumWallet;
use alloy::primitives::{Address, B256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::TransactionReceipt;
use alloy::signers::local::PrivateKeySigner;
use alloy::transports::{RpcError, TransportErrorKind};
use async_trait::async_trait;
use registry::Hash32;
use zeroize::Zeroizing;

use super::{Entry, Mark, Notary, NotaryError};

mod abi {
    alloy::sol!(
        #[sol(rpc)]
        Contract,
        "contracts/Notary.json"
    );
}
use abi::Contract::{ContractErrors, ContractInstance, NotAscending};

/// The key of an account over there. Its `Debug` shows the address alone.
#[derive(Clone)]
pub struct AccountKey(PrivateKeySigner);

impl AccountKey {
    /// From 64 hexadecimal characters, with or without `0x`; `None` when they are no key.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        let text = text.trim();
        hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), bytes.as_mut()).ok()?;
        PrivateKeySigner::from_slice(bytes.as_ref()).ok().map(Self)
    }

    /// The account's address, `0x` and 40 hexadecimal characters.
    #[must_use]
    pub fn address(&self) -> String {
        self.0.address().to_checksum(None)
    }
}

impl std::fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AccountKey").field(&self.0.address()).finish()
    }
}

/// Why a book can't be named like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// The JSON-RPC address is not an HTTP URL.
    #[error("the JSON-RPC address is no http or https URL")]
    Url,
    /// An address is not 0x and 40 hexadecimal characters.
    #[error("{0} is no address: 0x and 40 hexadecimal characters")]
    Address(String),
}

/// One account's book in one contract.
pub struct EvmNotary {
    contract: ContractInstance<DynProvider>,
    owner: Address,
    writes: bool,
}

impl std::fmt::Debug for EvmNotary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (contract, owner) = (self.contract.address(), &self.owner);
        f.debug_struct("EvmNotary").field("contract", contract).field("owner", owner).finish_non_exhaustive()
    }
}

impl EvmNotary {
    /// The book of `owner`, to be read.
    ///
    /// # Errors
    /// [`BookError`].
    pub fn reader(rpc: &str, contract: &str, owner: &str) -> Result<Self, BookError> {
        let provider = ProviderBuilder::new().connect_reqwest(client(), url(rpc)?).erased();
        let contract = ContractInstance::new(address(contract)?, provider);
        Ok(Self { contract, owner: address(owner)?, writes: false })
    }

    /// The book of the account whose key this is, to be read and written.
    ///
    /// # Errors
    /// [`BookError`].
    pub fn writer(rpc: &str, contract: &str, key: &AccountKey) -> Result<Self, BookError> {
        let contract = ContractInstance::new(address(contract)?, signing(rpc, key)?);
        Ok(Self { contract, owner: key.0.address(), writes: true })
    }

    /// Puts a new contract on the chain, and answers its address.
    ///
    /// # Errors
    /// [`NotaryError`], also when `rpc` is no URL.
    pub async fn deploy(rpc: &str, key: &AccountKey) -> Result<String, NotaryError> {
        let provider = signing(rpc, key).map_err(|error| NotaryError::Unreachable(error.to_string()))?;
        let deployed = abi::Contract::deploy(provider).await.map_err(refused)?;
        Ok(deployed.address().to_checksum(None))
    }

    /// The account whose book it is.
    #[must_use]
    pub fn owner(&self) -> String {
        self.owner.to_checksum(None)
    }

    /// A call to an address without code answers with nothing, which reads as zero: look for the code first.
    async fn is_there(&self) -> Result<(), NotaryError> {
        let code = self.contract.provider().get_code_at(*self.contract.address()).await;
        if code.map_err(transport)?.is_empty() { Err(NotaryError::NoContract) } else { Ok(()) }
    }
}

#[async_trait]
impl Notary for EvmNotary {
    async fn write(&self, mark: &Mark) -> Result<Entry, NotaryError> {
        if !self.writes {
            return Err(NotaryError::ReadOnly);
        }
        self.is_there().await?;
        let call =
            self.contract.notarise(B256::from(mark.chain_id.0), mark.height, B256::from(mark.block_id.0));
        let receipt: TransactionReceipt = call
            .send()
            .await
            .map_err(refused)?
            .get_receipt()
            .await
            .map_err(|error| NotaryError::Unreachable(error.to_string()))?;
        if !receipt.status() {
            return Err(NotaryError::Refused("the transaction was reverted".to_owned()));
        }
        let block = receipt.block_number.unwrap_or_default();
        Ok(Entry { transaction: receipt.transaction_hash.to_string(), block })
    }

    async fn read(&self, chain_id: &Hash32, height: u64) -> Result<Option<Hash32>, NotaryError> {
        self.is_there().await?;
        let noted = self.contract.blockAt(self.owner, B256::from(chain_id.0), height).call().await;
        let noted = noted.map_err(refused)?;
        Ok((!noted.is_zero()).then_some(Hash32(noted.0)))
    }

    async fn newest(&self, chain_id: &Hash32) -> Result<Option<u64>, NotaryError> {
        self.is_there().await?;
        let newest =
            self.contract.latest(self.owner, B256::from(chain_id.0)).call().await.map_err(refused)?;
        Ok((newest > 0).then_some(newest))
    }
}

fn signing(rpc: &str, key: &AccountKey) -> Result<DynProvider, BookError> {
    let wallet = EthereumWallet::from(key.0.clone());
    Ok(ProviderBuilder::new().wallet(wallet).connect_reqwest(client(), url(rpc)?).erased())
}

/// The services' own client: bounded in time, no redirects, one TLS provider.
fn client() -> alloy::transports::http::reqwest::Client {
    service::outbound::client(Duration::from_secs(10))
}

fn url(text: &str) -> Result<alloy::transports::http::reqwest::Url, BookError> {
    let url: alloy::transports::http::reqwest::Url = text.parse().map_err(|_| BookError::Url)?;
    if matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(BookError::Url) }
}

fn address(text: &str) -> Result<Address, BookError> {
    text.parse().map_err(|_| BookError::Address(text.chars().take(64).collect()))
}

fn transport(error: RpcError<TransportErrorKind>) -> NotaryError {
    match error {
        RpcError::ErrorResp(answer) => NotaryError::Refused(answer.message.to_string()),
        other => NotaryError::Unreachable(other.to_string()),
    }
}

fn refused(error: alloy::contract::Error) -> NotaryError {
    if let Some(ContractErrors::NotAscending(NotAscending { newest })) = error.as_decoded_interface_error() {
        return NotaryError::NotAscending { newest };
    }
    match error {
        alloy::contract::Error::TransportError(error) => transport(error),
        alloy::contract::Error::ZeroData(..) => NotaryError::NoContract,
        other => NotaryError::Refused(other.to_string()),
    }
}
