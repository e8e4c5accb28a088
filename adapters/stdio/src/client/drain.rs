//! A thread that reads what must never fill up.

use std::{
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};

/// The most that one read takes.
const CHUNK_BYTES: usize = 64 << 10;

/// A thread that reads a file descriptor to its end, or until this is dropped.
pub(super) struct Drain {
    /// Its end is what stops the thread.
    _stop: UnixStream,
    done: Receiver<()>,
}

impl Drain {
    /// Hands what is read to `sink`.
    pub(super) fn start(
        input: OwnedFd,
        mut sink: impl FnMut(&[u8]) + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, stopped) = UnixStream::pair()?;
        let (sender, done) = channel();
        let drain = move || {
            // Dropped at the end of the thread, which is what the receiver waits for.
            let _sender = sender;
            let mut buffer = vec![0; CHUNK_BYTES];
            while is_readable(&input, &stopped) {
                match rustix::io::read(&input, &mut *buffer) {
                    Ok(0) => return,
                    Ok(count) => sink(buffer.get(..count).unwrap_or_default()),
                    Err(Errno::AGAIN | Errno::INTR) => {}
                    Err(_) => return,
                }
            }
        };
        thread::Builder::new().name("mcp-drain".into()).spawn(drain)?;
        Ok(Self { _stop: stop, done })
    }

    /// Waits for the end of what is read, for this long at most.
    pub(super) fn wait(&self, timeout: Duration) {
        // The sender is never used: both errors say what there is to know.
        let _: Result<(), _> = self.done.recv_timeout(timeout);
    }
}

/// Waits for input; false: it is to stop.
fn is_readable(input: impl AsFd, stopped: impl AsFd) -> bool {
    let mut set = [PollFd::new(&input, PollFlags::IN), PollFd::new(&stopped, PollFlags::IN)];
    match poll(&mut set, None) {
        Ok(_) => {}
        Err(Errno::INTR) => return is_readable(input, stopped),
        Err(_) => return false,
    }
    let [_, stopped] = set.map(|fd| !fd.revents().is_empty());
    !stopped
}
