//! What the command does: reads its words, does it, and says how it ended.

use std::process::ExitCode;

use crate::args::{Cli, Command};
use crate::fault::{Done, OrFault};
use crate::term::Paint;
use clap::Parser;
use service::telemetry::{Collector, Logging};

/// The command, with the words that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{}", fault.render(Paint::stderr()));
            ExitCode::from(fault.code())
        }
    }
}

fn run(cli: Cli) -> Done {
    let filter = quiet(&cli.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .or_fault("the system gives no threads or sockets; free some and try again")?;
    let collector =
        cli.otlp.map(|endpoint| Collector { endpoint, service: name(cli.command.as_ref()).to_owned() });
    let logging = Logging { format: cli.log_format.into(), filter, collector };
    let inside = runtime.enter();
    let telemetry = service::telemetry::start(&logging).or_fault("see --log and --otlp in --help")?;
    drop(inside);
    let data = cli.data;
    let done = runtime.block_on(async {
        match cli.command {
            None => crate::demo::run(&data, cli.demo).await,
            Some(Command::Demo(demo)) => crate::demo::run(&data, demo).await,
            Some(Command::Wallet(command)) => crate::wallet::run(&data, command).await,
            Some(Command::Registry(args)) => crate::govern::run(&data, *args).await,
            Some(Command::Org(args)) => crate::govern::run_org(&data, args).await,
            #[cfg(feature = "evm")]
            Some(Command::Chain(args)) => crate::outward::run(&data, args).await,
            Some(Command::Follow(args)) => crate::follow::run(&data, args).await,
            Some(Command::Network(args)) => crate::network::run(args, &cli.log).await,
            Some(Command::Node(args)) => {
                crate::network::run_node(&args.home, args.with_parent, args.anew).await
            }
            Some(Command::Key(args)) => crate::keyfile::run(args),
            Some(Command::Issuer(args)) => crate::issuer::run(&data, args).await,
            Some(Command::Verifier(args)) => crate::verifier::run(&data, args).await,
            Some(Command::Verify(args)) => crate::verify::run(args).await,
            Some(Command::Vc(args)) => crate::vc::run(args),
            Some(Command::Bench(args)) => crate::bench::run(&data, args).await,
        }
    });
    telemetry.flush();
    done
}

/// What a collector is told that this is.
fn name(command: Option<&Command>) -> &'static str {
    match command {
        Some(Command::Issuer(_)) => "huizheng-issuer",
        Some(Command::Verifier(_)) => "huizheng-verifier",
        Some(Command::Node(_)) => "huizheng-node",
        Some(Command::Follow(_)) => "huizheng-follower",
        _ => "huizheng",
    }
}

/// The filter with consensus kept to what an operator can act on, unless it is named: what it says at `info` is every
/// vote, and that a validator which is down cannot be reached is no news each time it is tried.
fn quiet(filter: &str) -> String {
    if filter.contains("malachite") {
        return filter.to_owned();
    }
    // The last two: what its parts say of each other while they stop.
    let connections = "arc_malachitebft_network=off,arc_malachitebft_discovery=off,ractor=off,\
                       arc_malachitebft_engine::util::ticker=off,arc_malachitebft_engine::network=off";
    format!("{filter},arc_malachitebft=warn,{connections}")
}
