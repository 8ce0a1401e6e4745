//! Verification beside its floor.

#![expect(clippy::expect_used, reason = "a bench may fail as tests do")]

use credentials::bench::cases;
use criterion::{Criterion, criterion_group, criterion_main};

fn verify(criterion: &mut Criterion) {
    for case in cases(&mut testkit::rng(1)).expect("the bundled catalogue is right") {
        let mut group = criterion.benchmark_group(case.name);
        group.bench_function("floor", |bencher| bencher.iter(|| assert!((case.floor)())));
        group.bench_function("verify", |bencher| bencher.iter(|| assert!((case.run)())));
        group.finish();
    }
}

criterion_group!(benches, verify);
criterion_main!(benches);
