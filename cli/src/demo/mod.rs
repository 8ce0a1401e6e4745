//! `huizheng demo`: everything at once, until Ctrl-C.

mod panel;

use std::path::Path;

use crate::args::DemoArgs;
use crate::fault::{Done, Fault, OrFault};
use crate::stack::{Ports, Stack, StackConfig, StackError};
use crate::term::{self, Ink, Paint};

/// The first port where none is named.
const PORT_BASE: u16 = 7100;

/// Runs `huizheng demo`, in one of its three ways.
pub async fn run(data: &Path, args: DemoArgs) -> Done {
    let ports = Ports::from_base(args.port_base.unwrap_or(PORT_BASE));
    if args.story {
        return crate::story::run(data, ports, args.network).await;
    }
    if args.only_counter {
        return only_counter(data, ports, args.urls.as_deref()).await;
    }
    let config = StackConfig::new(data, ports).or_fault("this build is broken; report it")?;
    let config = StackConfig {
        network: args.network,
        vc_api: args.vc_api.then(|| verifier::VcApiConfig { did_web_hosts: args.did_web.clone() }),
        counter_name: args.counter_name.clone(),
        ..config
    };
    let stack = start_with(config).await?;
    if let Some(file) = &args.urls {
        stack.urls().write(file).map_err(|error| {
            Fault::new(format!("{}: {error}", file.display()), "name a file that can be written with --urls")
        })?;
    }
    if !args.headless {
        term::say(panel::render(Paint::stdout(), stack.urls(), data, stack.is_new()));
    }
    service::server::shutdown_signal().await;
    if !args.headless {
        eprintln!("{}", Paint::stderr().text(Ink::Faint, "stopping; everything is kept"));
    }
    stack.shutdown().await;
    Ok(())
}

/// The counter alone, on the first of the ports.
async fn only_counter(data: &Path, ports: Ports, file: Option<&Path>) -> Done {
    let config = StackConfig::new(data, ports).or_fault("this build is broken; report it")?;
    let (counter, urls, _claim) = crate::stack::counter_alone(&config)
        .await
        .or_fault("name the folder of a demo that ran before, and that runs no more, with --data")?;
    if let Some(file) = file {
        urls.write(file).or_fault("name a file that can be written with --urls")?;
    }
    term::say_line(format!(
        "{} the counter alone: {}",
        Paint::stdout().text(Ink::Good, "✓"),
        counter.base_url()
    ));
    service::server::shutdown_signal().await;
    counter.shutdown().await;
    Ok(())
}

/// Starts the stack, or says what to do.
pub(crate) async fn start(data: &Path, ports: Ports, network: Option<u16>) -> Done<Stack> {
    let config = StackConfig::new(data, ports).or_fault("this build is broken; report it")?;
    start_with(StackConfig { network, ..config }).await
}

async fn start_with(config: StackConfig) -> Done<Stack> {
    Stack::start(config).await.map_err(|error: StackError| {
        let todo = error.todo();
        Err::<(), _>(error).or_fault(todo).err().unwrap_or_else(|| Fault::new("", ""))
    })
}
