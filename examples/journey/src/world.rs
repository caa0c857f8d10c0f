//! The agents of the journey: their configuration files, and which of them run.

use crate::{Route, dns::Dns, pki::Authority};
use agent::{Failure, Service};
use posta_net::Stop;
use std::{
    collections::BTreeMap,
    fmt::Write,
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};
use tokio::net::TcpSocket;

/// Any free port of loopback, in a configuration.
const FREE: &str = "127.0.0.1:0";

/// Who writes, with the password she is known by here.
pub const ANA: User = User { name: "Ana", address: "ana@a.org", password: "wonderland" };
/// Who reads.
pub const BEA: User = User { name: "Bea", address: "bea@b.com", password: "looking-glass" };

/// Bea, if she has her mail where Ana has hers.
pub const BEA_AT_A: User = User { name: "Bea", address: "bea@a.org", password: "looking-glass" };

/// As whom Ana's provider logs in at its smart host.
const PROVIDER: User = User { name: "provider", address: "a.org", password: "tea-party" };

/// A user of one of the two domains.
#[derive(Debug)]
pub struct User {
    /// The display name.
    pub name: &'static str,
    /// The address, which is the login too.
    pub address: &'static str,
    /// The password.
    pub password: &'static str,
}

/// DNS, authority, and all agents that a route needs, on free ports of loopback.
#[expect(missing_debug_implementations, reason = "it holds private keys")]
pub struct World {
    route: Route,
    folder: PathBuf,
    authority: Authority,
    dns: Dns,
    stop: Stop,
    services: Vec<Service>,
    a: Site,
    b: Site,
    /// The ports that stand for port 25 of each relay.
    ports: BTreeMap<&'static str, Port>,
}

/// One of the domains: where its users read and send, and where their mail is delivered.
struct Site {
    domain: &'static str,
    /// Its best mail host, which is also its submission server.
    host: &'static str,
    users: &'static [User],
    lmtp: SocketAddr,
    submission: SocketAddr,
    submissions: SocketAddr,
    pop3: SocketAddr,
    pop3s: SocketAddr,
    imap: SocketAddr,
    imaps: SocketAddr,
}

/// What is particular about a relay.
#[derive(Default)]
struct Relay {
    /// The domains that it takes mail for.
    domains: Vec<&'static str>,
    /// Where it delivers that.
    deliver: Option<SocketAddr>,
    /// Who may submit mail to it.
    users: Vec<&'static User>,
    /// Lines for its `[relay]` section.
    more: String,
}

/// The relays of this world.
const RELAYS: [&str; 6] =
    ["mx.a.org", "mx1.b.com", "mx2.b.com", "laptop.a.org", "smtp.example.net", "inner.b.com"];

/// A port, held so that nobody else gets it until its server starts.
struct Port {
    address: SocketAddr,
    held: Option<TcpSocket>,
}

impl Port {
    fn reserve() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { address: socket.local_addr()?, held: Some(socket) })
    }
}

impl Site {
    fn new(domain: &'static str, host: &'static str, users: &'static [User]) -> Self {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            domain,
            host,
            users,
            lmtp: nowhere,
            submission: nowhere,
            submissions: nowhere,
            pop3: nowhere,
            pop3s: nowhere,
            imap: nowhere,
            imaps: nowhere,
        }
    }
}

impl World {
    /// Writes everything into `folder` and starts the agents. If the route has an outage, `mx1.b.com` stays
    /// down.
    ///
    /// # Errors
    /// A file cannot be written or an agent cannot start.
    pub async fn start(folder: &Path, route: Route) -> Result<Self, Failure> {
        let folder = fs::canonicalize(folder)?;
        let authority = Authority::new(&folder)?;
        let mut ports = BTreeMap::new();
        for host in RELAYS {
            ports.insert(host, Port::reserve()?);
        }
        let mut world = Self {
            route,
            folder,
            authority,
            dns: Dns::start().await?,
            stop: Stop::new(),
            services: Vec::new(),
            a: Site::new("a.org", "mx.a.org", &[ANA, BEA_AT_A]),
            b: Site::new("b.com", "mx1.b.com", &[BEA]),
            ports,
        };
        for site in [Self::a, Self::b] {
            world.start_mda(site).await?;
            world.start_maa(site).await?;
        }
        world.start_relays().await?;
        if route.outage() == 0 {
            world.start_mx1().await?;
        }
        Ok(world)
    }

    /// Starts `mx1.b.com`, which delivers to the MDA, or to the inner relay.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub async fn start_mx1(&mut self) -> Result<(), Failure> {
        let mut relay = Relay {
            domains: vec!["b.com"],
            deliver: Some(self.b.lmtp),
            users: vec![&BEA],
            ..Relay::default()
        };
        if self.route == Route::TwoTier {
            relay.deliver = None;
            relay.more = format!("routes = {{ \"b.com\" = \"{}\" }}\n", self.port("inner.b.com"));
        }
        let service = self.start_mta("mx1.b.com", relay).await?;
        self.b.submission = address(&service, "submission");
        self.b.submissions = self.keep(service, "submissions");
        Ok(())
    }

    /// Starts all relays of the route but `mx1.b.com`.
    async fn start_relays(&mut self) -> Result<(), Failure> {
        let backup = Relay { domains: vec!["b.com"], ..Relay::default() };
        let service = self.start_mta("mx2.b.com", backup).await?;
        self.keep(service, "mx");
        let mut provider = Relay {
            domains: vec!["a.org"],
            deliver: Some(self.a.lmtp),
            users: vec![&ANA, &BEA_AT_A],
            ..Relay::default()
        };
        match self.route {
            Route::OwnMta => {
                let more = "networks = [\"127.0.0.0/8\"]\n".to_owned();
                let service =
                    self.start_mta("laptop.a.org", Relay { more, ..Relay::default() }).await?;
                self.keep(service, "mx");
            }
            Route::SmartHost => {
                let smart = Relay { users: vec![&PROVIDER], ..Relay::default() };
                let service = self.start_mta("smtp.example.net", smart).await?;
                let at = self.keep(service, "submission");
                provider.more = format!(
                    "smart_host = {{ host = \"smtp.example.net\", connect = \"{at}\", security = \"starttls\", \
                     user = {:?}, password = {:?} }}\n",
                    PROVIDER.address, PROVIDER.password,
                );
            }
            Route::TwoTier => {
                let (domains, deliver) = (vec!["b.com"], Some(self.b.lmtp));
                let inner = Relay { domains, deliver, ..Relay::default() };
                let service = self.start_mta("inner.b.com", inner).await?;
                self.keep(service, "mx");
            }
            Route::Direct | Route::Submission | Route::SameServer | Route::BackupMx => {}
        }
        let service = self.start_mta("mx.a.org", provider).await?;
        self.a.submission = address(&service, "submission");
        self.a.submissions = self.keep(service, "submissions");
        Ok(())
    }

    /// The configuration of Ana's mail program, or, once `mx1.b.com` runs, of Bea's.
    ///
    /// # Errors
    /// The file cannot be written or read back.
    pub fn mail_program(&self, user: &User) -> Result<mua::Config, Failure> {
        let site = if user.address.ends_with("@a.org") { &self.a } else { &self.b };
        let (host, connect, login) = match (self.route, user.address == ANA.address) {
            (Route::OwnMta, true) => ("laptop.a.org", self.port("laptop.a.org"), false),
            (Route::Direct, true) => ("mx1.b.com", self.port("mx1.b.com"), false),
            _ => (site.host, site.submission, true),
        };
        let who = format!("user = {:?}\npassword = {:?}\n", user.address, user.password);
        let domain = site.domain;
        let submits_as = if login { &*who } else { "" };
        let text = format!(
            "name = {:?}\naddress = {:?}\nca = {:?}\n\n\
             [submission]\nhost = {host:?}\nconnect = \"{connect}\"\nsecurity = \"starttls\"\n{submits_as}\n\
             [imap]\nhost = \"mail.{domain}\"\nconnect = \"{}\"\nsecurity = \"tls\"\n{who}\n\
             [pop3]\nhost = \"mail.{domain}\"\nconnect = \"{}\"\nsecurity = \"tls\"\n{who}",
            user.name,
            user.address,
            self.authority.certificate(),
            site.imaps,
            site.pop3s,
        );
        self.config(&format!("mua-{}", user.name.to_lowercase()), &text)
    }

    /// Writes the settings that a mail program needs into `settings.toml` and returns them: Ana sends,
    /// Bea reads.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn settings(&self) -> io::Result<String> {
        let mut text = format!("ca = {:?}\n", self.authority.certificate());
        for user in [&ANA, &BEA] {
            // Writing into a String cannot fail, here and below.
            let _ = write!(
                text,
                "\n[{}]\naddress = {:?}\npassword = {:?}\n",
                user.name.to_lowercase(),
                user.address,
                user.password,
            );
        }
        for (service, address, security) in [
            ("submission", self.a.submission, "STARTTLS"),
            ("submissions", self.a.submissions, "TLS"),
            ("pop3", self.b.pop3, "STARTTLS"),
            ("pop3s", self.b.pop3s, "TLS"),
            ("imap", self.b.imap, "STARTTLS"),
            ("imaps", self.b.imaps, "TLS"),
            ("mx", self.port("mx1.b.com"), "STARTTLS"),
        ] {
            let (host, port) = (address.ip(), address.port());
            let _ = write!(
                text,
                "\n[{service}]\nhost = \"{host}\"\nport = {port}\nsecurity = \"{security}\"\n"
            );
        }
        fs::write(self.folder.join("settings.toml"), &text)?;
        Ok(text)
    }

    /// Stops every agent and waits until their sessions are finished.
    ///
    /// # Errors
    /// An agent panicked.
    pub async fn stop(self) -> Result<(), Failure> {
        self.stop.stop();
        for service in self.services {
            service.finished().await?;
        }
        Ok(())
    }

    fn a(&mut self) -> &mut Site {
        &mut self.a
    }

    fn b(&mut self) -> &mut Site {
        &mut self.b
    }

    async fn start_mda(&mut self, site: fn(&mut Self) -> &mut Site) -> Result<(), Failure> {
        let Site { domain, users, .. } = *site(self);
        let mailboxes = self.mailboxes(users);
        let aliases = self.folder.join(format!("aliases-{domain}"));
        fs::write(&aliases, format!("team@{domain}: {}, {}\n", ANA.address, BEA.address))?;
        // The relay of Ana's machine: the only one that sends for its neighbours, where it runs.
        let text = format!(
            "hostname = \"mda.{domain}\"\nlisten = [{FREE:?}]\naliases = {aliases:?}\nrelay = \"{}\"\n\n{mailboxes}",
            self.port("laptop.a.org"),
        );
        let config = self.config(&format!("mda.{domain}"), &text)?;
        let service = mda::start(config, self.stop.clone()).await?;
        site(self).lmtp = self.keep(service, "lmtp");
        Ok(())
    }

    async fn start_maa(&mut self, site: fn(&mut Self) -> &mut Site) -> Result<(), Failure> {
        let Site { domain, users, .. } = *site(self);
        let host = format!("mail.{domain}");
        let text = format!(
            "hostname = {host:?}\nusers = {:?}\n\n[listen]\npop3 = [{FREE:?}]\npop3s = [{FREE:?}]\n\
             imap = [{FREE:?}]\nimaps = [{FREE:?}]\n\n{}\n{}",
            self.users(&host, users)?,
            self.tls(&host)?,
            self.mailboxes(users),
        );
        let config = self.config(&format!("maa.{domain}"), &text)?;
        let service = maa::start(config, self.stop.clone()).await?;
        let site = site(self);
        site.pop3 = address(&service, "pop3");
        site.pop3s = address(&service, "pop3s");
        site.imap = address(&service, "imap");
        site.imaps = address(&service, "imaps");
        self.services.push(service);
        Ok(())
    }

    async fn start_mta(&mut self, host: &'static str, relay: Relay) -> Result<Service, Failure> {
        let mx = self.port(host);
        let (mut deliver, mut users, mut submission) =
            (String::new(), String::new(), String::new());
        if let Some(lmtp) = relay.deliver {
            deliver = format!("deliver = \"{lmtp}\"\n");
        }
        if !relay.users.is_empty() {
            users = format!("users = {:?}\n", self.users(host, relay.users)?);
            submission = format!("submission = [{FREE:?}]\nsubmissions = [{FREE:?}]\n");
        }
        let text = format!(
            "hostname = {host:?}\nspool = {:?}\ndomains = {:?}\n{deliver}{users}\n\
             [listen]\nmx = [\"{mx}\"]\n{submission}\n{}\n{}",
            self.folder.join(format!("spool-{host}")),
            relay.domains,
            self.tls(host)?,
            self.routing(&relay.more),
        );
        let config = self.config(host, &text)?;
        let mut held = self.ports.get_mut(host).and_then(|port| port.held.take());
        // Linux lets a server listen at a port that is only held. Elsewhere it is free for a moment.
        if !cfg!(target_os = "linux") {
            held = None;
        }
        let service = mta::start(config, self.stop.clone()).await;
        drop(held);
        service
    }

    /// How a relay of this world finds its way: its DNS, the ports that stand for 25, and a short retry.
    fn routing(&self, more: &str) -> String {
        let mut text = format!(
            "[dns]\nservers = [\"{}\"]\n\n[relay]\nca = {:?}\nreach = \"any\"\n{more}\n[relay.ports]\n",
            self.dns.address(),
            self.authority.certificate(),
        );
        for (host, port) in &self.ports {
            let _ = writeln!(text, "{host:?} = {}", port.address.port());
        }
        text + "\n[retry]\nfirst_seconds = 0.25\n"
    }

    /// The address that stands for port 25 of a relay.
    fn port(&self, host: &str) -> SocketAddr {
        self.ports.get(host).map_or_else(|| (Ipv4Addr::LOCALHOST, 0).into(), |port| port.address)
    }

    fn tls(&self, host: &str) -> io::Result<String> {
        let files = self.authority.issue(&[host, "localhost", "127.0.0.1"])?;
        Ok(format!("[tls]\ncertificate = {:?}\nkey = {:?}\n", files.certificate, files.key))
    }

    /// The password file of a server.
    fn users(
        &self,
        host: &str,
        users: impl IntoIterator<Item = &'static User>,
    ) -> Result<PathBuf, Failure> {
        let mut text = String::new();
        for user in users {
            text.push_str(&agent::make_keys(user.address, user.password)?);
        }
        let path = self.folder.join(format!("users-{host}"));
        fs::write(&path, text)?;
        Ok(path)
    }

    /// The Maildir of a user.
    pub(crate) fn maildir(&self, user: &User) -> PathBuf {
        self.folder.join(format!("maildir-{}", user.address))
    }

    fn mailboxes(&self, users: &[User]) -> String {
        let mut text = "[mailboxes]\n".to_owned();
        for user in users {
            let _ = writeln!(text, "{:?} = {:?}", user.address, self.maildir(user));
        }
        text
    }

    /// Keeps a service running, and tells where one of its parts listens.
    fn keep(&mut self, service: Service, name: &str) -> SocketAddr {
        let at = address(&service, name);
        self.services.push(service);
        at
    }

    /// Writes a configuration file and reads it back as an agent does.
    fn config<T: serde::de::DeserializeOwned>(&self, name: &str, text: &str) -> Result<T, Failure> {
        let path = self.folder.join(format!("{name}.toml"));
        fs::write(&path, text)?;
        Ok(agent::load(&path)?)
    }
}

/// Where a service listens, if it does.
fn address(service: &Service, name: &str) -> SocketAddr {
    service.address(name).unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())
}
