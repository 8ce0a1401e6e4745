//! Ports for servers that stop and start again, or that other processes bind.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below where Linux takes the ports of outgoing connections from (32768 by default): while a server is down, or before its process has
/// bound it, no connection of anybody's is given its port.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// The first of so many free ports in a row. No two calls of a process get the same, until the range has been gone through.
///
/// # Panics
/// When none are free.
#[must_use]
#[expect(clippy::expect_used, clippy::panic, reason = "a test that finds no port says so and stops")]
pub fn free_ports(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let (size, of_this_process) = (RANGE.end - RANGE.start - count, std::process::id() % 1_000 * 12);
    let begin = u16::try_from(of_this_process).expect("below 12,000");
    for _ in 0..1_000 {
        let first = RANGE.start + begin.wrapping_add(NEXT.fetch_add(count, Ordering::Relaxed)) % size;
        if (0..count).all(|n| TcpListener::bind(("127.0.0.1", first + n)).is_ok()) {
            return first;
        }
    }
    panic!("no {count} ports in a row are free between {} and {}", RANGE.start, RANGE.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_apart_and_not_those_of_outgoing_connections() {
        let (one, two) = (free_ports(3), free_ports(3));
        assert!(one.abs_diff(two) >= 3);
        assert!(RANGE.contains(&one) && RANGE.contains(&(two + 2)));
        let taken = TcpListener::bind(("127.0.0.1", free_ports(1))).expect("it is free");
        assert_ne!(free_ports(1), taken.local_addr().expect("bound").port());
    }
}
