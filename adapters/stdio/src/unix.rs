//! File descriptors: one thread, and no more system calls than a burst needs.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{FileType, OFlags, fcntl_getfl, fcntl_setfl, fstat},
    io::Errno,
};
use signal_hook::{SigId, consts::SIGTERM, flag, low_level};

use crate::driver::{Link, Want, Woken};

/// The most that one read takes: what a pipe holds by default.
const CHUNK_BYTES: usize = 64 << 10;

/// Tells of the end of a socket's input without asking for the input; a pipe's is told anyway.
#[cfg(target_os = "linux")]
const HANG_UP: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
const HANG_UP: PollFlags = PollFlags::empty();

/// Two file descriptors, and a socket pair on which other threads and signals wake the loop.
pub(crate) struct Fds {
    input: OwnedFd,
    output: Output,
    wake: UnixStream,
    waker: UnixStream,
    signal: Option<Terminate>,
    buffer: Box<[u8]>,
}

impl Fds {
    pub(crate) fn new(input: OwnedFd, output: OwnedFd) -> io::Result<Self> {
        let (wake, waker) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        waker.set_nonblocking(true)?;
        let buffer = vec![0; CHUNK_BYTES].into();
        Ok(Self { input, output: Output::new(output)?, wake, waker, signal: None, buffer })
    }

    /// The stdin and stdout of this process, which are then taken away from everybody else:
    /// stdin reads nothing and what is printed goes to stderr, here and in child processes.
    pub(crate) fn stdio() -> io::Result<Self> {
        io::stdout().flush()?;
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        let output = io::stdout().as_fd().try_clone_to_owned()?;
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        rustix::stdio::dup2_stdout(io::stderr())?;
        Self::new(input, output)
    }

    /// Goes on with other file descriptors.
    pub(crate) fn reattach(&mut self, input: OwnedFd, output: OwnedFd) -> io::Result<()> {
        self.input = input;
        self.output = Output::new(output)?;
        Ok(())
    }

    /// Lets SIGTERM end the loop.
    pub(crate) fn heed_sigterm(&mut self) -> io::Result<()> {
        self.signal = Some(Terminate::register(&self.waker)?);
        Ok(())
    }

    fn read(&mut self) -> io::Result<Got> {
        match rustix::io::read(&self.input, &mut *self.buffer) {
            Ok(0) => Ok(Got::Eof),
            Ok(count) => Ok(Got::Bytes(count)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(Got::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for input alone, with one system call. SIGTERM ends the process meanwhile.
    fn read_idle(&mut self) -> io::Result<Got> {
        let Some(signal) = &mut self.signal else { return self.read() };
        let idle = Arc::clone(&signal.idle);
        idle.store(true, Ordering::SeqCst);
        // A signal before this point was only noted; one after it ends the process.
        let got = if signal.take() { Ok(Got::ShutDown) } else { self.read() };
        idle.store(false, Ordering::SeqCst);
        got
    }

    /// Waits for whatever is wanted, another thread or a signal.
    fn read_polled(&mut self, want: &Want) -> io::Result<Got> {
        let wake = PollFd::new(&self.wake, PollFlags::IN);
        let input = PollFd::new(&self.input, if want.input { PollFlags::IN } else { HANG_UP });
        let output = PollFd::new(&self.output.fd, PollFlags::OUT);
        // What is not wanted is left out: `poll` reports a hang-up whatever it is asked for.
        let (mut set, count) = match (want.input || want.hang_up, want.output) {
            (true, true) => ([wake, input, output], 3),
            (true, false) => ([wake, input, output], 2),
            (false, true) => ([wake, output, input], 2),
            (false, false) => ([wake, input, output], 1),
        };
        let timeout = want.timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match poll(set.split_at_mut(count).0, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [wake, second, _] = set.map(|fd| !fd.revents().is_empty());
        if wake {
            // One read is enough: a byte that stays behind wakes once more, for nothing.
            let _ = (&self.wake).read(&mut [0; 64]);
        }
        if self.signal.as_mut().is_some_and(Terminate::take) {
            return Ok(Got::ShutDown);
        }
        match second {
            true if want.input => self.read(),
            true if want.hang_up => Ok(Got::HungUp),
            _ => Ok(Got::Nothing),
        }
    }
}

/// What a read brought.
enum Got {
    Bytes(usize),
    Eof,
    HungUp,
    ShutDown,
    Nothing,
}

impl Link for Fds {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(&self.output.fd, bytes) {
                Ok(count) => return Ok(count),
                Err(Errno::AGAIN) => return Ok(0),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn wait(&mut self, want: &Want) -> io::Result<Woken<'_>> {
        let mut got = if want.idle { self.read_idle()? } else { Got::Nothing };
        // Also where the input does not block, because somebody who shares it made it so.
        if matches!(got, Got::Nothing) {
            got = self.read_polled(want)?;
        }
        Ok(match got {
            Got::Bytes(count) => Woken::Bytes(self.buffer.get(..count).unwrap_or_default()),
            Got::Eof => Woken::Eof,
            Got::HungUp => Woken::HungUp,
            Got::ShutDown => Woken::ShutDown,
            Got::Nothing => Woken::Other,
        })
    }

    fn waker(&self) -> io::Result<Box<dyn Fn() + Send + Sync>> {
        let waker = self.waker.try_clone()?;
        // A full socket wakes as well as one more byte would.
        Ok(Box::new(move || drop((&waker).write(&[0]))))
    }
}

/// Where messages are written. It blocks nobody while it is ours, where that can be: a pipe or a
/// socket.
struct Output {
    fd: OwnedFd,
    /// The flags to give back.
    flags: Option<OFlags>,
}

impl Output {
    fn new(fd: OwnedFd) -> io::Result<Self> {
        let kind = FileType::from_raw_mode(fstat(&fd)?.st_mode);
        let mut flags = None;
        if kind.is_fifo() || kind.is_socket() {
            let before = fcntl_getfl(&fd)?;
            fcntl_setfl(&fd, before | OFlags::NONBLOCK)?;
            flags = Some(before);
        }
        Ok(Self { fd, flags })
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(flags) = self.flags {
            let _ = fcntl_setfl(&self.fd, flags);
        }
    }
}

/// SIGTERM: while the loop waits for input alone it ends the process with status 0, without
/// destructors; otherwise it wakes the loop, which finishes what it has accepted. The second one
/// ends the process with status 1 in any case, a handler that hangs included.
struct Terminate {
    idle: Arc<AtomicBool>,
    came: Arc<AtomicBool>,
    taken: bool,
    wake: Vec<SigId>,
}

impl Terminate {
    fn register(waker: &UnixStream) -> io::Result<Self> {
        let idle = Arc::new(AtomicBool::new(false));
        let came = Arc::new(AtomicBool::new(false));
        // They run in this order.
        flag::register_conditional_shutdown(SIGTERM, 1, Arc::clone(&came))?;
        let wake = vec![
            flag::register(SIGTERM, Arc::clone(&came))?,
            low_level::pipe::register(SIGTERM, waker.try_clone()?)?,
        ];
        flag::register_conditional_shutdown(SIGTERM, 0, Arc::clone(&idle))?;
        Ok(Self { idle, came, taken: false, wake })
    }

    /// Whether the signal has come since this was last asked.
    fn take(&mut self) -> bool {
        let came = self.came.load(Ordering::SeqCst);
        came && !std::mem::replace(&mut self.taken, true)
    }
}

impl Drop for Terminate {
    /// From now on SIGTERM ends the process at once: nothing is accepted any more.
    fn drop(&mut self) {
        for id in self.wake.drain(..) {
            low_level::unregister(id);
        }
        self.idle.store(true, Ordering::SeqCst);
    }
}
