//! Configuration: a TOML file, then the environment over it, into one checked struct before anything starts.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// Why the configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{}: can't be read ({reason})", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::ErrorKind,
    },
    /// The file is not TOML.
    #[error("{}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and what.
        reason: String,
    },
    /// A setting is missing, unknown or of the wrong type.
    #[error("{reason}")]
    Shape {
        /// Which, and what was expected.
        reason: String,
    },
    /// An environment variable names a setting inside something that isn't a table.
    #[error("{variable} sets a value inside one that is not a table")]
    Environment {
        /// The variable.
        variable: String,
    },
}

/// Loads `T` from the file (if given) and from variables that begin with `prefix` and `_`.
///
/// `PREFIX_A__B=3` sets `a.b`: names are lower-cased, `__` goes into a table. A value that reads as a TOML boolean,
/// number or array is one; anything else is text.
pub fn load<T: DeserializeOwned>(
    file: Option<&Path>,
    prefix: &str,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<T, ConfigError> {
    let mut table = file.map(read).transpose()?.unwrap_or_default();
    let prefix = format!("{prefix}_");
    for (variable, value) in environment {
        if let Some(name) = variable.strip_prefix(&prefix) {
            set(&mut table, &name.to_lowercase(), &value)
                .ok_or(ConfigError::Environment { variable: variable.clone() })?;
        }
    }
    T::deserialize(table).map_err(|error| ConfigError::Shape { reason: error.to_string() })
}

fn read(path: &Path) -> Result<Table, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), reason: error.kind() })?;
    text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

fn set(table: &mut Table, name: &str, value: &str) -> Option<()> {
    match name.split_once("__") {
        Some((head, rest)) => {
            let inner = table.entry(head).or_insert_with(|| Value::Table(Table::new()));
            set(inner.as_table_mut()?, rest, value)
        }
        None => {
            table.insert(name.to_owned(), scalar(value));
            Some(())
        }
    }
}

fn scalar(text: &str) -> Value {
    let read = format!("v = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("v"));
    match read {
        Some(value @ (Value::Boolean(_) | Value::Integer(_) | Value::Float(_) | Value::Array(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize, PartialEq)]
    struct Inner {
        port: u16,
        name: String,
    }
    #[derive(Debug, serde::Deserialize, PartialEq)]
    struct Outer {
        server: Inner,
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let dir = tempfile::tempdir().expect("dir");
        let file = dir.path().join("c.toml");
        std::fs::write(&file, "[server]\nport = 1\nname = 'a'\n").expect("write");
        let variables = [("HZ_SERVER__PORT".to_owned(), "7100".to_owned()), ("OTHER".into(), "x".into())];
        let got: Outer = load(Some(&file), "HZ", variables).expect("loads");
        assert_eq!(got, Outer { server: Inner { port: 7100, name: "a".into() } });
    }

    #[test]
    fn text_that_looks_like_nothing_stays_text() {
        let variables = [
            ("HZ_SERVER__PORT".to_owned(), "80".to_owned()),
            ("HZ_SERVER__NAME".into(), "http://[::1]:80/ = x".into()),
        ];
        let got: Outer = load(None, "HZ", variables).expect("loads");
        assert_eq!(got.server.name, "http://[::1]:80/ = x");
    }

    #[test]
    fn a_missing_setting_is_named() {
        let error = load::<Outer>(None, "HZ", []).expect_err("nothing set");
        assert!(error.to_string().contains("server"), "{error}");
    }
}
