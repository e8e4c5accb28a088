//! The way back to one client.
//!
//! A write waits for a stalled client for some milliseconds at most: the connection has inherited
//! that from the listening socket. So the driver may write, and what a client does not take is
//! left to a thread.

use std::{
    io::{self, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use mcp_proto::http::Response;

use crate::{
    answer::{self, Manner},
    peers::Seat,
};

/// The way back to one client, for one request.
pub(crate) struct Line {
    // Before the seat, which says that the next request's turn has come.
    out: Box<dyn Write + Send>,
    pub(crate) manner: Manner,
    seat: Seat,
    /// Whether it is still to be seen how the answers before it have ended.
    behind: bool,
}

impl Line {
    pub(crate) fn new(out: impl Write + Send + 'static, manner: Manner, seat: Seat) -> Self {
        let behind = seat.ahead > 0;
        Self { out: Box::new(out), manner, seat, behind }
    }

    /// Whether the answer of an earlier request goes first, and for how long is not known.
    pub(crate) fn is_queued(&self) -> bool {
        self.seat.ahead > 0
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.seat.peer()
    }

    /// Says that the answer will not become whole.
    pub(crate) fn cut(&self) {
        self.seat.cut();
    }

    /// Says that the answers of all earlier requests are written.
    pub(crate) fn is_next(&mut self) {
        self.seat.ahead = 0;
    }

    /// Writes `bytes` from `from` on, as far as the client takes them; false if it stalls. After an
    /// error nothing more is written on the connection.
    pub(crate) fn push(&mut self, bytes: &[u8], from: &mut usize) -> io::Result<bool> {
        loop {
            match self.write_some(bytes, from) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_stall(&error) => return Ok(false),
                Err(error) => {
                    self.seat.cut();
                    return Err(error);
                }
            }
        }
    }

    /// One write. Returns whether all is written.
    fn write_some(&mut self, bytes: &[u8], from: &mut usize) -> io::Result<bool> {
        if self.behind {
            // Waits until it is its turn, which also comes when an answer before it is given up.
            self.out.flush()?;
            if self.seat.is_cut() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.behind = false;
        }
        match bytes.get(*from..).unwrap_or_default() {
            [] => self.out.flush().map(|()| true),
            rest => match self.out.write(rest)? {
                0 => Err(io::ErrorKind::WriteZero.into()),
                count => {
                    *from += count;
                    Ok(false)
                }
            },
        }
    }

    /// Writes all, on a thread that may wait, unless the client takes nothing for `patience`.
    pub(crate) fn push_patiently(
        &mut self,
        bytes: &[u8],
        mut from: usize,
        patience: Duration,
    ) -> io::Result<()> {
        let (mut began, mut reached) = (Instant::now(), from);
        while !self.push(bytes, &mut from)? {
            if from > reached {
                (began, reached) = (Instant::now(), from);
            } else if began.elapsed() >= patience {
                self.seat.cut();
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }

    /// Answers whole, on a thread that may wait.
    pub(crate) fn write_patiently(&mut self, response: &Response, patience: Duration) {
        let mut bytes = Vec::new();
        answer::whole(&mut bytes, response, self.manner);
        // A client that is gone wants no answer.
        let _ = self.push_patiently(&bytes, 0, patience);
    }

    /// The bare way, with all that hangs on it.
    pub(crate) fn into_out(self) -> Box<dyn Write + Send> {
        self.out
    }

    /// Answers whole, on a thread that may wait, and ends the exchange.
    pub(crate) fn send_patiently(mut self, response: &Response, patience: Duration) {
        self.write_patiently(response, patience);
    }
}

/// Whether an error says no more than that nothing happened in time.
pub(crate) fn is_stall(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
