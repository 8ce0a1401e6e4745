//! The settings files that services print as examples.

/// An example with every setting that is commented out put in: lines `# name = …`, and tables that have nothing else on their line.
#[must_use]
pub fn every_setting(example: &str) -> String {
    let setting = |line: &str| {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let name = bare.split(" = ").next().unwrap_or_default();
        let is_setting =
            bare.contains(" = ") && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
        let is_table = bare.starts_with('[') && bare.ends_with(']');
        if is_setting || is_table { bare.to_owned() } else { line.to_owned() }
    };
    example.lines().map(|line| setting(line) + "\n").collect()
}
