//! `huizheng` as a process.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use credentials::jws;
use registry::Did;
use serde_json::{Value, json};
use service::outbound;

use crate::stack::{Network, Reply, TOKEN};

/// The program.
pub(crate) fn huizheng(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizheng"));
    command.args(words).stdin(Stdio::null());
    command
}

/// A folder with a verifier's settings.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    port: u16,
}

impl Place {
    /// Asks for a licence's name and credit code; `policy` is more of that purpose's file, `more` of the settings.
    pub(crate) fn make(network: &Network, policy: &str, more: &str) -> Self {
        let folder = network.dir.path().join("counter");
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = Self { port: free.local_addr().unwrap().port(), folder };
        let port = place.port;
        let settings = format!(
            "listen = \"127.0.0.1:{port}\"\nnode_urls = [\"{}\"]\nanchor_file = \"anchor.json\"\ndata_dir = \"data\"\n\
             [tenants.bank]\nname = {{ zh = \"窗口\", en = \"Counter\" }}\nbase_url = \"http://127.0.0.1:{port}\"\n\
             policies_dir = \"policies\"\n[[tenants.bank.staff]]\nname = \"one\"\ntoken_file = \"one.token\"\n{more}",
            network.node_url
        );
        place.write("verifier.toml", &settings);
        place.write("anchor.json", serde_json::to_string(&network.anchor).unwrap());
        let asks = "[[asks]]\ncredential_type = 'business-licence'\nclaims = ['name', 'creditCode']\n";
        let purpose = format!("id = 'open-account'\ntitle = {{ zh = '甲', en = 'A' }}\n{asks}{policy}");
        place.write("policies/open-account.toml", &purpose);
        place.write_secret("one.token", TOKEN);
        place
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        self.path(name)
    }

    pub(crate) fn write_secret(&self, name: &str, content: &str) -> String {
        let path = self.write(name, content);
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// `huizheng verifier run`, killed when it is dropped.
pub(crate) struct Running {
    process: Child,
    http: reqwest::Client,
    base: String,
}

impl Running {
    /// Starts it with these variables, and waits until it answers at `path` with 200.
    pub(crate) async fn start(place: &Place, variables: &[(&str, &str)], path: &str) -> Self {
        let mut command = huizheng(&["verifier", "run", "--config", &place.path("verifier.toml")]);
        command.envs(variables.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null());
        let (process, http) = (command.spawn().unwrap(), outbound::client(Duration::from_secs(20)));
        let mut running = Self { process, http, base: place.url("") };
        let began = Instant::now();
        loop {
            let answer = running.http.get(place.url(path)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return running;
            }
            let ended = running.process.try_wait().unwrap();
            assert!(
                ended.is_none() && began.elapsed() < Duration::from_secs(120),
                "it isn't ready: {ended:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn kill(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }

    /// Asks for the purpose; the request's name and URI.
    pub(crate) async fn ask(&self) -> (String, String) {
        let wish = json!({ "purpose": "open-account", "response_mode": "direct_post" });
        let request = self.http.post(format!("{}/api/requests", self.base)).bearer_auth(TOKEN);
        let request = request.header("content-type", "application/json").body(wish.to_string());
        let asked = Reply::read(request.send().await.unwrap()).await;
        assert_eq!(asked.status, 201);
        let text = |name: &str| asked.body[name].as_str().unwrap().to_owned();
        (text("id"), text("request_uri"))
    }

    /// Who it is to wallets.
    pub(crate) async fn did(&self) -> Did {
        let (_, uri) = self.ask().await;
        let token = self.http.get(uri).send().await.unwrap().text().await.unwrap();
        let token = jws::Unverified::parse(&token).unwrap();
        let client = token.dangerous_claims()["client_id"].as_str().unwrap();
        client.strip_prefix("decentralized_identifier:").unwrap().parse().unwrap()
    }

    /// Where a request stands.
    pub(crate) async fn read(&self, id: &str) -> Value {
        let url = format!("{}/api/requests/{id}", self.base);
        Reply::read(self.http.get(url).bearer_auth(TOKEN).send().await.unwrap()).await.body
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits for a command on a thread of its own: the node that it asks is this process.
pub(crate) async fn output(mut command: Command) -> std::process::Output {
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}
