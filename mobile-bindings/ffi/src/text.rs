//! Words in both languages.

/// The same words in Chinese and in English.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LocalText {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl From<wallet_core::LocalText> for LocalText {
    fn from(wallet_core::LocalText { zh, en }: wallet_core::LocalText) -> Self {
        Self { zh, en }
    }
}

impl From<wallet_core::Words> for LocalText {
    fn from(wallet_core::Words { zh, en }: wallet_core::Words) -> Self {
        Self { zh, en }
    }
}

/// Each of a list, as the bindings have it.
pub(crate) fn each<T, U: From<T>>(list: Vec<T>) -> Vec<U> {
    list.into_iter().map(U::from).collect()
}
