//! What a process costs.

use std::{fs, io};

/// For how many nanoseconds the threads of a process have been at work that have not ended; it is
/// named by its number or `self`. Linux only.
pub fn busy_nanos(process: &str) -> io::Result<u64> {
    let mut total = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        let nanos = text.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok());
        total += nanos.ok_or_else(|| io::Error::other("unreadable schedstat"))?;
    }
    Ok(total)
}
