//! Why a stack doesn't start.

use std::path::PathBuf;

/// What kept a stack from starting; each says where to look.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The list of organisations that is built in can't be read.
    #[error("the organisations of the demo can't be read: {0}")]
    Seed(#[from] toml::de::Error),
    /// A file or folder of the data folder.
    #[error("{}: {reason}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// Another stack uses this data folder.
    #[error("{} is in use by another huizheng", .0.display())]
    InUse(PathBuf),
    /// The chain's key.
    #[error("the chain's key: {0}")]
    Key(#[from] chain::keys::KeyFileError),
    /// The governing departments' keys.
    #[error("the governing departments' keys: {0}")]
    Governance(#[from] crate::govern::GovernanceError),
    /// The chain's validator is none.
    #[error("the chain's validator: {0}")]
    Validators(#[from] registry::ValidatorSetError),
    /// The chain.
    #[error("the chain: {0}")]
    Chain(#[from] chain::solo::OpenError),
    /// One of the chain's validators.
    #[error("a validator: {0}")]
    Network(#[from] chain::network::NetworkError),
    /// The process of a validator.
    #[error("a validator: {0}")]
    Process(crate::fault::Fault),
    /// The validators decide nothing together.
    #[error("the validators decide nothing together")]
    NoBlock,
    /// The data folder has a chain with another number of validators.
    #[error("the data folder has a chain of {found}")]
    OtherEngine {
        /// What it has.
        found: &'static str,
    },
    /// A port.
    #[error(transparent)]
    Bind(#[from] service::server::BindError),
    /// An issuer.
    #[error("issuer {id}: {reason}")]
    Issuer {
        /// Its short name.
        id: String,
        /// Why.
        #[source]
        reason: Box<issuer::StartError>,
    },
    /// The counter.
    #[error("counter: {0}")]
    Verifier(#[from] Box<verifier::StartError>),
    /// The phone.
    #[error("phone: {0}")]
    Phone(#[from] crate::phone::PhoneError),
    /// Governance's transactions.
    #[error("governance: {0}")]
    Submit(#[from] service::node::SubmitError),
    /// An address that is none.
    #[error("an address can't be read: {0}")]
    Address(#[from] url::ParseError),
}

impl StackError {
    /// What a person can do about it.
    pub fn todo(&self) -> &'static str {
        match self {
            Self::Bind(_) => {
                "stop the other program, or choose other ports with --port-base (0 takes any free ones)"
            }
            Self::OtherEngine { .. } => "run it as before, or name another folder with --data",
            Self::InUse(_) => "stop it, or name another folder with --data",
            Self::Folder { .. } | Self::Key(_) | Self::Governance(_) => {
                "check the data folder's rights, or name another with --data"
            }
            Self::Seed(_) | Self::Validators(_) | Self::Address(_) => "this build is broken; report it",
            Self::Chain(_)
            | Self::Network(_)
            | Self::Process(_)
            | Self::NoBlock
            | Self::Issuer { .. }
            | Self::Verifier(_)
            | Self::Phone(_)
            | Self::Submit(_) => "the data folder is as it was; run again with --log info to see more",
        }
    }
}
