//! Receiving in the terminal.

use wallet_core::{OfferRefused, ReceiveError, Received, Wallet};

use super::{card, words};
use crate::fault::{Done, Fault};
use crate::term::{self, Ink, Paint, plain};

pub(super) async fn run(wallet: &Wallet, link: &str, tx_code: Option<String>, yes: bool) -> Done {
    let paint = Paint::stdout();
    let offer = wallet.preview_offer(link).await.map_err(|error| refused(&error))?;
    let called =
        offer.self_called().map_or_else(|| offer.issuer().host(), |name| format!("{} {}", name.zh, name.en));
    term::say_line(format!("{} offers:", paint.text(Ink::Strong, plain(&called))));
    for credential in offer.credentials() {
        let label = plain(&format!("{} {}", credential.label.zh, credential.label.en));
        term::say_line(format!("  {label}  {}", paint.text(Ink::Faint, credential.format.as_str())));
    }
    if !yes && !term::ask("Take it?")? {
        return Err(Fault::new("nothing was taken", ""));
    }
    let mut code = match (offer.tx_code(), tx_code) {
        (None, _) => None,
        (Some(_), Some(code)) => Some(code),
        (Some(_), None) => Some(term::line("Transaction code: ")?),
    };
    let received = loop {
        match wallet.receive(&offer, code.as_deref()).await {
            Ok(received) => break received,
            // On a terminal there is another chance; a script gets the error.
            Err(error @ (ReceiveError::TxCodeWrong { .. } | ReceiveError::TxCodeForm)) if !yes => {
                eprintln!("{}", Paint::stderr().text(Ink::Unsure, &error));
                code = Some(term::line("Transaction code: ")?);
                if code.as_deref() == Some("") {
                    return Err(not_received(&error));
                }
            }
            Err(error) => return Err(not_received(&error)),
        }
    };
    say_received(wallet, &received);
    Ok(())
}

/// What came, and what did not.
pub(super) fn say_received(wallet: &Wallet, received: &Received) {
    let paint = Paint::stdout();
    for one in &received.cards {
        let one = wallet.card(&one.id).ok().flatten().unwrap_or_else(|| one.clone());
        term::say_line(format!(
            "\n{} {}  {}",
            paint.text(Ink::Good, "✓"),
            words::title(&one),
            words::state(paint, &one.state)
        ));
        term::say(card::draw(paint, &one));
    }
    for failed in &received.failed {
        eprintln!(
            "{} {}: {}",
            Paint::stderr().text(Ink::Unsure, "not received"),
            failed.credential.configuration,
            failed.error
        );
    }
}

pub(super) fn refused(error: &OfferRefused) -> Fault {
    let todo = match error {
        OfferRefused::Web(_) => "check the address and the connection",
        OfferRefused::Offer(_) | OfferRefused::Status(_) => "get a new offer on the application's page",
        OfferRefused::NothingKnown | OfferRefused::NoPreAuthorizedCode => {
            "this wallet can't take offers of this kind"
        }
        OfferRefused::Metadata(_)
        | OfferRefused::UnknownConfiguration(_)
        | OfferRefused::OtherAuthorizationServer => "ask the issuer",
    };
    Fault::new(error.to_string(), todo)
}

pub(super) fn not_received(error: &ReceiveError) -> Fault {
    let todo = match error {
        ReceiveError::TxCodeMissing | ReceiveError::TxCodeForm | ReceiveError::TxCodeWrong { .. } => {
            "it stands beside the offer's QR code"
        }
        ReceiveError::CodeRefused | ReceiveError::TokenRefused(_) => {
            "get a new offer on the application's page"
        }
        ReceiveError::Deferred => {
            "it takes time: fetch it with `huizheng wallet pick-up`; `huizheng wallet waiting` says from when"
        }
        ReceiveError::Unavailable(_) | ReceiveError::UnderWay => "try again in a few minutes",
        ReceiveError::Web(_) | ReceiveError::Chain(_) => "check the connection and try again",
        ReceiveError::Keys(_) | ReceiveError::Vault(_) => "check the folder's rights and space",
        ReceiveError::TokenUnusable(_)
        | ReceiveError::CredentialRefused(_)
        | ReceiveError::Demands(_)
        | ReceiveError::NoCommonAlgorithm
        | ReceiveError::Unreadable(_)
        | ReceiveError::Status(_)
        | ReceiveError::Rejected(_) => "ask the issuer; nothing was kept",
    };
    Fault::new(error.to_string(), todo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_must_wait_is_told_how_it_comes() {
        let said = format!("{:?}", not_received(&ReceiveError::Deferred));
        assert!(said.contains("wallet pick-up") && !said.contains("nothing was kept"), "{said}");
    }
}
