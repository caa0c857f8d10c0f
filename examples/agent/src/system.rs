use std::time::{Duration, SystemTime};

/// The time of day: since the beginning of 1970.
pub fn now() -> Duration {
    // Before 1970 it is 1970.
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Bits that nobody can guess.
///
/// # Errors
/// The system has none.
pub fn random() -> std::io::Result<u64> {
    Ok(getrandom::u64()?)
}

/// The octets that are free for us on the disk of a folder.
///
/// # Errors
/// The system does not tell.
#[cfg(unix)]
pub fn free_space(folder: &std::path::Path) -> std::io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The octets that are free for us on the disk of a folder: where the system cannot be asked, as many as
/// there are.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn free_space(_: &std::path::Path) -> std::io::Result<u64> {
    Ok(u64::MAX)
}

/// Lets this process have as many files and connections open as it may, within reason: by default that is
/// often 1,024, for the sake of old programs.
#[cfg(unix)]
pub(crate) fn raise_file_limit() {
    /// More would be memory of the system that nobody uses.
    const REASON: u64 = 65_536;
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(REASON).min(REASON);
    if current.is_some_and(|current| current < wanted) {
        // If it may not, it lives with what it has.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

#[cfg(not(unix))]
pub(crate) fn raise_file_limit() {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn disks_have_an_end() {
        let free = free_space(&std::env::temp_dir()).expect("told");
        assert!(free < u64::MAX);
        free_space(std::path::Path::new("/no/such/folder")).expect_err("not there");
    }

    #[test]
    fn files_are_not_limited_by_default() {
        use rustix::process::{Resource, getrlimit};
        raise_file_limit();
        let limit = getrlimit(Resource::Nofile);
        assert!(
            limit
                .current
                .is_none_or(|current| current >= limit.maximum.unwrap_or(65_536).min(65_536))
        );
    }
}
