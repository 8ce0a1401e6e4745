//! Every route of every service, read from where the routers are built: a new route is swept without being named here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use registry::api;

/// One address and the methods that it takes.
#[derive(Debug)]
pub(crate) struct Route {
    /// As the router has it: `/cards/{id}`.
    pub(crate) template: String,
    pub(crate) methods: Vec<&'static str>,
}

impl Route {
    /// The address with this in the place of every parameter.
    pub(crate) fn with(&self, parameter: &str) -> String {
        let parts = self.template.split('/').map(|part| if part.starts_with('{') { parameter } else { part });
        parts.collect::<Vec<_>>().join("/")
    }

    pub(crate) fn takes(&self, method: &str) -> bool {
        self.methods.contains(&method)
    }
}

/// The routes that are built below these files and folders of the workspace.
pub(crate) fn below(places: &[&str]) -> Vec<Route> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut routes = BTreeMap::new();
    for place in places {
        for file in sources(&root.join(place)) {
            let source = fs::read_to_string(&file).expect("a source");
            // What tests build in the same file is not the service's.
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            // Called on a router, or a row of a table that one is built from.
            let rows = source.lines().map(str::trim).filter(|line| line.ends_with("),"));
            let rows = rows.filter_map(|line| line.strip_prefix('('));
            let rows = rows.filter(|row| row.starts_with("api::") || row.starts_with("\"/"));
            for call in source.split(".route(").skip(1).chain(rows) {
                let (place, handlers) = call.split_once(',').expect("a path and a handler");
                // A router built from a table, whose rows are read themselves.
                if place == "path" {
                    continue;
                }
                let handlers = &handlers[..end_of_call(handlers)];
                let methods = ["get", "post", "put", "delete", "patch"].into_iter();
                let methods = methods.filter(|method| {
                    let called = format!("{method}(");
                    handlers.match_indices(&called).any(|(at, _)| {
                        !handlers[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
                    })
                });
                let template = path(place.trim(), &file);
                routes.entry(template).or_insert_with(Vec::new).extend(methods);
            }
        }
    }
    assert!(routes.len() > 5, "the routes are built in another way now: {places:?}");
    let routes = routes.into_iter().map(|(template, methods)| Route { template, methods });
    routes.inspect(|route| assert!(!route.methods.is_empty(), "{route:?}")).collect()
}

/// A literal, or one of the names that paths have.
fn path(written: &str, file: &Path) -> String {
    match written {
        "api::TRANSACTIONS" => api::TRANSACTIONS.to_owned(),
        "api::EVIDENCE" => api::EVIDENCE.to_owned(),
        "api::BLOCKS" => api::BLOCKS.to_owned(),
        "api::HEAD" => api::HEAD.to_owned(),
        "api::GENESIS" => api::GENESIS.to_owned(),
        "api::ANCHOR" => api::ANCHOR.to_owned(),
        "api::HAND_OVERS" => api::HAND_OVERS.to_owned(),
        "api::SNAPSHOT" => api::SNAPSHOT.to_owned(),
        "api::EVENTS" => api::EVENTS.to_owned(),
        "api::METRICS" => api::METRICS.to_owned(),
        "api::OPENAPI" => api::OPENAPI.to_owned(),
        "verify::BATCH_PATH" => "/api/verify/batch".to_owned(),
        "SCRIPT_PATH" => "/assets/explorer.js".to_owned(),
        "api::LIVE" => api::LIVE.to_owned(),
        "api::READY" => api::READY.to_owned(),
        "backup::PATH" => service::backup::PATH.to_owned(),
        "ICON" => service::assets::ICON.to_owned(),
        literal => match literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(path) => path.to_owned(),
            None => panic!("{}: which path is {literal}? Name it here", file.display()),
        },
    }
}

/// Where the bracket closes that was open before.
fn end_of_call(text: &str) -> usize {
    let mut depth = 1;
    let end = text.char_indices().find(|(_, letter)| {
        depth += match letter {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    end.map_or(text.len(), |(at, _)| at)
}

fn sources(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let entries = fs::read_dir(place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect();
    found.sort();
    found
}

#[test]
fn routes_are_found_with_their_methods() {
    let issuer = below(&["issuer/src"]);
    let of = |template: &str| issuer.iter().find(|route| route.template == template).expect("there");
    assert_eq!(of("/api/applications").methods, ["get", "post"]);
    assert_eq!(of("/token").methods, ["post"]);
    assert_eq!(of("/console/sign-in").methods, ["get", "post"]);
    assert_eq!(of("/api/credentials/{id}/{change}").with("x"), "/api/credentials/x/x");
}
