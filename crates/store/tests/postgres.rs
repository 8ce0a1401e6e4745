//! A store on a real PostgreSQL server: the contract, several processes' worth of instances, and a server that goes away.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is test code")]

mod contract;

use store::{OpenError, Range, Server, Store, StoreError, Table};
use testkit::{Postgres, pem};

const COUNTS: Table<str, u64> = Table::new("counts");

struct World {
    // Before its folder, which it writes to while it ends.
    postgres: Postgres,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { postgres: Postgres::start(folder.path()), folder }
    }

    fn server(&self, schema: &str) -> Server {
        Server { address: self.postgres.address(), schema: schema.to_owned(), authorities: None }
    }

    fn open(&self, schema: &str) -> Store {
        Store::postgres(&self.server(schema)).unwrap()
    }
}

fn count_up(store: &Store) -> Result<u64, StoreError> {
    store.write(|tx| {
        let next = tx.get(&COUNTS, "shared")?.unwrap_or_default() + 1;
        tx.put(&COUNTS, "shared", &next)?;
        Ok(next)
    })
}

#[test]
fn postgres_shows_the_contract() {
    let world = World::new();
    contract::check(&world.open("one"));
    contract::check_reopening(|| world.open("two"));
    let unseen = world.open("three");
    assert_eq!(unseen.get(&COUNTS, "shared"), Ok(None), "schemas are stores of their own");
}

#[test]
fn instances_write_in_turn_and_read_what_the_others_wrote() {
    let world = World::new();
    let instances: Vec<Store> = (0..3).map(|_| world.open("issuer")).collect();
    let writers: Vec<_> = instances
        .iter()
        .cloned()
        .map(|store| {
            std::thread::spawn(move || (0..50).map(|_| count_up(&store).unwrap()).collect::<Vec<_>>())
        })
        .collect();
    let mut seen: Vec<u64> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=150).collect::<Vec<_>>(), "no increment is lost, none counted twice");
    for store in &instances {
        assert_eq!(store.get(&COUNTS, "shared"), Ok(Some(150)));
    }
}

#[test]
fn a_view_stays_one_state_while_another_instance_commits() {
    let world = World::new();
    let (reader, writer) = (world.open("issuer"), world.open("issuer"));
    count_up(&writer).unwrap();
    reader.read(|view| {
        assert_eq!(view.get(&COUNTS, "shared"), Ok(Some(1)));
        count_up(&writer).unwrap();
        assert_eq!(view.get(&COUNTS, "shared"), Ok(Some(1)), "the state it began with");
        assert_eq!(view.page(&COUNTS, &Range::all(), 9), Ok(vec![("shared".to_owned(), 1)]));
    });
    assert_eq!(reader.get(&COUNTS, "shared"), Ok(Some(2)));
}

#[test]
fn more_views_than_connections_wait_for_each_other() {
    let world = World::new();
    let store = world.open("issuer");
    count_up(&store).unwrap();
    let readers: Vec<_> = (0..40)
        .map(|_| {
            let store = store.clone();
            std::thread::spawn(move || {
                (0..5).map(|_| store.get(&COUNTS, "shared").unwrap()).collect::<Vec<_>>()
            })
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.join().unwrap(), [Some(1); 5]);
    }
}

#[test]
fn a_server_that_goes_away_fails_writes_until_it_is_back_and_loses_none() {
    let mut world = World::new();
    let store = world.open("issuer");
    assert_eq!(count_up(&store), Ok(1));
    world.postgres.kill();
    assert!(
        matches!(count_up(&store), Err(StoreError::Failed(_))),
        "nothing is acknowledged that isn't kept"
    );
    assert!(matches!(store.get(&COUNTS, "shared"), Err(StoreError::Failed(_))));
    world.postgres.resume();
    // The first use may still meet a connection of before.
    let _ = store.get(&COUNTS, "shared");
    assert_eq!(store.get(&COUNTS, "shared"), Ok(Some(1)), "what was acknowledged is there");
    assert_eq!(count_up(&store), Ok(2), "and writing goes on without a restart");
}

#[tokio::test]
async fn it_can_be_used_on_a_runtimes_own_thread() {
    let world = World::new();
    let store = world.open("issuer");
    let written = store.write_async(|tx| tx.put(&COUNTS, "a", &1));
    assert_eq!(written.await, Ok::<_, StoreError>(()));
    assert_eq!(store.get(&COUNTS, "a"), Ok(Some(1)));
}

#[test]
fn a_store_made_by_a_newer_version_is_left_alone() {
    let world = World::new();
    drop(world.open("issuer"));
    let newer = world.folder.path().join("newer.sql");
    std::fs::write(&newer, "UPDATE issuer.format SET format = 2").unwrap();
    let psql =
        std::process::Command::new("psql").arg(world.postgres.address()).arg("-qf").arg(newer).status();
    assert!(psql.unwrap().success());
    let refused = Store::postgres(&world.server("issuer")).err();
    assert!(matches!(refused, Some(OpenError::Newer { found: 2, known: 1 })), "{refused:?}");
}

#[test]
fn an_address_that_would_send_rows_in_the_clear_is_refused() {
    let server = |address: &str| Server {
        address: address.to_owned(),
        schema: "issuer".to_owned(),
        authorities: None,
    };
    let refused = Store::postgres(&server("postgres://issuer@db.example/huizheng")).err();
    assert!(matches!(refused, Some(OpenError::Unprotected)), "{refused:?}");
    let refused = Store::postgres(&server("host=localhost hostaddr=192.0.2.1")).err();
    assert!(matches!(refused, Some(OpenError::Unprotected)), "{refused:?}");
}

#[test]
fn with_an_authority_nothing_is_said_to_anyone_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, others) = (Authority::new(), Authority::new());
    let (certificate, key) = ours.certify_localhost();
    let postgres = Postgres::start_with_tls(folder.path(), &certificate, &key);
    let open = |authority: &Authority| {
        let file = folder.path().join("authority.pem");
        std::fs::write(&file, pem("CERTIFICATE", authority.certificate.der())).unwrap();
        Store::postgres(&Server {
            address: postgres.address_by_tls(),
            schema: "issuer".to_owned(),
            authorities: Some(file),
        })
    };
    let store = open(&ours).unwrap();
    assert_eq!(count_up(&store), Ok(1));
    let refused = open(&others).err();
    assert!(matches!(refused, Some(OpenError::Unreachable { .. })), "{refused:?}");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let server =
        Server { authorities: Some(empty), address: postgres.address_by_tls(), schema: "issuer".to_owned() };
    assert!(Store::postgres(&server).is_err(), "no authority knows nobody");
}

/// A certificate authority of a test's own.
struct Authority {
    certificate: rcgen::Certificate,
    key: rcgen::KeyPair,
}

impl Authority {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self { certificate: params.self_signed(&key).unwrap(), key }
    }

    /// A certificate for `localhost` and its key, in PEM.
    fn certify_localhost(&self) -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.certificate, &self.key).unwrap();
        (pem("CERTIFICATE", certificate.der()), pem("PRIVATE KEY", &key.serialize_der()))
    }
}

#[test]
fn schemas_are_plain_names_and_passwords_stay_unsaid() {
    for schema in ["", "Issuer", "1st", "a; DROP TABLE rows", "a-b", &"a".repeat(49)] {
        let server = Server {
            address: "postgres://issuer:hunter2@localhost:1/x".to_owned(),
            schema: schema.to_owned(),
            authorities: None,
        };
        let refused = Store::postgres(&server).err().unwrap();
        assert!(matches!(refused, OpenError::Unreachable { .. }), "{schema}: {refused:?}");
        assert!(!format!("{refused} {refused:?} {server:?}").contains("hunter2"));
    }
    let unreachable = Server {
        address: "postgres://issuer:hunter2@localhost:1/x".to_owned(),
        schema: "issuer".to_owned(),
        authorities: None,
    };
    let refused = Store::postgres(&unreachable).err().unwrap();
    assert!(matches!(refused, OpenError::Unreachable { .. }), "{refused:?}");
    assert!(!format!("{refused} {refused:?}").contains("hunter2"));
}
