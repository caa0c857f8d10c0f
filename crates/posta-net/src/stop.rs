use std::sync::Arc;
use tokio::sync::watch;

/// Tells any number of tasks to stop. A clone tells the same tasks.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let stop = posta_net::Stop::new();
/// let task = tokio::spawn({
///     let stop = stop.clone();
///     async move { stop.stopped().await }
/// });
/// stop.stop();
/// task.await.unwrap();
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    /// A token that has not been used yet.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Tells everyone to stop. There is no way back.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether everyone has been told to stop.
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until everyone is told to stop; returns at once if that has happened. Cancel safe.
    pub async fn stopped(&self) {
        // Fails only if the sender is gone, and we hold it.
        let _ = self.0.subscribe().wait_for(|stopped| *stopped).await;
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}
