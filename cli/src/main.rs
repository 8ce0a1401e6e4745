//! The command huizheng.
fn main() {}
