//! The agents of the journey: their configuration files, and which of them run.

use crate::{dns::Dns, pki::Authority};
use agent::{Failure, Service};
use posta_net::Stop;
use std::{
    fmt::Write,
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};
use tokio::net::TcpSocket;

/// Who writes and who reads, with the passwords they are known by here.
pub const ANA: User = User { name: "Ana", address: "ana@a.org", password: "wonderland" };
/// See [`ANA`].
pub const BEA: User = User { name: "Bea", address: "bea@b.com", password: "looking-glass" };

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

/// DNS, authority, and all agents but `mx1`, running on free ports of loopback.
#[expect(missing_debug_implementations, reason = "it holds private keys")]
pub struct World {
    folder: PathBuf,
    authority: Authority,
    dns: Dns,
    stop: Stop,
    services: Vec<Service>,
    /// The port of mx1, held so that nobody else gets it while mx1 is down.
    held: Option<TcpSocket>,
    mx1: SocketAddr,
    mx2: SocketAddr,
    lmtp: SocketAddr,
    submission: SocketAddr,
    submissions: SocketAddr,
    pop3: SocketAddr,
    pop3s: SocketAddr,
}

impl World {
    /// Writes everything into `folder` and starts the agents; `mx1.b.com` stays down.
    ///
    /// # Errors
    /// A file cannot be written or an agent cannot start.
    pub async fn start(folder: &Path) -> Result<Self, Failure> {
        let folder = fs::canonicalize(folder)?;
        let authority = Authority::new(&folder)?;
        let dns = Dns::start().await?;
        let held = TcpSocket::new_v4()?;
        held.set_reuseaddr(true)?;
        held.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let mx1 = held.local_addr()?;
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut world = Self {
            folder,
            authority,
            dns,
            stop: Stop::new(),
            services: Vec::new(),
            held: Some(held),
            mx1,
            mx2: nowhere,
            lmtp: nowhere,
            submission: nowhere,
            submissions: nowhere,
            pop3: nowhere,
            pop3s: nowhere,
        };
        world.start_mda().await?;
        world.start_maa().await?;
        world.mx2 = world.start_mx("mx2.b.com", "127.0.0.1:0", None).await?;
        world.start_provider().await?;
        Ok(world)
    }

    /// Starts `mx1.b.com`, which delivers to the MDA.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub async fn start_mx1(&mut self) -> Result<(), Failure> {
        self.held = None;
        let (at, lmtp) = (self.mx1.to_string(), self.lmtp.to_string());
        self.start_mx("mx1.b.com", &at, Some(&lmtp)).await?;
        Ok(())
    }

    /// The configuration of Ana's or Bea's mail program.
    ///
    /// # Errors
    /// The file cannot be written or read back.
    pub fn mail_program(&self, user: &User) -> Result<mua::Config, Failure> {
        let text = format!(
            "name = {:?}\naddress = {:?}\nca = {:?}\n\n[submission]\nhost = \"mx.a.org\"\nconnect = \"{}\"\n\
             security = \"starttls\"\nuser = {:?}\npassword = {:?}\n\n[pop3]\nhost = \"pop.b.com\"\n\
             connect = \"{}\"\nsecurity = \"tls\"\nuser = {:?}\npassword = {:?}\n",
            user.name,
            user.address,
            self.authority.certificate(),
            self.submission,
            user.address,
            user.password,
            self.pop3s,
            user.address,
            user.password,
        );
        self.config(&format!("mua-{}", user.name.to_lowercase()), &text)
    }

    /// Writes the settings that a mail program needs into `settings.toml` and returns them.
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
            ("submission", self.submission, "STARTTLS"),
            ("submissions", self.submissions, "TLS"),
            ("pop3", self.pop3, "STARTTLS"),
            ("pop3s", self.pop3s, "TLS"),
            ("mx", self.mx1, "STARTTLS"),
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

    async fn start_mda(&mut self) -> Result<(), Failure> {
        let text = format!(
            "hostname = \"mda.b.com\"\nlisten = [\"127.0.0.1:0\"]\n\n[mailboxes]\n{:?} = {:?}\n",
            BEA.address,
            self.maildir(),
        );
        let service = mda::start(self.config("mda", &text)?, self.stop.clone()).await?;
        self.lmtp = self.keep(service, &["lmtp"])[0];
        Ok(())
    }

    async fn start_maa(&mut self) -> Result<(), Failure> {
        let text = format!(
            "hostname = \"pop.b.com\"\nusers = {:?}\n\n[listen]\npop3 = [\"127.0.0.1:0\"]\npop3s = [\"127.0.0.1:0\"]\n\n\
             {}\n[mailboxes]\n{:?} = {:?}\n",
            self.users(&BEA)?,
            self.tls("pop.b.com")?,
            BEA.address,
            self.maildir(),
        );
        let service = maa::start(self.config("maa", &text)?, self.stop.clone()).await?;
        let at = self.keep(service, &["pop3", "pop3s"]);
        (self.pop3, self.pop3s) = (at[0], at[1]);
        Ok(())
    }

    /// A mail host of b.com: the first delivers by LMTP, the second holds the mail for the first.
    async fn start_mx(
        &mut self,
        host: &str,
        listen: &str,
        lmtp: Option<&str>,
    ) -> Result<SocketAddr, Failure> {
        let deliver = lmtp.map_or_else(String::new, |lmtp| format!("deliver = {lmtp:?}\n"));
        let text = format!(
            "hostname = {host:?}\nspool = {:?}\ndomains = [\"b.com\"]\n{deliver}\n[listen]\nmx = [{listen:?}]\n\n{}\n{}",
            self.folder.join(format!("spool-{host}")),
            self.tls(host)?,
            self.routing(),
        );
        let service = mta::start(self.config(host, &text)?, self.stop.clone()).await?;
        Ok(self.keep(service, &["mx"])[0])
    }

    /// Ana's provider: takes her submissions and relays them.
    async fn start_provider(&mut self) -> Result<(), Failure> {
        let text = format!(
            "hostname = \"mx.a.org\"\nspool = {:?}\ndomains = [\"a.org\"]\nusers = {:?}\n\n[listen]\n\
             submission = [\"127.0.0.1:0\"]\nsubmissions = [\"127.0.0.1:0\"]\n\n{}\n{}",
            self.folder.join("spool-mx.a.org"),
            self.users(&ANA)?,
            self.tls("mx.a.org")?,
            self.routing(),
        );
        let service = mta::start(self.config("mx.a.org", &text)?, self.stop.clone()).await?;
        let at = self.keep(service, &["submission", "submissions"]);
        (self.submission, self.submissions) = (at[0], at[1]);
        Ok(())
    }

    /// How a relay of this world finds its way: its DNS, the ports that stand for 25, and a short retry.
    fn routing(&self) -> String {
        format!(
            "[dns]\nservers = [\"{}\"]\n\n[relay]\nca = {:?}\nreach = \"any\"\n\n[relay.ports]\n\"mx1.b.com\" = {}\n\"mx2.b.com\" = {}\n\n\
             [retry]\nfirst_seconds = 0.25\n",
            self.dns.address(),
            self.authority.certificate(),
            self.mx1.port(),
            self.mx2.port(),
        )
    }

    fn tls(&self, host: &str) -> io::Result<String> {
        let files = self.authority.issue(&[host, "localhost", "127.0.0.1"])?;
        Ok(format!("[tls]\ncertificate = {:?}\nkey = {:?}\n", files.certificate, files.key))
    }

    /// The password file of the servers that `user` logs in to.
    fn users(&self, user: &User) -> Result<PathBuf, Failure> {
        let path = self.folder.join(format!("users-{}", user.name.to_lowercase()));
        fs::write(&path, agent::make_keys(user.address, user.password)?)?;
        Ok(path)
    }

    fn maildir(&self) -> PathBuf {
        self.folder.join("maildir-bea")
    }

    /// Notes where a service listens, and keeps it running.
    fn keep(&mut self, service: Service, names: &[&str]) -> Vec<SocketAddr> {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let at = names.iter().map(|name| service.address(name).unwrap_or(nowhere)).collect();
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
