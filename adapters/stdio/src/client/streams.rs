//! Any reader and writer: a thread reads, another writes, so that neither waits for the other.

use std::{
    io::{self, Read, Write},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use super::{driver::Peer, error::End};
use crate::{
    driver::{Link, Want, Woken},
    stream::{Input, read_on_thread},
};

/// What the two threads tell.
enum Told {
    Read(Input),
    Wrote(io::Result<()>),
}

impl From<Input> for Told {
    fn from(input: Input) -> Self {
        Self::Read(input)
    }
}

/// What one thread has read, and another that writes.
pub(super) struct Streams {
    inbox: Receiver<Told>,
    waker: SyncSender<Told>,
    writer: SyncSender<Vec<u8>>,
    /// Whether the writer is at work.
    writing: bool,
    failure: Option<io::Error>,
    /// What was read while it was not wanted, or at the end.
    chunk: Vec<u8>,
}

impl Streams {
    pub(super) fn new(
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        // One chunk waits while another is read: the rest waits where the reader has it from.
        let (waker, inbox) = sync_channel(1);
        read_on_thread(reader, waker.clone())?;
        let writer = write_on_thread(writer, waker.clone())?;
        Ok(Self { inbox, waker, writer, writing: false, failure: None, chunk: Vec::new() })
    }
}

fn write_on_thread(
    mut writer: impl Write + Send + 'static,
    wrote: SyncSender<Told>,
) -> io::Result<SyncSender<Vec<u8>>> {
    let (sender, chunks) = sync_channel::<Vec<u8>>(1);
    let write_all = move || {
        for chunk in chunks {
            let outcome = writer.write_all(&chunk).and_then(|()| writer.flush());
            if wrote.send(Told::Wrote(outcome)).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("mcp-write".into()).spawn(write_all)?;
    Ok(sender)
}

impl Link for Streams {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        if self.writing {
            return Ok(0);
        }
        self.writer.send(bytes.into()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        self.writing = true;
        Ok(bytes.len())
    }

    fn wait(&mut self, want: &Want) -> io::Result<Woken<'_>> {
        let told = match want.timeout {
            None => self.inbox.recv().map_err(RecvTimeoutError::from),
            Some(timeout) => self.inbox.recv_timeout(timeout),
        };
        match told {
            Ok(Told::Read(Input::Bytes(chunk))) => {
                self.chunk = chunk;
                return Ok(Woken::Bytes(&self.chunk));
            }
            Ok(Told::Read(Input::End(end))) => return end.map(|()| Woken::Eof),
            Ok(Told::Wrote(outcome)) => {
                self.writing = false;
                self.failure = outcome.err();
            }
            Ok(Told::Read(Input::Wake)) | Err(_) => {}
        }
        Ok(Woken::Other)
    }

    fn waker(&self) -> io::Result<Box<dyn Fn() + Send + Sync>> {
        let waker = self.waker.clone();
        // A full channel wakes as well as one more message would.
        Ok(Box::new(move || drop(waker.try_send(Told::Read(Input::Wake)))))
    }
}

impl Peer for Streams {
    const EXIT_GRACE: Duration = Duration::ZERO;

    fn has_exited(&self) -> bool {
        false
    }

    fn take_stock(&mut self) -> End {
        End::default()
    }

    fn respawn(&mut self) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "only a process can be started anew"))
    }

    fn shut_down(self) -> End {
        // The writer is dropped when it has written what it was given.
        End::default()
    }
}
