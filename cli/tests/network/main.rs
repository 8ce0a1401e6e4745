//! Four validators, each a process of the built program, and what real machines do to them. After each fault: the same
//! tip and state root on all, and whatever was acknowledged is there, once, where it was said to be.
//!
//! What needs root (a cut network, a full disk) or a tool (libfaketime, strace) says so and is left out where there is none.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that fails, fails")]

mod cables;
mod clocks;
mod cuts;
mod disks;
mod kills;
mod load;
mod machine;
mod processes;
mod up;
