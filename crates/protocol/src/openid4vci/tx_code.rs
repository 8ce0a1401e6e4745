//! Transaction codes: what the holder types so that a stolen offer is worth nothing (§4.1.1).

use rand_core::RngCore;
use serde::{Deserialize, Serialize};

use crate::Secret;

/// What a wallet needs to ask for the transaction code.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TxCodeRules {
    /// Digits only, or any text.
    #[serde(default, skip_serializing_if = "InputMode::is_default")]
    pub input_mode: InputMode,
    /// How many characters it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// Where the holder finds it, at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What a transaction code consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputMode {
    /// Digits.
    #[default]
    Numeric,
    /// Any characters.
    Text,
}

impl InputMode {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
    fn is_default(&self) -> bool {
        *self == Self::Numeric
    }
}

impl TxCodeRules {
    /// `length` digits, found where `description` says.
    pub fn digits(length: u32, description: &str) -> Self {
        Self {
            input_mode: InputMode::Numeric,
            length: Some(length),
            description: Some(description.chars().take(MAX_DESCRIPTION).collect()),
        }
    }

    /// Could a code typed by the holder be right? To tell the holder before an attempt is spent.
    pub fn fits(&self, code: &str) -> bool {
        let count = code.chars().count();
        let length = self.length.map_or(count > 0, |length| u32::try_from(count) == Ok(length));
        length && (self.input_mode == InputMode::Text || code.bytes().all(|b| b.is_ascii_digit()))
    }

    pub(super) fn are_sound(&self) -> bool {
        self.length.is_none_or(|length| (1..=MAX_LENGTH).contains(&length))
            && self.description.as_ref().is_none_or(|text| text.chars().count() <= MAX_DESCRIPTION)
    }
}

const MAX_DESCRIPTION: usize = 300;
const MAX_LENGTH: u32 = 64;

/// A transaction code of `length` random digits, each as likely as the other.
pub fn generate_tx_code(rng: &mut impl RngCore, length: u32) -> Secret {
    let mut code = String::new();
    while code.len() < length.min(MAX_LENGTH) as usize {
        // 250 is the largest multiple of ten in a byte: above it digits would not be equally likely.
        let mut byte = [0u8; 1];
        rng.fill_bytes(&mut byte);
        if byte[0] < 250 {
            code.push(char::from(b'0' + byte[0] % 10));
        }
    }
    Secret::new(code)
}
