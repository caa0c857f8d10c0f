//! The sink at port 2525: `cargo run -p snippets --bin sink`.

use posta_net::{Limits, Listener, Stop};
use std::{io, sync::Arc};

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = Listener::bind("127.0.0.1:2525", Limits::default()).await?;
    snippets::sink::sink(listener, &Stop::new(), &Arc::default()).await;
    Ok(())
}
