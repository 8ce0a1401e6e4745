//! Collecting by logging in, fetching what took time, renewing.

use protocol::Endpoint;
use service::{Lang, dates};
use wallet_core::{AuthorizeError, Offer, PickedUp, ReceiveError, WaitedFor, Wallet};

use super::card::find;
use super::receive::{not_received, refused, say_received};
use crate::fault::{Done, Fault, OrFault};
use crate::term::{self, Ink, Paint, plain};

/// Collects what an issuer has for whoever logs in there. `place` is an offer's link, or the issuer's address.
pub(super) async fn login(wallet: &Wallet, place: &str, wanted: &[String], answer: Option<String>) -> Done {
    let offer = look(wallet, place).await?;
    if !offer.takes_login() {
        return Err(Fault::new("nobody logs in there", "take an offer with `huizheng wallet receive LINK`"));
    }
    let wanted =
        if wanted.is_empty() && offer.credentials().len() > 1 { choose(&offer)? } else { wanted.to_vec() };
    let begun = wallet.begin_login(&offer, &wanted).await.map_err(|error| not_authorised(&error))?;
    let paint = Paint::stdout();
    term::say_line("Open this in a browser and log in there:");
    term::say_line(format!("  {}", paint.text(Ink::Link, &begun.address)));
    term::say_line(
        "The browser then can't open an address that begins with cn.huizheng.wallet: paste it here.",
    );
    let answer = match answer {
        Some(answer) => answer,
        None => term::line("Address: ")?,
    };
    let received = wallet.finish_login(answer.trim()).await.map_err(|error| not_authorised(&error))?;
    say_received(wallet, &received);
    Ok(())
}

async fn look(wallet: &Wallet, place: &str) -> Done<Offer> {
    let looked = if place.starts_with("http") {
        let issuer = Endpoint::parse(place.trim_end_matches('/'))
            .or_fault("the issuer's address must be https, or http on loopback")?;
        wallet.preview_issuer(&issuer).await
    } else {
        wallet.preview_offer(place).await
    };
    looked.map_err(|error| refused(&error))
}

/// One type at a time: that is what an issuer lets one log in for.
fn choose(offer: &Offer) -> Done<Vec<String>> {
    let mut kinds: Vec<(&str, String)> = Vec::new();
    for credential in offer.credentials() {
        if !kinds.iter().any(|(kind, _)| *kind == credential.kind) {
            kinds
                .push((&credential.kind, plain(&format!("{} {}", credential.label.zh, credential.label.en))));
        }
    }
    let chosen = if kinds.len() > 1 {
        for (number, (_, label)) in kinds.iter().enumerate() {
            term::say_line(format!("  {}  {label}", number + 1));
        }
        let number = term::line("Which? [1] ")?.trim().parse::<usize>().unwrap_or(1);
        kinds.get(number.saturating_sub(1)).or(kinds.first())
    } else {
        kinds.first()
    };
    let kind = chosen.map(|(kind, _)| *kind).unwrap_or_default();
    let of_kind = offer.credentials().iter().filter(|credential| credential.kind == kind);
    Ok(of_kind.map(|credential| credential.configuration.clone()).collect())
}

/// Fetches what issuers said takes time.
pub(super) async fn pick_up(wallet: &Wallet) -> Done {
    let picked = wallet.pick_up().await.or_fault("check the folder's rights and space")?;
    if picked.is_empty() {
        term::say_line("Nothing is being prepared.");
    }
    let paint = Paint::stdout();
    for PickedUp { issuer, configuration, outcome, .. } in picked {
        let what = plain(&format!("{configuration} of {}", issuer.host()));
        match outcome {
            Ok(_) => term::say_line(format!("{} {what}", paint.text(Ink::Good, "✓"))),
            Err(ReceiveError::Deferred) => term::say_line(format!("  {what}: still being prepared")),
            Err(error) => term::say_line(format!("{} {what}: {error}", paint.text(Ink::Bad, "✗"))),
        }
    }
    Ok(())
}

/// What issuers take time for.
pub(super) fn waiting(wallet: &Wallet) -> Done {
    let waited = wallet.waited_for().or_fault("restore the folder from a backup")?;
    if waited.is_empty() {
        term::say_line("Nothing is being prepared.");
    }
    for (number, WaitedFor { issuer, offered, ask_after, .. }) in (1..).zip(waited) {
        let what = plain(&format!("{} of {}", offered.configuration, issuer.host()));
        let from = ask_after.map(|at| format!("; to be asked again from {}", dates::moment(Lang::En, at)));
        term::say_line(format!("{number:>3}  {what}{}", from.unwrap_or_default()));
    }
    Ok(())
}

/// Waits no more for what has this number in the list.
pub(super) async fn give_up(wallet: &Wallet, number: usize, yes: bool) -> Done {
    let waited = wallet.waited_for().or_fault("restore the folder from a backup")?;
    let todo = "see the numbers with `huizheng wallet waiting`";
    let chosen = number.checked_sub(1).and_then(|at| waited.get(at));
    let chosen = chosen.ok_or_else(|| Fault::new(format!("nothing has the number {number}"), todo))?;
    // What one offer gives is given up together.
    for one in waited.iter().filter(|one| one.id == chosen.id) {
        term::say_line(plain(&format!("{} of {}", one.offered.configuration, one.issuer.host())));
    }
    if !yes && !term::ask("Wait no more for it? Only a new offer brings it then.")? {
        return Err(Fault::new("nothing was given up", ""));
    }
    wallet.give_up(&chosen.id).await.map_err(|error| not_received(&error))?;
    term::say_line("Given up.");
    Ok(())
}

/// Renews a card; the one before is revoked by its issuer.
pub(super) async fn renew(wallet: &Wallet, which: &str) -> Done {
    let card = find(wallet, which)?;
    if !wallet.is_renewable(&card.id).or_fault("restore the folder from a backup")? {
        return Err(Fault::new("its issuer does not let the wallet renew it", "ask there for a new offer"));
    }
    let received = wallet.renew(&card.id).await.map_err(|error| not_received(&error))?;
    say_received(wallet, &received);
    Ok(())
}

fn not_authorised(error: &AuthorizeError) -> Fault {
    let todo = match error {
        AuthorizeError::NotOffered(_) => "take an offer with `huizheng wallet receive LINK`",
        AuthorizeError::NotOpen => "begin again, and paste the whole address",
        AuthorizeError::Refused(_) | AuthorizeError::Answer(_) => "ask the issuer",
        AuthorizeError::NotCompleted(_) => "begin again when you want",
        AuthorizeError::Offer(error) => return refused(error),
        AuthorizeError::Receive(error) => return not_received(error),
    };
    Fault::new(error.to_string(), todo)
}
