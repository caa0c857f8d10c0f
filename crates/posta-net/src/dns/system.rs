//! The system's own choice of servers: resolv.conf(5).

use mx_resolve::StubConfig;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

pub(super) const PATH: &str = "/etc/resolv.conf";

/// As many as the C libraries take.
const SERVERS: usize = 3;
const PORT: u16 = 53;

pub(super) fn parse(text: &str) -> StubConfig {
    let mut config = StubConfig::default();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => {
                let address = words.next().and_then(|word| word.parse::<IpAddr>().ok());
                if let Some(address) = address
                    && config.servers.len() < SERVERS
                {
                    config.servers.push(SocketAddr::new(address, PORT));
                }
            }
            Some("options") => config.trust_ad |= words.any(|word| word == "trust-ad"),
            _ => {}
        }
    }
    if config.servers.is_empty() {
        config.servers.push((Ipv4Addr::LOCALHOST, PORT).into());
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_resolv_conf() {
        let table: &[(&str, &[&str], bool)] = &[
            ("", &["127.0.0.1:53"], false),
            ("nameserver 192.0.2.1\n", &["192.0.2.1:53"], false),
            (
                "nameserver\t192.0.2.1   # ours\r\nnameserver 2001:db8::1",
                &["192.0.2.1:53", "[2001:db8::1]:53"],
                false,
            ),
            ("# nameserver 192.0.2.1\n;nameserver 192.0.2.2\n", &["127.0.0.1:53"], false),
            (
                "nameserver\nnameserver ns.example.com\nnameserver 192.0.2.3",
                &["192.0.2.3:53"],
                false,
            ),
            (
                "search a.org\ndomain a.org\noptions edns0 trust-ad\nnameserver 192.0.2.1",
                &["192.0.2.1:53"],
                true,
            ),
            ("options edns0\nnameserver 192.0.2.1", &["192.0.2.1:53"], false),
            (
                "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4",
                &["192.0.2.1:53", "192.0.2.2:53", "192.0.2.3:53"],
                false,
            ),
        ];
        for (text, servers, trust_ad) in table {
            let config = parse(text);
            let got: Vec<String> = config.servers.iter().map(SocketAddr::to_string).collect();
            assert_eq!(
                (got, config.trust_ad),
                (servers.iter().map(ToString::to_string).collect(), *trust_ad),
                "{text}"
            );
        }
    }
}
