//! What the wallet holds: cards, one card, the log.

use service::{Lang, dates};
use wallet_core::{Card, Event, LogQuery, Outcome, Wallet};

use super::words;
use crate::fault::{Done, Fault, OrFault};
use crate::term::{self, Ink, Paint, pairs, plain, table, width};

/// Entries of the log that are shown.
const ENTRIES: usize = 200;

pub(super) async fn list(wallet: &Wallet, json: bool) -> Done {
    refresh(wallet).await;
    let damaged = wallet.unreadable_cards().or_fault("restore the folder from a backup")?.len();
    let cards = wallet.cards().or_fault("restore the folder from a backup")?;
    if json {
        return print_json(&cards);
    }
    if damaged > 0 {
        term::say_line(format!(
            "{damaged} of the cards can't be read any more: collect them again, and delete what is left."
        ));
    }
    if cards.is_empty() {
        term::say_line("No cards yet. Receive one with `huizheng wallet receive LINK`.");
        return Ok(());
    }
    let paint = Paint::stdout();
    let row = |(number, card): (usize, &Card)| {
        vec![
            (number + 1).to_string(),
            words::title(card),
            plain(&card.holder_line),
            plain(&card.issuer_name.zh),
            words::day(card),
            card.state.id().to_owned(),
        ]
    };
    let rows = cards.iter().enumerate().map(row).collect::<Vec<_>>();
    term::say(table(paint, &["#", "card", "holder", "issuer", "valid until", "state"], &rows));
    Ok(())
}

pub(super) async fn show(wallet: &Wallet, which: &str, json: bool) -> Done {
    refresh(wallet).await;
    let card = find(wallet, which)?;
    if json {
        return print_json(&card);
    }
    let paint = Paint::stdout();
    term::say_line(format!(
        "{}  {}",
        paint.text(Ink::Strong, words::title(&card)),
        words::state(paint, &card.state)
    ));
    term::say(draw(paint, &card));
    Ok(())
}

/// Deletes a card, after asking.
pub(super) async fn delete(wallet: &Wallet, which: &str, yes: bool) -> Done {
    let (id, title) = match find(wallet, which) {
        Ok(card) => (card.id.clone(), words::title(&card)),
        // Of some nothing can be read: they go by their ids alone.
        Err(fault) => {
            let unreadable = wallet.unreadable_cards().or_fault("restore the folder from a backup")?;
            let id = unreadable.into_iter().find(|id| id == which).ok_or(fault)?;
            (id, "what is left of this card".to_owned())
        }
    };
    if !yes && !term::ask(&format!("Delete {title}? Only its issuer can give it again."))? {
        return Err(Fault::new("nothing was deleted", ""));
    }
    wallet.delete_card(&id).await.or_fault("check the folder's rights and space")?;
    term::say_line("Deleted. What others were shown, they must be asked to delete.");
    Ok(())
}

/// Deletes an entry of the log.
pub(super) async fn delete_entry(wallet: &Wallet, entry: &str) -> Done {
    if !wallet.delete_log_entry(entry).await.or_fault("check the folder's rights and space")? {
        let todo = "see the entries' ids with `huizheng wallet log`";
        return Err(Fault::new(format!("there is no entry {entry}"), todo));
    }
    term::say_line("Deleted.");
    Ok(())
}

/// A card's claims and where it is from.
pub(super) fn draw(paint: Paint, card: &Card) -> String {
    let labels = card.claims.iter().map(words::label).collect::<Vec<_>>();
    let columns = labels.iter().map(|label| width(label)).max().unwrap_or(0);
    let mut out = String::new();
    for (label, claim) in labels.iter().zip(&card.claims) {
        let name = paint.text(Ink::Faint, term::pad(label, columns));
        out += &format!("  {name}  {}\n", words::value(claim));
    }
    let formats = card.formats.iter().map(|format| format.as_str()).collect::<Vec<_>>().join(", ");
    out.push('\n');
    out + &pairs(
        paint,
        2,
        &[
            ("issuer", plain(&format!("{} {}", card.issuer_name.zh, card.issuer_name.en))),
            ("did", card.issuer.to_string()),
            ("received", dates::moment(Lang::En, card.received)),
            ("valid until", words::day(card)),
            ("formats", formats),
            ("id", card.id.clone()),
        ],
    )
}

pub(super) fn log(wallet: &Wallet, search: Option<String>, json: bool) -> Done {
    let query = LogQuery { text: search, ..LogQuery::default() };
    let entries = wallet.search_log(&query, None, ENTRIES).or_fault("restore the folder from a backup")?;
    if json {
        return print_json(&entries);
    }
    if entries.is_empty() {
        term::say_line("Nothing yet.");
        return Ok(());
    }
    let row = |entry: &wallet_core::LogEntry| {
        let (what, who, why) = said(&entry.event);
        vec![dates::moment(Lang::En, entry.at), what.to_owned(), plain(&who), plain(&why), entry.id.clone()]
    };
    let rows = entries.iter().map(row).collect::<Vec<_>>();
    term::say(table(Paint::stdout(), &["when", "what", "who", "which", "entry"], &rows));
    Ok(())
}

/// A complaint's draft, for whoever complains to read, complete and send.
pub(super) fn complain(wallet: &Wallet, entry: &str) -> Done {
    let draft = wallet.draft_complaint(entry).or_fault("restore the folder from a backup")?;
    let draft = draft.ok_or_else(|| {
        let text = format!("there is nobody to complain about in an entry {entry}");
        Fault::new(text, "see the entries' ids with `huizheng wallet log`")
    })?;
    for text in [&draft.subject, &draft.body] {
        term::say_line(&text.zh);
        term::say_line(&text.en);
        term::say_line("");
    }
    Ok(())
}

fn said(event: &Event) -> (&'static str, String, String) {
    match event {
        Event::Received { label, issuer_name, .. } => ("received", issuer_name.en.clone(), label.en.clone()),
        Event::Presented { asked, shared, outcome } => {
            let what = match outcome {
                Outcome::Delivered => "shared",
                Outcome::Sent => "may have arrived",
                Outcome::Shown => "shown as a QR code",
                Outcome::Rejected { .. } => "not taken",
            };
            let names = shared.iter().flat_map(|shared| shared.labels.iter().map(|label| label.en.as_str()));
            (what, asked.verifier_name.en.clone(), names.collect::<Vec<_>>().join(", "))
        }
        Event::Declined { asked } => {
            ("declined", asked.verifier_name.en.clone(), asked.purpose_name.en.clone())
        }
        Event::Refused { client_id, name, reason, .. } => {
            let who = name.as_ref().map_or_else(|| client_id.clone(), |name| name.en.clone());
            ("refused by the wallet", who, reason.clone())
        }
        Event::Deleted { label, issuer_name } => ("deleted", issuer_name.en.clone(), label.en.clone()),
    }
}

/// By number in the list, or by id.
pub(super) fn find(wallet: &Wallet, which: &str) -> Done<Card> {
    let broken = "restore the folder from a backup";
    let by_number = which.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let id = match by_number {
        Some(index) => wallet.cards().or_fault(broken)?.into_iter().nth(index).map(|card| card.id),
        None => Some(which.to_owned()),
    };
    let found = id.map(|id| wallet.card(&id)).transpose().or_fault(broken)?.flatten();
    found.ok_or_else(|| {
        Fault::new(format!("there is no card {which}"), "see their numbers with `huizheng wallet list`")
    })
}

async fn refresh(wallet: &Wallet) {
    if let Err(error) = wallet.refresh().await {
        let text = format!("the newest status can't be read ({error})");
        eprintln!("{}", Paint::stderr().text(Ink::Unsure, text));
    }
}

fn print_json(value: &impl serde::Serialize) -> Done {
    term::say_line(serde_json::to_string_pretty(value).or_fault("")?);
    Ok(())
}
