//! The runtime of everything that may take its time: HTTP, the records, saved files.
//!
//! **Owns**: its threads. **Must not know**: what runs on them.
//!
//! Signalling (the SIP task, the registry, the calls, the Distributor) has the process's main thread for itself: a
//! task there wakes the next one by a push to a queue, where a second thread would have to be woken by the kernel,
//! and no report that somebody asks for can be in a call's way.

use tokio::runtime::{Builder, Handle, Runtime};

/// The threads live as long as this value.
#[derive(Debug)]
pub(crate) struct Background(Option<Runtime>, Handle);

impl Background {
    /// Starts the threads: half as many as there are cores, for the other half is the calls'.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub(crate) fn start() -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let runtime = Builder::new_multi_thread()
            .worker_threads(cores.div_ceil(2))
            .thread_name("background")
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        Ok(Self(Some(runtime), handle))
    }

    /// Where to spawn.
    pub(crate) const fn handle(&self) -> &Handle {
        &self.1
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // A runtime must not be waited for inside another one.
            runtime.shutdown_background();
        }
    }
}
