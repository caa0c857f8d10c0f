use std::{fmt::Write, time::Duration};

/// The most octets of a host's name that go into a file name.
const MAX_HOST: usize = 100;

/// What makes the name of a message's file unlike any other, ever, on any host that shares the Maildir.
///
/// The crate has no clock and no randomness: whoever delivers hands them in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// The time since the beginning of 1970. Messages are listed in its order.
    pub time: Duration,
    /// The number of this process.
    pub process: u32,
    /// A number that this process has not used before.
    pub count: u64,
    /// Unpredictable bits, which stand in where a clock jumps or two containers share a process number.
    pub random: u64,
    /// The name of this host.
    pub host: &'a str,
}

impl Stamp<'_> {
    /// The unique part of a file name.
    pub(crate) fn unique(&self) -> String {
        let Self { time, process, count, random, host } = *self;
        let (seconds, micros) = (time.as_secs(), time.subsec_micros());
        let host = file_name(host);
        format!("{seconds}.M{micros:06}P{process}Q{count}R{random:016x}.{host}")
    }
}

/// A host's name without what has a meaning in file names; that is written in octal.
fn file_name(host: &str) -> String {
    let mut name = String::new();
    for c in host.chars() {
        match c {
            '/' | ':' | ',' | '\\' => {
                // Writing into a String cannot fail.
                let _ = write!(name, "\\{:03o}", u32::from(c));
            }
            _ if c.is_ascii_graphic() => name.push(c),
            _ => name.push('_'),
        }
        if name.len() >= MAX_HOST {
            break;
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_file_names() {
        let name = |host| {
            let time = Duration::from_micros(1_790_000_000_000_042);
            Stamp { time, process: 7, count: 3, random: 0xabc, host }.unique()
        };
        for (host, written) in [
            ("mda.b.com", "mda.b.com"),
            ("../etc:a,b", "..\\057etc\\072a\\054b"),
            ("a b\r\n\0é", "a_b____"),
        ] {
            assert_eq!(name(host), format!("1790000000.M000042P7Q3R0000000000000abc.{written}"));
        }
        assert!(name(&"/".repeat(1000)).len() < 200);
    }
}
