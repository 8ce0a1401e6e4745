//! The network at a glance: calm on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use registry::api::{BLOCKS, BlockView, BlocksResponse, HEAD, HeadResponse};
use service::outbound;

use crate::term::{self, Ink, Paint};

/// How much of the past counts for the rate.
const WINDOW: Duration = Duration::from_secs(10);
/// A block with more transactions than this is not fetched for its round.
const SMALL: usize = 50;
const MAX_ANSWER: usize = 1024 * 1024;

pub(super) struct View {
    http: reqwest::Client,
    paint: Paint,
    on_terminal: bool,
    nodes: Vec<Seen>,
    lines: usize,
    last_height: u64,
}

struct Seen {
    name: String,
    url: String,
    lives: bool,
    head: Option<HeadResponse>,
}

/// The newest block, as people want to know it.
struct Newest {
    head: HeadResponse,
    round: Option<u32>,
    per_second: f64,
}

impl View {
    pub(super) fn new(nodes: Vec<(String, String)>) -> Self {
        let nodes = nodes.into_iter().map(|(name, url)| Seen { name, url, lives: true, head: None });
        Self {
            http: outbound::client(Duration::from_millis(800)),
            paint: Paint::stdout(),
            on_terminal: std::io::stdout().is_terminal(),
            nodes: nodes.collect(),
            lines: 0,
            last_height: 0,
        }
    }

    /// Whether a validator's process runs.
    pub(super) fn lives(&mut self, name: &str, lives: bool) {
        for node in self.nodes.iter_mut().filter(|node| node.name == name) {
            node.lives = lives;
        }
    }

    /// Looks, and shows what it sees.
    pub(super) async fn show(&mut self) {
        for node in &mut self.nodes {
            node.head = get(&self.http, &format!("{}{HEAD}", node.url)).await;
        }
        let newest = self.newest().await;
        if self.on_terminal {
            self.draw(newest.as_ref());
        } else {
            self.print(newest.as_ref());
        }
    }

    /// Leaves the view as it is.
    pub(super) fn leave(&self) {
        if self.on_terminal {
            term::say_line(self.paint.text(Ink::Faint, "\n  stopping; everything is kept"));
        }
    }

    async fn newest(&self) -> Option<Newest> {
        let reached = self.nodes.iter().filter_map(|node| Some((node, node.head.clone()?)));
        let (node, head) = reached.max_by_key(|(_, head)| head.height)?;
        let listed: Option<BlocksResponse> =
            get(&self.http, &format!("{}{BLOCKS}?limit=100", node.url)).await;
        let listed = listed.map(|listed| listed.blocks).unwrap_or_default();
        let recent = listed.iter().filter(|block| block.time.until(service::clock::now()) < WINDOW);
        let per_second = recent.map(|block| block.transactions).sum::<usize>() as f64 / WINDOW.as_secs_f64();
        let round = match listed.first() {
            Some(block) if block.transactions <= SMALL && block.height > 0 => {
                let view: Option<BlockView> =
                    get(&self.http, &format!("{}{BLOCKS}/{}", node.url, block.height)).await;
                view.map(|view| view.certificate.round)
            }
            _ => None,
        };
        Some(Newest { head, round, per_second })
    }

    fn draw(&mut self, newest: Option<&Newest>) {
        let paint = self.paint;
        let mut text = String::from("\n");
        if let Some(Newest { head, round, per_second }) = newest {
            let round = round.map_or_else(|| "–".into(), |round| round.to_string());
            let pairs = [
                ("高度 Height", paint.text(Ink::Strong, head.height)),
                ("时间 Time", head.time.to_string()),
                ("轮次 Round", round),
                ("交易/秒 Tx/s", format!("{per_second:.1}")),
            ];
            text += &term::pairs(paint, 2, &pairs);
        } else {
            text += &format!("  {}\n", paint.text(Ink::Faint, "starting"));
        }
        text.push('\n');
        for node in &self.nodes {
            let (ink, state) = state(node, newest);
            let height = node.head.as_ref().map_or_else(|| "–".into(), |head| head.height.to_string());
            let (name, height) = (term::pad(&node.name, 8), term::pad(&height, 10));
            text += &format!("  {name}{height}{}  {}\n", paint.text(ink, term::pad(state, 10)), node.url);
        }
        if self.lines > 0 {
            // Up to where the last picture began, and clear from there.
            term::say(format!("\u{1b}[{}A\u{1b}[J", self.lines));
        }
        self.lines = text.lines().count();
        term::say(text);
    }

    fn print(&mut self, newest: Option<&Newest>) {
        let Some(Newest { head, round, per_second }) = newest else { return };
        if head.height == self.last_height {
            return;
        }
        self.last_height = head.height;
        let round = round.map_or_else(|| "-".into(), |round| round.to_string());
        let nodes = self.nodes.iter().map(|node| {
            let height = node.head.as_ref().map_or_else(|| "-".into(), |head| head.height.to_string());
            format!("{}={height} ({})", node.name, state(node, newest).1)
        });
        let nodes = nodes.collect::<Vec<_>>().join(" ");
        term::say_line(format!(
            "height={} time={} round={round} tx_per_s={per_second:.1} {nodes}",
            head.height, head.time
        ));
    }
}

fn state(node: &Seen, newest: Option<&Newest>) -> (Ink, &'static str) {
    let tip = newest.map_or(0, |newest| newest.head.height);
    match &node.head {
        _ if !node.lives => (Ink::Bad, "ended"),
        None => (Ink::Unsure, "silent"),
        Some(head) if head.height + 2 < tip => (Ink::Unsure, "catching up"),
        Some(_) => (Ink::Good, "well"),
    }
}

async fn get<T: serde::de::DeserializeOwned>(http: &reqwest::Client, url: &str) -> Option<T> {
    let answer = http.get(url).header("accept", "application/json").send().await.ok()?;
    let answer = answer.error_for_status().ok()?;
    serde_json::from_slice(&outbound::body(answer, MAX_ANSWER).await.ok()?).ok()
}
