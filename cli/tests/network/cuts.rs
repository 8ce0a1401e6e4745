//! Cables that are pulled: one validator cut off from the rest, then two from the other two.

use std::time::Duration;

use crate::cables::Cables;
use crate::load::Load;
use crate::machine::{has, is_root, left_out};
use crate::processes::{Network, Organisation};

/// Long enough for what waits for an answer to be given up.
const CUT: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_cut_off_decides_nothing_and_comes_back() {
    if !is_root() || !has("ip", "-V") {
        return left_out("a cut network", "network namespaces need root and iproute2");
    }
    let mut network = Network::init_on(Cables::lay());
    network.start_all();
    network.reaches(0, 1).await;
    network.reaches(3, 1).await;
    let mut organisation = Organisation::new(&network.genesis, 100);

    let load = Load::on(&network, 0);
    load.acknowledges(&network, 20).await;
    network.cables().cut_off(3);
    load.acknowledges(&network, 30).await;
    let next = organisation.next();
    let alone = tokio::time::timeout(CUT, network.client().submit(3, &next)).await;
    assert!(!matches!(alone, Ok(Some(_))), "alone it acknowledges nothing: {alone:?}");
    let behind = network.head(3).await.expect("it answers still").height;
    network.cables().put_back(3);
    load.acknowledges(&network, 30).await;
    network.reaches(3, behind + 5).await;
    drop(load);
    network.client().insist(3, &next).await;
    network.check().await;

    // Two and two: neither half is enough.
    network.cables().cut_off(2);
    network.cables().cut_off(3);
    let next = organisation.next();
    for n in [0, 2] {
        let halted = tokio::time::timeout(CUT, network.client().submit(n, &next)).await;
        assert!(!matches!(halted, Ok(Some(_))), "half of them decide nothing: {halted:?}");
    }
    network.cables().put_back(2);
    network.cables().put_back(3);
    network.client().insist(0, &next).await;
    network.check().await;
}
