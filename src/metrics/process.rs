//! What the operating system and the runtime hold for this process.
//!
//! **Owns**: the reading of `/proc/self`. **Must not know**: what the process does with it.

use super::text::Text;
use std::fs;
use tokio::runtime::Handle;

/// Descriptors, threads, memory, tasks of this runtime and another one; what this system does not tell is left out.
pub(super) fn tell(out: &mut Text, other: Option<&Handle>) {
    if let Ok(own) = Handle::try_current() {
        let tasks = |runtime: &Handle| runtime.metrics().num_alive_tasks();
        out.gauge(
            "cordboard_tokio_tasks",
            "Tasks of the runtimes that have not ended.",
            tasks(&own) + other.map_or(0, tasks),
        );
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        out.gauge(
            "cordboard_process_open_fds",
            "Open file descriptors.",
            // The folder itself is open while it is read.
            open.count().saturating_sub(1),
        );
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(threads) = field(&status, "Threads:") {
        out.gauge("cordboard_process_threads", "Threads.", threads);
    }
    if let Some(kib) = field(&status, "VmRSS:") {
        out.gauge(
            "cordboard_process_resident_bytes",
            "Resident memory, bytes.",
            kib.saturating_mul(1024),
        );
    }
}

/// The number of a line such as `VmRSS:     1234 kB`.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_odd_lines_are_none() {
        let status = "Name:\tcordboard\nVmRSS:\t   20480 kB\nThreads:\t7\nOdd:\nWorse: x\n";
        assert_eq!(field(status, "VmRSS:"), Some(20_480));
        assert_eq!(field(status, "Threads:"), Some(7));
        assert_eq!(field(status, "Odd:"), None);
        assert_eq!(field(status, "Worse:"), None);
        assert_eq!(field(status, "Gone:"), None);
    }
}
