//! `huizheng network up` and `huizheng node` as an operator has them: started, looked at, told to stop.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::machine::signal;
use crate::processes::{Network, Organisation, PATIENCE};

/// `huizheng network up`, its view in plain lines.
struct Up {
    child: Child,
    lines: Receiver<String>,
}

impl Up {
    fn of(network: &Network) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huizheng"));
        command.args(["network", "up", "--log", "error", "--dir"]).arg(network.folder());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("started");
        let shown = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            shown.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines }
    }

    /// Waits for a line in which all four are well, at a greater height than this; the height.
    fn all_well_above(&self, height: u64) -> u64 {
        let until = Instant::now() + PATIENCE;
        let mut last = String::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|why| panic!("{why}; at last: {last}"));
            let at = line.strip_prefix("height=").and_then(|rest| rest.split(' ').next()?.parse().ok());
            match at {
                Some(at) if at > height && line.matches("(well)").count() == 4 => return at,
                _ => last = line,
            }
        }
    }

    fn told(mut self, name: &str) -> ExitStatus {
        signal(self.child.id(), name);
        ended(&mut self.child)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Waits until it ends by itself.
fn ended(child: &mut Child) -> ExitStatus {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        match child.try_wait().expect("a child") {
            Some(status) => return status,
            None if Instant::now() > until => panic!("it does not end"),
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up_shows_four_that_are_well_and_ends_them_when_it_is_told_to() {
    let network = Network::init();
    let client = network.client();
    let mut organisation = Organisation::new(&network.genesis, 1);
    let mut height = 0;
    for name in ["TERM", "INT"] {
        let up = Up::of(&network);
        // Nothing was lost by the end before, and it goes on.
        height = up.all_well_above(height.max(1) - 1);
        for _ in 0..3 {
            client.insist(0, &organisation.next()).await;
        }
        height = up.all_well_above(height);
        network.check().await;
        let head = network.head(0).await.expect("it answers");
        let status = up.told(name);
        assert_eq!(status.code(), Some(0), "SIG{name}");
        for n in 0..4 {
            assert!(network.head(n).await.is_none(), "validator {n} ended too, after SIG{name}");
            let log = std::fs::read_to_string(network.home(n).join("node.log")).expect("a log");
            assert!(!log.contains("panicked"), "validator {n}: {log}");
        }
        height = height.max(head.height);
    }
    // As folders of validators, what is left is whole.
    let mut network = network;
    network.start_all();
    network.check().await;
    assert!(network.head(0).await.expect("it answers").height >= height);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_told_to_stop_ends_in_good_order_and_keeps_its_chain() {
    let mut network = Network::init();
    network.start_all();
    let mut organisation = Organisation::new(&network.genesis, 2);
    for _ in 0..3 {
        network.client().insist(0, &organisation.next()).await;
    }
    for name in ["TERM", "INT"] {
        network.check().await;
        let head = network.head(2).await.expect("it answers");
        let mut node = network.take(2);
        signal(node.id(), name);
        assert_eq!(ended(&mut node).code(), Some(0), "SIG{name}");
        assert!(network.head(2).await.is_none());
        // Three decide without it; it catches up.
        network.client().insist(0, &organisation.next()).await;
        network.start(2);
        network.reaches(2, head.height).await;
        let kept = network.block(2, head.height).await;
        assert_eq!(kept.header, network.block(0, head.height).await.header);
    }
    network.check().await;
}

#[test]
fn up_without_a_network_says_what_to_do() {
    let nothing = tempfile::tempdir().expect("a folder");
    let run = Command::new(env!("CARGO_BIN_EXE_huizheng"))
        .args(["network", "up", "--dir"])
        .arg(nothing.path())
        .output()
        .expect("started");
    assert_ne!(run.status.code(), Some(0));
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("network init"), "{said}");
}
