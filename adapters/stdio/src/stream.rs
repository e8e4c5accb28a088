//! Any reader and writer: a thread reads, the loop's own thread writes.

use std::{
    io::{self, Read, Write},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
};

use crate::driver::{Link, Want, Woken};

/// The most that one read takes.
const CHUNK_BYTES: usize = 64 << 10;

/// A writer, and what a thread has read.
pub(crate) struct Stream<W> {
    writer: W,
    inbox: Receiver<Input>,
    waker: SyncSender<Input>,
    chunk: Vec<u8>,
}

/// What a thread that reads tells, and what wakes the one that waits for it.
pub(crate) enum Input {
    Bytes(Vec<u8>),
    End(io::Result<()>),
    Wake,
}

impl<W: Write> Stream<W> {
    pub(crate) fn new(reader: impl Read + Send + 'static, writer: W) -> io::Result<Self> {
        // One chunk waits while another is read: the rest waits where the reader has it from.
        let (waker, inbox) = sync_channel(1);
        let sender = waker.clone();
        read_on_thread(reader, sender)?;
        Ok(Self { writer, inbox, waker, chunk: Vec::new() })
    }
}

impl<W: Write> Link for Stream<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write_all(bytes)?;
        self.writer.flush()?;
        Ok(bytes.len())
    }

    /// Input comes whether it is wanted or not: all output is written by now, so that it is not
    /// wanted only after the end, when the pipe does not look at it.
    fn wait(&mut self, want: &Want) -> io::Result<Woken<'_>> {
        let received = match want.timeout {
            None => self.inbox.recv().map_err(RecvTimeoutError::from),
            Some(timeout) => self.inbox.recv_timeout(timeout),
        };
        match received {
            Ok(Input::Bytes(chunk)) => {
                self.chunk = chunk;
                Ok(Woken::Bytes(&self.chunk))
            }
            Ok(Input::End(end)) => end.map(|()| Woken::Eof),
            Ok(Input::Wake) | Err(_) => Ok(Woken::Other),
        }
    }

    fn waker(&self) -> io::Result<Box<dyn Fn() + Send + Sync>> {
        let waker = self.waker.clone();
        // A full channel wakes as well as one more message would.
        Ok(Box::new(move || drop(waker.try_send(Input::Wake))))
    }
}

/// Reads on a thread of its own until the input ends or nobody wants it any more.
pub(crate) fn read_on_thread<I: From<Input> + Send + 'static>(
    mut reader: impl Read + Send + 'static,
    sender: SyncSender<I>,
) -> io::Result<()> {
    let read_all = move || {
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let input = match reader.read(&mut buffer) {
                Ok(0) => Input::End(Ok(())),
                Ok(count) => Input::Bytes(buffer.get(..count).unwrap_or_default().into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Input::End(Err(error)),
            };
            let ended = matches!(input, Input::End(_));
            if sender.send(input.into()).is_err() || ended {
                return;
            }
        }
    };
    thread::Builder::new().name("mcp-read".into()).spawn(read_all)?;
    Ok(())
}
