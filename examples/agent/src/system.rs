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
