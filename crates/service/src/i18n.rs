//! Texts in two languages: one TOML catalogue a language, embedded by each crate, compared by a test.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

use crate::lang::Lang;

/// The texts of one crate. Keys are dotted (`apply.title`); a text may hold `{name}` places.
#[derive(Debug, Clone, Default)]
pub struct Strings {
    zh: BTreeMap<String, String>,
    en: BTreeMap<String, String>,
}

/// [`Strings`] in one language: what pages carry around.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'s> {
    strings: &'s Strings,
    lang: Lang,
}

impl Strings {
    /// Reads the two embedded catalogues. One that can't be read counts as empty, so that pages show keys instead of
    /// failing; [`Strings::faults`] names that in a test.
    pub fn embedded(zh: &str, en: &str) -> Self {
        Self { zh: read(zh), en: read(en) }
    }

    /// The texts in this language.
    pub fn of(&self, lang: Lang) -> Texts<'_> {
        Texts { strings: self, lang }
    }

    /// What a test should find empty: keys in one language only, places that differ, catalogues that can't be read.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.zh.is_empty() || self.en.is_empty() {
            faults.push("a catalogue is empty or can't be read".to_owned());
        }
        for key in self.zh.keys().chain(self.en.keys()).collect::<BTreeSet<_>>() {
            match (self.zh.get(key), self.en.get(key)) {
                (Some(zh), Some(en)) if places(zh) != places(en) => {
                    faults.push(format!("{key}: the places {{…}} differ between zh and en"));
                }
                (Some(_), Some(_)) => {}
                (None, _) => faults.push(format!("{key}: missing in zh")),
                (_, None) => faults.push(format!("{key}: missing in en")),
            }
        }
        faults
    }

    /// Keys that the Rust sources under `dir` name and no catalogue has: every literal in `t.get("…")` and
    /// `t.with("…"`, whatever the variable is called. For a test: `used_but_missing(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))`.
    pub fn used_but_missing(&self, dir: impl AsRef<Path>) -> Vec<String> {
        let mut sources = Vec::new();
        collect_sources(dir.as_ref(), &mut sources);
        let keys = sources.iter().flat_map(|source| literals(source)).collect::<BTreeSet<_>>();
        keys.into_iter().filter(|key| !self.zh.contains_key(*key)).map(str::to_owned).collect()
    }
}

impl<'s> Texts<'s> {
    /// The language.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// A text; the key itself if there is none.
    pub fn get<'k: 's>(&self, key: &'k str) -> &'s str {
        self.find(key).unwrap_or(key)
    }

    /// A text, if there is one.
    pub fn find(&self, key: &str) -> Option<&'s str> {
        let texts = match self.lang {
            Lang::Zh => &self.strings.zh,
            Lang::En => &self.strings.en,
        };
        texts.get(key).map(String::as_str)
    }

    /// A text with its `{name}` places filled. What is put in is never read as a place itself.
    pub fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut rest = self.find(key).unwrap_or(key);
        let mut out = String::with_capacity(rest.len() + 32);
        while let Some((before, name, after)) = next_place(rest) {
            out.push_str(before);
            match values.iter().find(|(key, _)| *key == name) {
                Some((_, value)) => out.push_str(value),
                None => out.push_str(&format!("{{{name}}}")),
            }
            rest = after;
        }
        out + rest
    }
}

fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

fn places(mut text: &str) -> BTreeSet<&str> {
    let mut places = BTreeSet::new();
    while let Some((_, name, rest)) = next_place(text) {
        places.insert(name);
        text = rest;
    }
    places
}

fn read(text: &str) -> BTreeMap<String, String> {
    let mut flat = BTreeMap::new();
    match text.parse::<Table>() {
        Ok(table) => flatten("", table, &mut flat),
        Err(error) => tracing::error!(%error, "a catalogue of texts can't be read"),
    }
    flat
}

fn flatten(prefix: &str, table: Table, flat: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(inner) => flatten(&key, inner, flat),
            Value::String(text) => drop(flat.insert(key, text)),
            other => drop(flat.insert(key, other.to_string())),
        }
    }
}

fn collect_sources(dir: &Path, sources: &mut Vec<Cow<'static, str>>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.extend(std::fs::read_to_string(&path).ok().map(Cow::Owned));
        }
    }
}

fn literals(source: &str) -> impl Iterator<Item = &str> {
    ["t.get(\"", "t.with(\"", "t.with(\n"].into_iter().flat_map(move |call| {
        source
            .split(call)
            .skip(1)
            .filter_map(|rest| rest.trim_start().trim_start_matches('"').split('"').next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_once_and_never_again() {
        let strings = Strings::embedded("hello = '你好，{name}（{n}）'", "hello = 'Hello {name} ({n})'");
        let t = strings.of(Lang::Zh);
        assert_eq!(t.with("hello", &[("name", "{n}"), ("n", "3")]), "你好，{n}（3）");
        assert_eq!(strings.of(Lang::En).with("hello", &[("name", "Li")]), "Hello Li ({n})");
        assert_eq!(t.get("nothing.here"), "nothing.here");
    }

    #[test]
    fn faults_name_missing_keys_and_differing_places() {
        let strings = Strings::embedded("a = '1'\nb = '{x}'", "b = '{y}'\nc = '2'");
        assert_eq!(
            strings.faults(),
            ["a: missing in en", "b: the places {…} differ between zh and en", "c: missing in zh"]
        );
        assert!(!Strings::embedded("= broken", "a = '1'").faults().is_empty());
    }
}
