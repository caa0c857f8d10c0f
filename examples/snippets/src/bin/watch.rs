//! Prints how many mails there are: `PASSWORD=… cargo run -p snippets --bin watch HOST USER`.

use posta_net::tls::{self, Verify};
use snippets::watch::watch;
use std::{env, error::Error};
use tokio::{net::TcpStream, sync::watch};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut args = env::args().skip(1);
    let (Some(host), Some(user)) = (args.next(), args.next()) else { Err("watch HOST USER")? };
    let password = env::var("PASSWORD")?;
    let trust = tls::client(&Verify::Roots)?;
    let tcp = TcpStream::connect((&*host, 993)).await?;
    let stream = tls::connect(tcp, &trust, &host, tls::HANDSHAKE).await?;
    let (told, mut heard) = watch::channel(0);
    let print = async move {
        while heard.changed().await.is_ok() {
            println!("{}", *heard.borrow_and_update());
        }
    };
    let watched = async {
        let result = watch(stream, (&user, &password), &told).await;
        drop(told);
        result
    };
    tokio::join!(watched, print).0
}
