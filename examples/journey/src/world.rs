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

/// Any free port of loopback, in a configuration.
const FREE: &str = "127.0.0.1:0";

/// Who writes, with the password she is known by here.
pub const ANA: User = User { name: "Ana", address: "ana@a.org", password: "wonderland" };
/// Who reads.
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

/// DNS, authority, and all agents of `a.org` and `b.com` but `mx1`, running on free ports of loopback.
#[expect(missing_debug_implementations, reason = "it holds private keys")]
pub struct World {
    folder: PathBuf,
    authority: Authority,
    dns: Dns,
    stop: Stop,
    services: Vec<Service>,
    a: Site,
    b: Site,
    mx1: Port,
    mx2: Port,
}

/// One of the domains: where its only user sends and reads, and where her mail is delivered.
struct Site {
    domain: &'static str,
    /// Its best mail host, which is also its submission server.
    host: &'static str,
    user: &'static User,
    mx: SocketAddr,
    lmtp: SocketAddr,
    submission: SocketAddr,
    submissions: SocketAddr,
    pop3: SocketAddr,
    pop3s: SocketAddr,
}

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

    /// Lets it go, for its server to take.
    fn release(&mut self) -> SocketAddr {
        self.held = None;
        self.address
    }
}

impl Site {
    fn new(domain: &'static str, host: &'static str, user: &'static User, mx: SocketAddr) -> Self {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let [lmtp, submission, submissions, pop3, pop3s] = [nowhere; 5];
        Self { domain, host, user, mx, lmtp, submission, submissions, pop3, pop3s }
    }
}

impl World {
    /// Writes everything into `folder` and starts the agents; `mx1.b.com` stays down.
    ///
    /// # Errors
    /// A file cannot be written or an agent cannot start.
    pub async fn start(folder: &Path) -> Result<Self, Failure> {
        let folder = fs::canonicalize(folder)?;
        let authority = Authority::new(&folder)?;
        let (mut mx, mx1, mx2) = (Port::reserve()?, Port::reserve()?, Port::reserve()?);
        let mut world = Self {
            folder,
            authority,
            dns: Dns::start().await?,
            stop: Stop::new(),
            services: Vec::new(),
            a: Site::new("a.org", "mx.a.org", &ANA, mx.address),
            b: Site::new("b.com", "mx1.b.com", &BEA, mx1.address),
            mx1,
            mx2,
        };
        for site in [Self::a, Self::b] {
            world.start_mda(site).await?;
            world.start_maa(site).await?;
        }
        world.start_backup().await?;
        mx.release();
        world.start_mta(Self::a).await?;
        Ok(world)
    }

    /// Starts `mx1.b.com`, which delivers to the MDA.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub async fn start_mx1(&mut self) -> Result<(), Failure> {
        self.mx1.release();
        self.start_mta(Self::b).await
    }

    /// The configuration of Ana's mail program, or, once `mx1.b.com` runs, of Bea's.
    ///
    /// # Errors
    /// The file cannot be written or read back.
    pub fn mail_program(&self, user: &User) -> Result<mua::Config, Failure> {
        let site = if user.address == self.a.user.address { &self.a } else { &self.b };
        let text = format!(
            "name = {:?}\naddress = {:?}\nca = {:?}\n\n\
             [submission]\nhost = {:?}\nconnect = \"{}\"\nsecurity = \"starttls\"\nuser = {:?}\npassword = {:?}\n\n\
             [pop3]\nhost = \"pop.{}\"\nconnect = \"{}\"\nsecurity = \"tls\"\nuser = {:?}\npassword = {:?}\n",
            user.name,
            user.address,
            self.authority.certificate(),
            site.host,
            site.submission,
            user.address,
            user.password,
            site.domain,
            site.pop3s,
            user.address,
            user.password,
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
            ("mx", self.b.mx, "STARTTLS"),
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
        let Site { domain, user, .. } = *site(self);
        let text = format!(
            "hostname = \"mda.{domain}\"\nlisten = [{FREE:?}]\n\n[mailboxes]\n{:?} = {:?}\n",
            user.address,
            self.maildir(user),
        );
        let config = self.config(&format!("mda.{domain}"), &text)?;
        let service = mda::start(config, self.stop.clone()).await?;
        site(self).lmtp = self.keep(service, "lmtp");
        Ok(())
    }

    async fn start_maa(&mut self, site: fn(&mut Self) -> &mut Site) -> Result<(), Failure> {
        let Site { domain, user, .. } = *site(self);
        let text = format!(
            "hostname = \"pop.{domain}\"\nusers = {:?}\n\n[listen]\npop3 = [{FREE:?}]\npop3s = [{FREE:?}]\n\n\
             {}\n[mailboxes]\n{:?} = {:?}\n",
            self.users(user)?,
            self.tls(&format!("pop.{domain}"))?,
            user.address,
            self.maildir(user),
        );
        let config = self.config(&format!("maa.{domain}"), &text)?;
        let service = maa::start(config, self.stop.clone()).await?;
        let (pop3, pop3s) = (address(&service, "pop3"), self.keep(service, "pop3s"));
        (site(self).pop3, site(self).pop3s) = (pop3, pop3s);
        Ok(())
    }

    /// The best mail host of a domain: takes mail from anyone for its domain, from its user for anyone, and
    /// delivers by LMTP.
    async fn start_mta(&mut self, site: fn(&mut Self) -> &mut Site) -> Result<(), Failure> {
        let Site { domain, host, user, mx, lmtp, .. } = *site(self);
        let text = format!(
            "hostname = {host:?}\nspool = {:?}\ndomains = [{domain:?}]\ndeliver = \"{lmtp}\"\nusers = {:?}\n\n\
             [listen]\nmx = [\"{mx}\"]\nsubmission = [{FREE:?}]\nsubmissions = [{FREE:?}]\n\n{}\n{}",
            self.spool(host),
            self.users(user)?,
            self.tls(host)?,
            self.routing(),
        );
        let service = mta::start(self.config(host, &text)?, self.stop.clone()).await?;
        let submission = address(&service, "submission");
        let submissions = self.keep(service, "submissions");
        (site(self).submission, site(self).submissions) = (submission, submissions);
        Ok(())
    }

    /// The second mail host of b.com: holds the mail for the first.
    async fn start_backup(&mut self) -> Result<(), Failure> {
        let (host, mx) = ("mx2.b.com", self.mx2.release());
        let text = format!(
            "hostname = {host:?}\nspool = {:?}\ndomains = [\"b.com\"]\n\n[listen]\nmx = [\"{mx}\"]\n\n{}\n{}",
            self.spool(host),
            self.tls(host)?,
            self.routing(),
        );
        let service = mta::start(self.config(host, &text)?, self.stop.clone()).await?;
        self.keep(service, "mx");
        Ok(())
    }

    /// How a relay of this world finds its way: its DNS, the ports that stand for 25, and a short retry.
    fn routing(&self) -> String {
        let mut text = format!(
            "[dns]\nservers = [\"{}\"]\n\n[relay]\nca = {:?}\nreach = \"any\"\n\n[relay.ports]\n",
            self.dns.address(),
            self.authority.certificate(),
        );
        for (host, address) in [
            (self.a.host, self.a.mx),
            (self.b.host, self.mx1.address),
            ("mx2.b.com", self.mx2.address),
        ] {
            let _ = writeln!(text, "{host:?} = {}", address.port());
        }
        text + "\n[retry]\nfirst_seconds = 0.25\n"
    }

    fn tls(&self, host: &str) -> io::Result<String> {
        let files = self.authority.issue(&[host, "localhost", "127.0.0.1"])?;
        Ok(format!("[tls]\ncertificate = {:?}\nkey = {:?}\n", files.certificate, files.key))
    }

    /// The password file of the servers that `user` logs in to.
    fn users(&self, user: &User) -> Result<PathBuf, Failure> {
        let path = self.folder.join(format!("users-{}", user.name.to_lowercase()));
        if !path.exists() {
            fs::write(&path, agent::make_keys(user.address, user.password)?)?;
        }
        Ok(path)
    }

    fn maildir(&self, user: &User) -> PathBuf {
        self.folder.join(format!("maildir-{}", user.name.to_lowercase()))
    }

    fn spool(&self, host: &str) -> PathBuf {
        self.folder.join(format!("spool-{host}"))
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
