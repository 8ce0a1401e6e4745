//! Which changes a listener wants to hear of.

use registry::RecordKey;
use service::Problem;

use crate::node::malformed;

/// How many keys and prefixes a listener may name.
const MOST: usize = 64;

/// Keys and beginnings of keys; with neither, every block and every change.
#[derive(Debug, Default)]
pub(super) struct Filter {
    keys: Vec<RecordKey>,
    prefixes: Vec<String>,
}

impl Filter {
    /// Reads `key=…&prefix=…`, each as often as wanted. Anything else in the query is ignored.
    pub(super) fn parse(query: &str) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> = service::extract::form_from_slice(query.as_bytes())
            .map_err(|error| malformed("filter-malformed", error))?;
        let mut filter = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "key" => {
                    filter
                        .keys
                        .push(value.parse().map_err(|error| malformed("record-key-malformed", error))?);
                }
                "prefix" => filter.prefixes.push(value),
                _ => {}
            }
        }
        if filter.keys.len() + filter.prefixes.len() > MOST {
            let problem = Problem::bad_request("filter-size", "Name at most 64 keys and prefixes");
            return Err(problem.with("limit", MOST));
        }
        Ok(filter)
    }

    pub(super) fn wants_every_block(&self) -> bool {
        self.keys.is_empty() && self.prefixes.is_empty()
    }

    pub(super) fn wants(&self, key: &RecordKey) -> bool {
        let named = || {
            let text = key.to_string();
            self.prefixes.iter().any(|prefix| text.starts_with(prefix))
        };
        self.wants_every_block() || self.keys.contains(key) || named()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_prefixes_are_let_through_and_nothing_else() {
        let schema = |name: &str| -> RecordKey { format!("schema/{name}").parse().expect("a key") };
        let filter = Filter::parse("key=governance&prefix=schema/b&lang=en").expect("a filter");
        assert!(filter.wants(&RecordKey::Governance) && filter.wants(&schema("business")));
        assert!(!filter.wants(&schema("digital")) && !filter.wants_every_block());
        let all = Filter::parse("").expect("a filter");
        assert!(all.wants(&schema("digital")) && all.wants_every_block());
    }

    #[test]
    fn filters_refused_by_name() {
        let code = |query: &str| Filter::parse(query).expect_err("refused").code().to_owned();
        assert_eq!(code("key=nonsense"), "record-key-malformed");
        assert_eq!(code(&["prefix=a"; 65].join("&")), "filter-size");
    }
}
