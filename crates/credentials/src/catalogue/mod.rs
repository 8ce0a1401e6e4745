//! The types of credentials, as data: `catalogue/*.toml` at the project's top, built in.
//!
//! A type says which claims a credential has, how they are called in Chinese and English, how they are checked,
//! which of them the holder may hold back, and how the card looks.

mod check;
mod credit_code;
mod date;
mod desk;
mod from_mdoc;
mod id_number;
mod licence_identifier;
mod mdoc;
mod problem;
mod types;

pub use check::CheckedClaims;
pub use credit_code::CreditCode;
pub use date::Date;
pub use desk::{DeskRules, ReasonCode};
pub use id_number::{IdNumber, Sex};
pub use licence_identifier::LicenceIdentifier;
pub use mdoc::{Category, MdocElement, MdocForm, NotForMdoc, Source};
pub use problem::{ClaimError, Problem};
pub use types::{Agreement, Choice, Claim, Colours, CredentialType, Derived, Format, Kind, Part, Text};

use std::sync::OnceLock;

/// The bundled types, in the order in which portals show them, as `build.rs` writes them.
const BUNDLED: &str = include_str!(concat!(env!("OUT_DIR"), "/catalogue.json"));

/// Why a catalogue is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// The file is not what [`CredentialType`] asks for.
    #[error("a catalogue file is malformed: {0}")]
    Malformed(String),
    /// Two types have one id, `vct`, type name or document type.
    #[error("the catalogue has {0} twice")]
    Twice(String),
    /// A type contradicts itself.
    #[error("the catalogue's {credential_type}: {what}")]
    Inconsistent {
        /// The type's id.
        credential_type: String,
        /// What is wrong.
        what: String,
    },
}

/// All types of credentials.
#[derive(Debug, Clone)]
pub struct Catalogue {
    types: Vec<CredentialType>,
}

impl Catalogue {
    /// The types built in.
    ///
    /// # Errors
    /// [`CatalogueError`] only when the build itself is wrong, which this crate's tests notice.
    pub fn bundled() -> Result<&'static Self, CatalogueError> {
        static BUILT_IN: OnceLock<Result<Catalogue, CatalogueError>> = OnceLock::new();
        let read = || {
            let types = objects::from_slice(BUNDLED.as_bytes());
            Self::of(types.map_err(|error| CatalogueError::Malformed(error.to_string()))?)
        };
        BUILT_IN.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Reads types from the texts of catalogue files.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub fn parse(files: &[&str]) -> Result<Self, CatalogueError> {
        let read = |file: &&str| toml::from_str(file);
        let types = files.iter().map(read).collect::<Result<_, _>>();
        Self::of(types.map_err(|error| CatalogueError::Malformed(error.to_string()))?)
    }

    fn of(read: Vec<CredentialType>) -> Result<Self, CatalogueError> {
        let mut types: Vec<CredentialType> = Vec::with_capacity(read.len());
        for read in read {
            read.check_consistency()?;
            let same = |t: &CredentialType| {
                let doc_type = t.doc_type().is_some() && t.doc_type() == read.doc_type();
                t.id == read.id || t.vct == read.vct || t.vc_type == read.vc_type || doc_type
            };
            if types.iter().any(same) {
                return Err(CatalogueError::Twice(read.id));
            }
            types.push(read);
        }
        Ok(Self { types })
    }

    /// All types, in order.
    #[must_use]
    pub fn types(&self) -> &[CredentialType] {
        &self.types
    }

    /// The type with this id (`business-licence`).
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&CredentialType> {
        self.types.iter().find(|t| t.id == id)
    }

    /// The type with this SD-JWT VC `vct`.
    #[must_use]
    pub fn by_vct(&self, vct: &str) -> Option<&CredentialType> {
        self.types.iter().find(|t| t.vct == vct)
    }

    /// The type with this document type as an mdoc.
    #[must_use]
    pub fn by_doc_type(&self, doc_type: &str) -> Option<&CredentialType> {
        self.types.iter().find(|t| t.doc_type() == Some(doc_type))
    }

    /// The type whose VCDM type name is among these.
    #[must_use]
    pub fn by_vc_types(&self, types: &[String]) -> Option<&CredentialType> {
        self.types.iter().find(|t| types.contains(&t.vc_type))
    }
}
