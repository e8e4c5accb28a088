//! SIGTERM.

use std::{
    io::{self, Read},
    os::unix::net::UnixStream,
    sync::{Arc, atomic::AtomicBool},
    thread,
};

use signal_hook::{SigId, consts::SIGTERM, flag, low_level};

/// Heeds SIGTERM until it is dropped: the first one calls a function, the second one ends the
/// process with status 1.
#[derive(Debug)]
pub(crate) struct Terminate {
    registered: Vec<SigId>,
    waker: UnixStream,
}

impl Terminate {
    pub(crate) fn heed(end: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (mut wake, waker) = UnixStream::pair()?;
        let came = Arc::new(AtomicBool::new(false));
        // They run in this order.
        let registered = vec![
            flag::register_conditional_shutdown(SIGTERM, 1, Arc::clone(&came))?,
            flag::register(SIGTERM, came)?,
            low_level::pipe::register(SIGTERM, waker.try_clone()?)?,
        ];
        thread::Builder::new().name("mcp-signal".into()).spawn(move || {
            if wake.read_exact(&mut [0]).is_ok() {
                end();
            }
        })?;
        Ok(Self { registered, waker })
    }
}

impl Drop for Terminate {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            low_level::unregister(id);
        }
        let _ = self.waker.shutdown(std::net::Shutdown::Both);
    }
}
