//! `huizheng bench`: figures, each beside its floor from the same run, as JSON lines.

mod disk;
mod flow;
mod issuance;
mod issuer;
mod library;
mod load;
mod pace;
mod presentation;
mod processor;
mod qr;
mod sealing;
mod second;
mod verifier;
mod wallet;
mod wallets;
mod wire;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand_core::OsRng;
use serde::Serialize;

use crate::args::BenchArgs;
use crate::fault::{Done, Fault, OrFault};
use crate::term;

/// The groups, in the order they run.
const GROUPS: [&str; 6] = ["credentials", "chain", "wallet", "flow", "issuer", "verifier"];

/// One figure.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    value: f64,
    unit: &'static str,
    floor: f64,
    ratio: f64,
}

impl Line {
    fn new(name: impl Into<String>, value: f64, unit: &'static str, floor: f64) -> Self {
        let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
        let ratio = rounded(value / floor);
        Self { name: name.into(), value: rounded(value), unit, floor: rounded(floor), ratio }
    }

    fn print(&self) -> Done {
        term::say_line(serde_json::to_string(self).or_fault("")?);
        Ok(())
    }
}

/// Runs `huizheng bench …`. What is durable is written below the data folder and removed at the end.
pub async fn run(data: &Path, args: BenchArgs) -> Done {
    let groups = match &args.group {
        None => GROUPS.to_vec(),
        Some(name) => match GROUPS.iter().find(|group| *group == name) {
            Some(group) => vec![*group],
            None => {
                let todo = format!("the groups are {}", GROUPS.join(", "));
                return Err(Fault::new(format!("there is no group {name}"), todo));
            }
        },
    };
    if !(args.seconds > 0.0 && args.seconds <= 600.0) {
        return Err(Fault::new("--seconds is from above 0 to 600", "3 is a good figure"));
    }
    let budget = Duration::from_secs_f64(args.seconds);
    let scratch = Scratch::new(data)?;
    for group in groups {
        match group {
            "credentials" => credentials(budget, args.verifications, args.ssi.clone()).await?,
            "chain" => chain(&scratch.0, budget).await?,
            "wallet" => {
                wallet::run(&scratch.0, budget, wallet::most_cards(args.group.is_some())).await?;
                wallet::through_bindings(args.bindings.as_deref())?;
            }
            "verifier" => verifier::run(&scratch.0, budget).await?,
            "issuer" => {
                let usual = issuer::usual_records(args.group.is_some());
                issuer::run(&scratch.0, budget, args.records.unwrap_or(usual)).await?;
            }
            _ => flow::run(&scratch.0, budget).await?,
        }
    }
    Ok(())
}

async fn credentials(budget: Duration, verifications: u64, ssi: Option<PathBuf>) -> Done {
    let measured = tokio::task::spawn_blocking(move || {
        let start = Instant::now();
        let cases = credentials::bench::cases(&mut OsRng).or_fault("this build is broken; report it")?;
        for case in &cases {
            let measure = case.measure(budget, &|| start.elapsed());
            let measure = measure.or_fault("this build is broken; report it")?;
            Line::new(measure.name, measure.value_us, "us", measure.floor_us).print()?;
        }
        ssi.map_or(Ok(()), |program| second::run(&program, budget))?;
        load::threads(&cases, budget)?;
        load::memory(&cases, verifications)
    });
    measured.await.or_fault("")?
}

async fn chain(folder: &Path, budget: Duration) -> Done {
    let rss = chain::bench::node_rss_mb(&folder.join("node")).await;
    if let Some(measure) = rss.or_fault("is there room and time on this machine?")? {
        print_chain(&measure)?;
    }
    let solo = chain::bench::solo_tx_per_s(&folder.join("solo"), budget).await;
    print_chain(&solo.or_fault("is there room and time on this machine?")?)?;
    let network = chain::bench::network(&folder.join("network4"), budget).await;
    for measure in network.or_fault("is there room and time on this machine?")? {
        print_chain(&measure)?;
    }
    let idle = chain::bench::disk_per_idle_block(&folder.join("idle")).await;
    print_chain(&idle.or_fault("is there room and time on this machine?")?)?;
    let evidence = tokio::task::spawn_blocking(move || chain::bench::evidence(budget));
    for measure in evidence.await.or_fault("")?.or_fault("this build is broken; report it")? {
        print_chain(&measure)?;
    }
    Ok(())
}

fn print_chain(measure: &chain::bench::Measure) -> Done {
    let unit = if measure.unit == "µs" { "us" } else { measure.unit };
    Line::new(measure.name, measure.value, unit, measure.floor).print()
}

/// A folder that goes away with its value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(data: &Path) -> Done<Self> {
        let folder = data.join(format!("bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).or_fault("name another folder with --data")?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "a folder of the benchmark was left behind");
        }
    }
}
