//! A holder's browser at an issuer: logs in, agrees, and is sent back to the wallet.

use std::time::Duration;

use service::outbound;

const LIMIT: usize = 1 << 20;

/// Opens a wallet's login address, logs in as this one of the demo's citizens and says yes; what comes back is the address
/// that the browser is sent to.
pub async fn log_in(address: &str, citizen: usize) -> String {
    let mut browser = Browser { client: outbound::client(Duration::from_secs(30)), cookie: String::new() };
    let issuer = origin(address);
    let at = |path: &str| format!("{issuer}{path}");
    let (status, to, _) = browser.get(address).await;
    assert_eq!((status, to.as_str()), (303, "/authorize/citizens"));
    let (_, _, page) = browser.get(&at("/authorize/citizens")).await;
    let chosen = format!("csrf={}&citizen={citizen}", csrf(&page));
    let (_, to) = browser.post(&at("/authorize/citizens"), chosen).await;
    assert_eq!(to, "/authorize/consent");
    let (_, _, page) = browser.get(&at("/authorize/consent")).await;
    let (_, to) =
        browser.post(&at("/authorize/consent"), format!("csrf={}&decision=agree", csrf(&page))).await;
    to
}

struct Browser {
    client: reqwest::Client,
    cookie: String,
}

impl Browser {
    async fn get(&mut self, url: &str) -> (u16, String, String) {
        let answer =
            self.client.get(url).header("cookie", &self.cookie).header("accept", "text/html").send().await;
        let answer = answer.expect("an answer");
        if let Some(cookie) =
            header(&answer, "set-cookie").split(';').next().filter(|cookie| !cookie.is_empty())
        {
            cookie.clone_into(&mut self.cookie);
        }
        let (status, to) = (answer.status().as_u16(), header(&answer, "location"));
        let body = outbound::body(answer, LIMIT).await.expect("a page");
        (status, to, String::from_utf8_lossy(&body).into_owned())
    }

    async fn post(&self, url: &str, form: String) -> (u16, String) {
        let request = self.client.post(url).header("cookie", &self.cookie).header("accept", "text/html");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), header(&answer, "location"))
    }
}

fn header(answer: &reqwest::Response, name: &str) -> String {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn origin(address: &str) -> String {
    address.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn csrf(page: &str) -> String {
    let marker = "name=\"csrf\" value=\"";
    let at = page.find(marker).unwrap_or_else(|| panic!("no form: {page}")) + marker.len();
    page[at..].split('"').next().unwrap_or_default().to_owned()
}
