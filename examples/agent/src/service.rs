use posta_net::{Limits, Listener, Stop};
use std::{future::Future, io, net::SocketAddr};
use tokio::{
    net::TcpStream,
    task::{JoinError, JoinSet},
};

/// The running parts of an agent: its listeners and what else it does, until it is told to stop.
#[derive(Debug)]
pub struct Service {
    stop: Stop,
    tasks: JoinSet<()>,
    listening: Vec<(&'static str, SocketAddr)>,
}

impl Service {
    /// An agent that does nothing yet, and ends when `stop` is used.
    pub fn new(stop: Stop) -> Self {
        Self { stop, tasks: JoinSet::new(), listening: Vec::new() }
    }

    /// Listens at `address` for the service called `name`, and runs `session` for each connection.
    ///
    /// # Errors
    /// The address cannot be listened at; the error names it.
    pub async fn listen<H, F>(
        &mut self,
        name: &'static str,
        address: &str,
        limits: Limits,
        session: H,
    ) -> io::Result<()>
    where
        H: FnMut(TcpStream, SocketAddr) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot listen at {address} for {name}: {error}"))
        };
        let listener = Listener::bind(address, limits).await.map_err(named)?;
        let bound = listener.local_addr()?;
        tracing::info!(service = name, address = %bound, "listening");
        self.listening.push((name, bound));
        let stop = self.stop.clone();
        self.spawn(async move {
            listener.serve(&stop, session).await;
        });
        Ok(())
    }

    /// Does something beside. It must end by itself when the agent is told to stop.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Where the service called `name` listens first.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        self.listening.iter().find(|(known, _)| *known == name).map(|(_, address)| *address)
    }

    /// What the agent watches for its end.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Waits until the agent has been told to stop and has stopped: sessions under way are finished.
    ///
    /// # Errors
    /// A part of the agent panicked.
    pub async fn finished(mut self) -> Result<(), JoinError> {
        while let Some(ended) = self.tasks.join_next().await {
            ended?;
        }
        Ok(())
    }
}
