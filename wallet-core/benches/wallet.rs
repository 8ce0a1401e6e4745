//! A wallet with 1,000 credentials: opening, a page of cards, listing, matching a request, each beside its floor. The PIN hash
//! is the cheapest: it is slow on purpose, and the same for any wallet.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench may fail as tests do")]

#[expect(dead_code, unused_imports, reason = "the tests need all of the town")]
#[path = "../tests/wallet/town/mod.rs"]
mod town;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use store::{BytesTable, Options, Range, Store};
use testkit::Person;
use tokio::runtime::Runtime;
use wallet_core::Wallet;

use town::{Ask, Holder, PIN, Plan};

const CREDENTIALS: usize = 1000;
/// Of these so many are of the type that is asked for.
const LICENCES: usize = 10;
/// Cards that one screen shows.
const PAGE: usize = 20;
/// Where the wallet keeps its sealed records.
const SEALED: BytesTable<(String, String)> = BytesTable::new("sealed");

async fn receive(holder: &Holder, plan: Plan) {
    let offer = holder.wallet.preview_offer(&holder.town.issuer.offer(plan)).await.unwrap();
    assert_eq!(holder.wallet.receive(&offer, Some("123456")).await.unwrap().failed, []);
}

async fn filled(licences: usize, ids: usize) -> Holder {
    let holder = Holder::new().await;
    for _ in 0..licences {
        receive(&holder, Plan::licence().sd_jwt()).await;
    }
    for number in 0..ids {
        let serde_json::Value::Object(claims) = Person::nth(number).digital_id_claims() else {
            panic!("claims")
        };
        receive(&holder, Plan { claims, ..Plan::digital_id().sd_jwt() }).await;
    }
    holder
}

/// Cards of two credentials, each card received at a block of its own, and every credential's status where the issuer's dice put it.
async fn over_time(cards: usize) -> Holder {
    let holder = Holder::new().await;
    let mut dice = testkit::rng(1);
    let mut entry = || rand_core::RngCore::next_u32(&mut dice) % (registry::DEFAULT_LIST_LENGTH / 2);
    for _ in 0..cards {
        holder.town.chain.lock().unwrap().next_block();
        receive(&holder, Plan { index: entry(), apart: entry(), ..Plan::digital_id() }).await;
    }
    holder
}

fn rows(store: &Store) -> Vec<((String, String), Vec<u8>)> {
    store.page(&SEALED, &Range::all(), usize::MAX).unwrap()
}

fn open(criterion: &mut Criterion, runtime: &Runtime, holder: Holder) -> Holder {
    let Holder { folder, wallet, town } = holder;
    drop(wallet);
    let path = folder.path().join("wallet");
    let mut group = criterion.benchmark_group("wallet/open_1000");
    group.bench_function("floor: the store opened and read through", |bencher| {
        bencher.iter(|| {
            let store = Store::persistent(&path, &Options::default()).unwrap();
            let rows = rows(&store).len();
            store.close();
            rows
        });
    });
    group.bench_function("wallet", |bencher| {
        bencher.iter(|| {
            let ports = town.ports(folder.path());
            runtime.block_on(Wallet::open(&path, PIN, ports, town.config())).unwrap()
        });
    });
    group.finish();
    let wallet =
        runtime.block_on(Wallet::open(&path, PIN, town.ports(folder.path()), town.config())).unwrap();
    Holder { folder, wallet, town }
}

/// The floor of a page: one whose evidence is all of one block.
fn page(criterion: &mut Criterion, runtime: &Runtime) {
    let few = runtime.block_on(over_time(PAGE));
    runtime.block_on(few.wallet.refresh()).unwrap();
    let many = runtime.block_on(over_time(CREDENTIALS / 2));
    let look = |wallet: &Wallet| assert_eq!(wallet.cards_page(None, PAGE).unwrap().len(), PAGE);
    let mut group = criterion.benchmark_group("wallet/page_1000");
    group.bench_function("floor: of a wallet with one page under one block", |bencher| {
        bencher.iter(|| look(&few.wallet));
    });
    group.bench_function("wallet", |bencher| bencher.iter(|| look(&many.wallet)));
    let Holder { folder, wallet, town } = many;
    drop(wallet);
    let path = folder.path().join("wallet");
    let open =
        || runtime.block_on(Wallet::open(&path, PIN, town.ports(folder.path()), town.config())).unwrap();
    group.bench_function("wallet, just opened", |bencher| {
        bencher.iter_batched_ref(open, |wallet| look(wallet), BatchSize::PerIteration);
    });
    group.finish();
}

/// The floor of looking at all of them: as many bytes decrypted as the wallet has.
fn list(criterion: &mut Criterion, sealed: &[Vec<u8>], holder: &Holder) {
    let (cipher, nonce) = (XChaCha20Poly1305::new(&[7; 32].into()), XNonce::from([0; 24]));
    let texts: Vec<_> = sealed.iter().map(|row| cipher.encrypt(&nonce, row.as_slice()).unwrap()).collect();
    let mut group = criterion.benchmark_group("wallet/list_1000");
    group.bench_function("floor: as many bytes decrypted", |bencher| {
        bencher.iter(|| {
            texts.iter().map(|text| cipher.decrypt(&nonce, text.as_slice()).unwrap().len()).sum::<usize>()
        });
    });
    group.bench_function("wallet", |bencher| {
        bencher.iter(|| assert_eq!(holder.wallet.cards().unwrap().len(), CREDENTIALS));
    });
    group.finish();
}

/// The floor of finding the ten among a thousand: a wallet that has only those ten.
fn matching(criterion: &mut Criterion, runtime: &Runtime, few: &Holder, many: &Holder) {
    let mut group = criterion.benchmark_group("wallet/match_1000");
    for (name, holder) in [("floor: a wallet with those ten", few), ("wallet", many)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let consent = runtime.block_on(holder.review(Ask::licence())).unwrap();
                assert_eq!(consent.questions[0].options.len(), LICENCES);
            });
        });
    }
    group.finish();
}

fn wallet(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    page(criterion, &runtime);
    let few = runtime.block_on(filled(LICENCES, 0));
    let many = runtime.block_on(filled(LICENCES, CREDENTIALS - LICENCES));
    let many = open(criterion, &runtime, many);
    let Holder { folder, wallet, town } = many;
    drop(wallet);
    let path = folder.path().join("wallet");
    let store = Store::persistent(&path, &Options::default()).unwrap();
    let sealed: Vec<_> = rows(&store).into_iter().filter(|((table, _), _)| table == "cards").collect();
    store.close();
    drop(store);
    let sealed: Vec<_> = sealed.into_iter().map(|(_, bytes)| bytes).collect();
    let wallet =
        runtime.block_on(Wallet::open(&path, PIN, town.ports(folder.path()), town.config())).unwrap();
    let many = Holder { folder, wallet, town };
    list(criterion, &sealed, &many);
    matching(criterion, &runtime, &few, &many);
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = wallet
}
criterion_main!(benches);
