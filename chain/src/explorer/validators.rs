//! Who validates, and who was heard of lately.

use service::Problem;
use service::ui::{Markup, State, Table, badge, html};

use crate::explorer::View;
use crate::explorer::parts::{number, short};

/// Over how many of the latest blocks signatures are counted.
const WINDOW: u64 = 20;

/// Every validator with its share of power and how many of the latest blocks carry its signature.
pub(super) async fn table(view: &View) -> Result<Markup, Problem> {
    let t = view.t;
    let set = view.tip.next_validators().map_err(Problem::internal)?;
    let height = view.tip.header.height;
    let (mut signed, mut looked_at) = (vec![0_u64; set.as_slice().len()], 0_u64);
    for height in (height.saturating_sub(WINDOW - 1).max(1)..=height).rev() {
        let Some(block) = view.ledger.block(height).await.map_err(Problem::internal)? else { continue };
        // Places in a certificate are places in the set of its own block.
        if block.block.header.validators_hash != set.hash() {
            break;
        }
        looked_at += 1;
        for signature in &block.certificate.signatures {
            if let Some(count) = signed.get_mut(usize::from(signature.validator)) {
                *count += 1;
            }
        }
    }
    let columns = ["validators.number", "validators.key", "validators.power", "validators.state"];
    let columns = columns.map(|key| t.find(key).unwrap_or(key));
    let caption = t.with("validators.caption", &[("blocks", &looked_at.to_string())]);
    let total = set.total_power().max(1);
    let rows = set.as_slice().iter().zip(signed).enumerate();
    let table = rows.fold(Table::new(caption, columns), |table, (index, (validator, signed))| {
        let share = format!("{} %", (validator.power * 1000 / total) as f64 / 10.0);
        let state = if signed > 0 {
            badge(State::Valid, &t.with("validators.signed", &[("signed", &number(signed))]))
        } else {
            badge(State::CannotTell, t.get("validators.silent"))
        };
        table.row([html! { (index + 1) }, short(&validator.key.to_string()), html! { (share) }, state])
    });
    Ok(table.render())
}
