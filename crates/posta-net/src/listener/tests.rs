#![allow(clippy::unwrap_used)]

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn one_client_is_an_address_or_an_ipv6_network() {
    assert_eq!(network(address("192.0.2.1")), address("192.0.2.1"));
    assert_eq!(network(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    assert_eq!(network(address("2001:db8:1:2:3:4:5:6")), address("2001:db8:1:2::"));
}

#[test]
fn permits_are_counted_and_given_back() {
    let limits = Limits { sessions: 3, per_address: 2, ..Limits::default() };
    let counts = Arc::default();
    let take = |ip: &str| Permit::take(&counts, &limits, address(ip));
    let first = take("192.0.2.1").unwrap();
    let _second = take("192.0.2.1").unwrap();
    assert_eq!(take("192.0.2.1").unwrap_err(), "per_address");
    let third = take("192.0.2.2").unwrap();
    assert_eq!(take("192.0.2.3").unwrap_err(), "sessions");
    drop((first, third));
    assert_eq!(lock(&counts).by_address.len(), 1);
    take("192.0.2.1").unwrap();
}

#[test]
fn only_the_systems_own_failures_make_it_wait() {
    let lost = io::Error::from(io::ErrorKind::ConnectionAborted);
    assert_eq!(pause(&lost, 9), Duration::ZERO);
    // EMFILE and ENFILE have no kind of their own.
    let full = io::Error::from_raw_os_error(24);
    let pauses: Vec<_> = (0..9).map(|n| pause(&full, n).as_millis()).collect();
    assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
}

/// A listening socket that fails a few times first.
struct Failing(Vec<io::Error>, TcpListener);

impl Accept for Failing {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        match self.0.pop() {
            Some(error) => Poll::Ready(Err(error)),
            None => self.1.poll_accept(cx),
        }
    }
}

#[tokio::test]
async fn goes_on_after_it_ran_out_of_files() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap();
    let errors = vec![
        io::Error::from_raw_os_error(24),
        io::ErrorKind::ConnectionAborted.into(),
        io::Error::from_raw_os_error(23),
    ];
    let stop = Stop::new();
    let server = tokio::spawn({
        let stop = stop.clone();
        async move {
            serve(Failing(errors, listener), Limits::default(), &stop, |mut stream, _| async move {
                stream.write_all(b"hello").await.unwrap();
            })
            .await
        }
    });
    let mut heard = String::new();
    TcpStream::connect(port).await.unwrap().read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "hello");
    stop.stop();
    assert_eq!(server.await.unwrap(), 0);
}

#[tokio::test]
async fn stops_while_it_waits_for_files() {
    struct Full;
    impl Accept for Full {
        fn poll_accept(
            &mut self,
            _: &mut Context<'_>,
        ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
            Poll::Ready(Err(io::Error::from_raw_os_error(24)))
        }
    }
    let stop = Stop::new();
    let serving = serve(Full, Limits::default(), &stop, |_, _| async {});
    let (left, ()) = tokio::join!(serving, async {
        task::yield_now().await;
        stop.stop();
    });
    assert_eq!(left, 0);
}
