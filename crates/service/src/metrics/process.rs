//! What the process takes of the machine.

/// Memory that is in RAM, where the system says so (Linux: the second number of `/proc/self/statm`, in pages).
pub(super) fn resident_bytes() -> Option<usize> {
    const PAGE: usize = 4096;
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    text.split_whitespace().nth(1)?.parse::<usize>().ok()?.checked_mul(PAGE)
}
