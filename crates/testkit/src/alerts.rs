//! The alert rules of docs/alerts.yml, held against what a service measures and what its manual says.

/// The rules of one service.
#[derive(Clone, Copy, Debug)]
pub struct Alerts<'a>(&'a str);

impl<'a> Alerts<'a> {
    /// Those of this group.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn of(rules: &'a str, group: &str) -> Self {
        let start = format!("- name: {group}\n");
        let rest = rules.split_once(&start).map(|(_, rest)| rest);
        assert!(rest.is_some(), "no group {group}");
        Self(rest.and_then(|rest| rest.split("- name: ").next()).unwrap_or_default())
    }

    /// The names of the alerts.
    pub fn names(self) -> impl Iterator<Item = &'a str> {
        self.0.lines().filter_map(|line| line.trim().strip_prefix("- alert: "))
    }

    /// What is wrong: a metric that is not measured, a label that it does not have, an alert that the manual does not explain. The
    /// monitoring's own labels are not looked for.
    #[must_use]
    pub fn faults(self, measured: &str, manual: &str) -> Vec<String> {
        let mut faults: Vec<String> = self
            .names()
            .filter(|alert| !manual.contains(&format!("| `{alert}` |")))
            .map(|alert| format!("the manual says nothing of {alert}"))
            .collect();
        for (at, _) in self.0.match_indices("huizheng_") {
            let rest = &self.0[at..];
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let name = rest.split(|c| !is_name(c)).next().unwrap_or_default();
            let series: Vec<&str> = measured
                .lines()
                .filter_map(|line| line.strip_prefix(name))
                .filter(|rest| rest.starts_with(['{', ' ']))
                .collect();
            if series.is_empty() {
                faults.push(format!("{name} is not measured"));
            }
            let selectors = rest[name.len()..].strip_prefix('{').and_then(|rest| rest.split('}').next());
            for label in selectors.into_iter().flat_map(|text| text.split(',')) {
                let label = label.split(['=', '!']).next().unwrap_or_default();
                let is_there = series.iter().any(|one| one.contains(&format!("{label}=\"")));
                if !is_there && !matches!(label, "job" | "instance") {
                    faults.push(format!("{name} has no label {label}"));
                }
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "groups:\n  - name: one\n    rules:\n      - alert: A\n        expr: rate(huizheng_a_total{x=\"1\",job=\"j\"}[5m]) > 1\n  \
                         - name: two\n    rules:\n      - alert: B\n        expr: huizheng_b > 2\n";

    #[test]
    fn what_is_not_measured_not_labelled_or_not_explained_is_named() {
        let one = Alerts::of(RULES, "one");
        assert_eq!(one.names().collect::<Vec<_>>(), ["A"]);
        assert_eq!(one.faults("huizheng_a_total{x=\"2\"} 1", "| `A` | …"), Vec::<String>::new());
        assert_eq!(one.faults("huizheng_a_total{y=\"2\"} 1", "| `A` |"), ["huizheng_a_total has no label x"]);
        assert_eq!(one.faults("huizheng_a_total{x=\"2\"} 1", ""), ["the manual says nothing of A"]);
        let two = Alerts::of(RULES, "two").faults("huizheng_bb 1", "| `B` |");
        assert_eq!(two, ["huizheng_b is not measured"]);
    }
}
