use posta_core::disk::fs;
use serde::Deserialize;

/// What survives a power failure once it has been acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// Files and their names: nothing that was acknowledged is lost.
    #[default]
    Full,
    /// Files; when their names last is left to the file system. Many mail systems do it so, and some file
    /// systems lose mail that way.
    Files,
}

impl From<Durability> for fs::Durability {
    fn from(durability: Durability) -> Self {
        match durability {
            Durability::Full => Self::Full,
            Durability::Files => Self::Files,
        }
    }
}
