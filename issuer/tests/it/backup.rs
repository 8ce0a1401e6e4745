//! `backup.rs`, `routes/backup.rs`: taken while the issuer runs, and an issuer from it.

use std::path::Path;

use credentials::key::Algorithm;
use issuer::backup::{self, BackupError};
use issuer::{Config, Policy};
use serde_json::json;
use service::backup::BackupFault;
use store::{Range, Store, Table};
use testkit::Postgres;

use crate::wallet::Wallet;
use crate::world::{ADMIN_TOKEN, STAFF_TOKEN, World};

/// A world whose operators have an address.
async fn world() -> World {
    let mut world = World::with(Policy::default()).await;
    world.stop_issuer().await;
    world.config.operators = Some(([127, 0, 0, 1], testkit::free_ports(1)).into());
    world.start_issuer().await;
    world
}

fn elsewhere(world: &World, folder: &Path) -> Config {
    Config { data_dir: folder.join("restored"), ..world.config.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_is_backed_up_while_it_issues_and_goes_on_from_the_backup() {
    let mut world = world().await;
    let folder = tempfile::tempdir().unwrap();
    let (_, credential) = world.issued("business-licence-sd-jwt").await;
    world.change(&credential, "suspend").await;
    let waiting = world.apply("business-licence", testkit::Company::nth(3).business_licence_claims()).await;
    let to = folder.path().join("backup");

    // Applications come in all the while.
    let people = (0..30).map(|n| {
        let claims = testkit::Company::nth(40 + n).business_licence_claims();
        world.apply("business-licence", claims)
    });
    let (_, manifest) =
        tokio::join!(futures_util::future::join_all(people), backup::back_up(&world.config, &to));
    let manifest = manifest.expect("backed up");
    assert_eq!(manifest.did, world.did());
    assert!(manifest.rows > 20 && manifest.files.contains_key("keys/seals.key"), "{manifest:?}");
    #[cfg(unix)]
    for file in ["store", "keys/seals.key", "backup.json"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(to.join(file)).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
    assert!(matches!(
        backup::back_up(&world.config, &to).await,
        Err(BackupError::Folder(BackupFault::Exists(_)))
    ));
    world.change(&credential, "revoke").await;

    // Lost with everything, and put elsewhere from the back-up.
    world.stop_issuer().await;
    let config = elsewhere(&world, folder.path());
    assert_eq!(backup::restore(&config, &to).expect("restored"), manifest);
    assert!(matches!(backup::restore(&config, &to), Err(BackupError::InTheWay(_))));
    let did = manifest.did.clone();
    world.config = config;
    world.start_issuer().await;
    assert_eq!(world.did(), did, "the same issuer");
    assert_eq!(world.record(&credential).await["status"], "suspended", "as it was then");
    let found = world.http.get(&format!("/api/applications/{}", waiting.id), Some(&waiting.secret)).await;
    assert_eq!(found.json()["state"], "submitted", "what applicants were given still opens their own");
    // Revoked it stays, for the chain says so; and no entry is given out that may have been.
    assert!(world.change(&credential, "reinstate").await.status != 200);
    world.approve(&waiting).await;
    let wallet = Wallet::new(Algorithm::Es256);
    let token = world.token(&world.collectable(&waiting).await).await;
    let issued = async {
        loop {
            let proof = wallet.proof(&world, &world.nonce().await);
            let answer = world.ask(&token, "business-licence-sd-jwt", &proof).await;
            if answer.status == 200 {
                break;
            }
            // Until the next list is open.
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), issued).await.expect("issues again");
    let listed = world.http.get("/api/credentials", Some(STAFF_TOKEN)).await.json();
    let lists: Vec<u64> = listed["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["status_list"].as_u64().unwrap())
        .collect();
    assert_eq!(lists, [1001, 0], "on a list that nothing was given out of before");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_the_keys_gets_the_store_and_no_damaged_backup_is_taken() {
    let mut world = world().await;
    let folder = tempfile::tempdir().unwrap();
    let address = format!("http://{}/backup", world.config.operators.unwrap());
    for token in [None, Some(STAFF_TOKEN), Some(ADMIN_TOKEN), Some("AAAA")] {
        assert_eq!(world.http.post_json(&address, token, &json!({})).await.status, 401);
    }
    assert_eq!(
        world.http.post_json("/backup", Some(ADMIN_TOKEN), &json!({})).await.status,
        404,
        "not in public"
    );
    let unheard = Config { operators: None, ..world.config.clone() };
    let refused = backup::back_up(&unheard, &folder.path().join("none")).await;
    assert!(matches!(refused, Err(BackupError::NoOperators)));

    // Stopped, it needs no address.
    world.stop_issuer().await;
    let to = folder.path().join("backup");
    backup::back_up(&unheard, &to).await.expect("backed up");
    let config = elsewhere(&world, folder.path());
    let damage = |file: &str, change: &dyn Fn(&Path)| {
        let copy = folder.path().join(format!("damaged-{}", file.replace('/', "-")));
        std::fs::create_dir_all(copy.join("keys")).unwrap();
        for name in std::fs::read_dir(to.join("keys")).unwrap() {
            let name = name.unwrap().file_name();
            std::fs::copy(to.join("keys").join(&name), copy.join("keys").join(&name)).unwrap();
        }
        for name in ["store", "backup.json"] {
            std::fs::copy(to.join(name), copy.join(name)).unwrap();
        }
        change(&copy.join(file));
        let refused = backup::restore(&config, &copy);
        assert!(
            matches!(refused, Err(BackupError::Folder(BackupFault::Damaged(_) | BackupFault::Io { .. }))),
            "{file}: {refused:?}"
        );
        assert!(!config.data_dir.join("keys").exists() && !config.data_dir.join("store").exists());
    };
    let flip = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    damage("store", &flip);
    damage("keys/seals.key", &flip);
    damage("keys/signing-p256.key", &|path| std::fs::remove_file(path).unwrap());
    damage("backup.json", &|path| std::fs::remove_file(path).unwrap());
    backup::restore(&config, &to).expect("the whole one is");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_backed_up_beside_its_instances_and_restored_into_another_schema() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("postgres");
    std::fs::create_dir_all(&place).unwrap();
    let postgres = tokio::task::spawn_blocking(move || Postgres::start(&place)).await.expect("a server");
    let server = |schema: &str| store::Server {
        address: postgres.address(),
        schema: schema.to_owned(),
        authorities: None,
    };
    let mut world = World::start().await;
    world.stop_issuer().await;
    world.config.database = Some(server("before"));
    world.start_issuer().await;
    let applied = world.approved().await;
    let to = folder.path().join("backup");
    backup::back_up(&world.config, &to).await.expect("backed up");
    let mut config = elsewhere(&world, folder.path());
    config.database = Some(server("after"));
    world.stop_issuer().await;
    backup::restore(&config, &to).expect("restored");
    world.config = config;
    world.start_issuer().await;
    let found = world.http.get(&format!("/api/applications/{}", applied.id), Some(&applied.secret)).await;
    assert_eq!(found.json()["state"], "approved");
    world.stop().await;
    // The same file fills a store on disk: a department may move either way.
    let on_disk = Store::persistent(folder.path().join("on-disk"), &store::Options::default()).unwrap();
    on_disk.fill(&mut std::fs::File::open(to.join("store")).unwrap()).expect("filled");
    const REGISTERED: Table<str, bool> = Table::new("registered");
    assert_eq!(on_disk.page(&REGISTERED, &Range::all(), 2).unwrap().len(), 1);
    tokio::task::spawn_blocking(move || drop((postgres, folder))).await.unwrap();
}
