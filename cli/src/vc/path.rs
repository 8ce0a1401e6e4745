//! Paths of claims as the W3C's test suite writes them.

use credentials::ClaimPath;
use credentials::claim::Step;
use serde_json::Value;

use super::Unsuccessful;

/// A JSON list of paths: texts such as `a.b[0]`, or lists such as `["a", "b", 0]` for names with dots.
pub(super) fn paths(option: &str, text: &str) -> Result<Vec<ClaimPath>, Unsuccessful> {
    let wrong = || Unsuccessful::Unreadable(format!(r#"{option} is a JSON list such as ["a.b", "c[0]"]"#));
    let list: Vec<Value> = serde_json::from_str(text).map_err(|_| wrong())?;
    let read = |value: Value| match &value {
        Value::String(text) => path(text).ok_or_else(wrong),
        _ => serde_json::from_value(value).map_err(|_| wrong()),
    };
    list.into_iter().map(read).collect()
}

fn path(text: &str) -> Option<ClaimPath> {
    let mut steps = Vec::new();
    for part in text.split('.') {
        let (name, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
        if name.is_empty() {
            return None;
        }
        steps.push(Step::Member(name.to_owned()));
        while let Some(inside) = rest.strip_prefix('[') {
            let (number, after) = inside.split_once(']')?;
            steps.push(if number.is_empty() { Step::Every(()) } else { Step::Element(number.parse().ok()?) });
            rest = after;
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(ClaimPath(steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_lists() {
        let shown = |text: &str| {
            let paths = paths("--sd", text).ok()?;
            Some(paths.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let read = shown(r#"["a.b[0][1].c", "l[]", ["x.y", 2]]"#);
        assert_eq!(read, Some(vec!["a.b[0][1].c".to_owned(), "l[]".to_owned(), "x.y[2]".to_owned()]));
        for wrong in ["", "{}", "[1]", r#"["a..b"]"#, r#"["a[x]"]"#, r#"["a[0"]"#, r#"["a[0]b"]"#, r#"[""]"#]
        {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }
}
