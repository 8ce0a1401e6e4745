//! Each validator in a network namespace of its own, as on a machine of its own: one cable to the switch that validators
//! share, and one to the desk from which the test asks. Pulling the first leaves the second. Needs root and `ip`.
//!
//! ```text
//!            ┌ switch a ┐   ┌ switch b ┐        (in one more namespace)
//! validator n ── bus ───┘   or here, when it is cut off
//!             └─ desk ─── the test
//! ```

use std::process::Command;

use crate::machine::run;

pub(crate) struct Cables {
    tag: String,
    subnet: u32,
}

impl Cables {
    /// Lays them for four validators.
    pub(crate) fn lay() -> Self {
        let pid = std::process::id();
        let cables = Self { tag: format!("hz{}", pid % 1_000_000), subnet: 1 + pid % 250 };
        let switches = cables.switches();
        run("ip", &["netns", "add", &switches]);
        for bridge in ["side-a", "side-b"] {
            run("ip", &["-n", &switches, "link", "add", "name", bridge, "type", "bridge"]);
            run("ip", &["-n", &switches, "link", "set", bridge, "up"]);
        }
        for n in 0..4 {
            let (machine, desk) = (cables.machine(n), format!("{}d{n}", cables.tag));
            let port = format!("port{n}");
            run("ip", &["netns", "add", &machine]);
            run("ip", &["-n", &machine, "link", "set", "lo", "up"]);
            let bus =
                ["link", "add", "name", "bus", "netns", &machine, "type", "veth", "peer", "name", &port];
            run("ip", &[bus.as_slice(), &["netns", &switches]].concat());
            run("ip", &["-n", &machine, "addr", "add", &format!("{}/24", cables.bus(n)), "dev", "bus"]);
            run("ip", &["-n", &machine, "link", "set", "bus", "up"]);
            run("ip", &["-n", &switches, "link", "set", &port, "master", "side-a", "up"]);
            run(
                "ip",
                &["link", "add", "name", &desk, "type", "veth", "peer", "name", "desk", "netns", &machine],
            );
            let (here, there) = (cables.desk(n, 1), cables.desk(n, 2));
            run("ip", &["addr", "add", &format!("{here}/30"), "dev", &desk]);
            run("ip", &["link", "set", &desk, "up"]);
            run("ip", &["-n", &machine, "addr", "add", &format!("{there}/30"), "dev", "desk"]);
            run("ip", &["-n", &machine, "link", "set", "desk", "up"]);
        }
        cables
    }

    /// The namespace of a validator.
    pub(crate) fn machine(&self, n: usize) -> String {
        format!("{}n{n}", self.tag)
    }

    /// Where the other validators reach it.
    pub(crate) fn bus(&self, n: usize) -> String {
        format!("10.244.{}.{}", self.subnet, n + 1)
    }

    /// Where the test reaches it.
    pub(crate) fn http(&self, n: usize) -> String {
        self.desk(n, 2)
    }

    /// From now on it hears only those that are cut off, too.
    pub(crate) fn cut_off(&self, n: usize) {
        run("ip", &["-n", &self.switches(), "link", "set", &format!("port{n}"), "master", "side-b"]);
    }

    pub(crate) fn put_back(&self, n: usize) {
        run("ip", &["-n", &self.switches(), "link", "set", &format!("port{n}"), "master", "side-a"]);
    }

    fn switches(&self) -> String {
        format!("{}sw", self.tag)
    }

    fn desk(&self, n: usize, end: usize) -> String {
        format!("10.245.{}.{}", self.subnet, 4 * n + end)
    }
}

impl Drop for Cables {
    fn drop(&mut self) {
        // A namespace takes its ends of the cables along.
        let machines = (0..4).map(|n| self.machine(n));
        for name in machines.chain([self.switches()]) {
            _ = Command::new("ip").args(["netns", "del", &name]).status();
        }
    }
}
