//! What `tiny_http` does not do for its listening socket and its connections.
//!
//! * It sets no timeouts and no `TCP_NODELAY`. The socket is given them, and each connection
//!   inherits them.
//! * Its pool of threads loses count when connections come faster than threads wake up: the ones
//!   too many wait until a thread is free. A thread that has nothing to do looks for them once
//!   more. So for each connection that is heard of, one more is opened and closed again: the
//!   thread it begins takes over one that waits, which is then heard of in turn.
//! * It accepts no more after the first error, or without a word if there are no threads or
//!   descriptors left. Then a further server is made of the same socket.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    thread,
    time::Duration,
};

use mcp_stdio::parts::Commands;
use socket2::{Domain, SockRef, Socket, Type};
use tiny_http::Server as Tiny;

use crate::{driver::Input, server::Bounds};

/// For how long the driver waits for a client that takes nothing.
const STALL: Duration = Duration::from_millis(10);

/// After how long the threads of `tiny_http` that were woken have taken what they were woken for.
const SETTLE: Duration = Duration::from_millis(2);

/// How often it is tried whether connections are still accepted. Meanwhile nothing is read from
/// the socket either, which it may be for no longer than its connections.
const KNOCK_EVERY: Duration = Duration::from_secs(5);

/// For how long an answer to that is waited for.
const KNOCK_WAIT: Duration = Duration::from_secs(1);

/// After how many tries without an answer a further server is made.
const DEAF_AFTER: u32 = 3;

/// How many connections are opened at once.
const KNOCKS_MAX: usize = 32;

/// What is said to those for whom there is no room any more.
const TURNED_AWAY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// Listens at the first address where that is possible, with all that connections inherit.
pub(crate) fn listen(addresses: &[SocketAddr], bounds: &Bounds) -> io::Result<TcpListener> {
    let mut failure = io::ErrorKind::AddrNotAvailable.into();
    for address in addresses {
        match listen_at(*address, bounds) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn listen_at(address: SocketAddr, bounds: &Bounds) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // Elsewhere it means that two may listen at one address.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_write_timeout(Some(STALL))?;
    // Accepting is subject to it, too: it must be longer than two knocks are apart.
    socket.set_read_timeout(Some(bounds.silence_timeout.max(KNOCK_EVERY * 3)))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// The way to the thread that looks after the listening socket. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Usher {
    bell: Sender<Ring>,
}

enum Ring {
    Knock,
    OpenAgain,
    TurnAway,
}

impl Usher {
    /// Begins to look after `listener`, and makes the first server of it.
    pub(crate) fn begin(
        listener: TcpListener,
        inbox: Arc<Commands<Input>>,
    ) -> io::Result<(Self, Arc<Tiny>)> {
        let door = within(listener.local_addr()?);
        let tiny = serve(&listener)?;
        let (bell, rings) = channel();
        let keeper = Keeper { listener, door, inbox, rings, further: Vec::new() };
        thread::Builder::new().name("mcp-usher".into()).spawn(move || keeper.run())?;
        Ok((Self { bell }, tiny))
    }

    /// A connection was heard of.
    pub(crate) fn knock(&self) {
        self.ring(Ring::Knock);
    }

    /// No more connections are accepted.
    pub(crate) fn open_again(&self) {
        self.ring(Ring::OpenAgain);
    }

    /// No more connections may be accepted.
    pub(crate) fn turn_away(&self) {
        self.ring(Ring::TurnAway);
    }

    fn ring(&self, ring: Ring) {
        // The thread ends with this, or it panicked; then connections come as they do.
        let _ = self.bell.send(ring);
    }
}

/// Looks after the listening socket.
struct Keeper {
    listener: TcpListener,
    /// Where it is reached from here.
    door: SocketAddr,
    inbox: Arc<Commands<Input>>,
    rings: Receiver<Ring>,
    /// The servers after the first.
    further: Vec<Arc<Tiny>>,
}

impl Keeper {
    fn run(mut self) {
        let mut deaf = 0;
        loop {
            let until_next = if deaf == 0 { KNOCK_EVERY } else { KNOCK_WAIT };
            let first = match self.rings.recv_timeout(until_next) {
                Ok(ring) => ring,
                Err(RecvTimeoutError::Timeout) => Ring::Knock,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            thread::sleep(SETTLE);
            let mut knocks = 0;
            for ring in [first].into_iter().chain(self.rings.try_iter()) {
                match ring {
                    Ring::Knock => knocks += 1,
                    Ring::OpenAgain => deaf = DEAF_AFTER,
                    Ring::TurnAway => return turn_away(&self.listener, self.door, &self.rings),
                }
            }
            let heard = knock(self.door, knocks.clamp(1, KNOCKS_MAX));
            deaf = if heard { 0 } else { deaf + 1 };
            if deaf >= DEAF_AFTER && self.open_again().is_ok() {
                deaf = 0;
            }
        }
        for tiny in &self.further {
            tiny.unblock();
        }
    }

    /// Makes a further server of the socket. Those before serve the connections that they have.
    fn open_again(&mut self) -> io::Result<()> {
        let tiny = serve(&self.listener)?;
        self.further.push(Arc::clone(&tiny));
        let inbox = Arc::clone(&self.inbox);
        thread::Builder::new().name("mcp-further".into()).spawn(move || {
            // An error is the end of accepting, which is noticed, or of the driver.
            while !inbox.is_closed() {
                if let Ok(request) = tiny.recv() {
                    let _ = inbox.push(Input::Request(request));
                }
            }
        })?;
        Ok(())
    }
}

fn serve(listener: &TcpListener) -> io::Result<Arc<Tiny>> {
    Tiny::from_listener(listener.try_clone()?, None).map(Arc::new).map_err(io::Error::other)
}

/// Opens and closes connections; whether `tiny_http` has seen to them.
fn knock(door: SocketAddr, times: usize) -> bool {
    let open = (0..times).map_while(|_| {
        let stream = TcpStream::connect_timeout(&door, KNOCK_WAIT).ok()?;
        stream.shutdown(Shutdown::Write).ok()?;
        stream.set_read_timeout(Some(KNOCK_WAIT)).ok()?;
        Some(stream)
    });
    let open: Vec<_> = open.collect();
    // One that is seen to is closed.
    !open.is_empty() && open.iter().all(|mut stream| is_closed(stream.read(&mut [0; 16])))
}

fn is_closed(read: io::Result<usize>) -> bool {
    match read {
        Ok(_) => true,
        Err(error) => !crate::line::is_stall(&error),
    }
}

/// Takes accepting over from `tiny_http`, and tells everybody that there is no room.
fn turn_away(listener: &TcpListener, door: SocketAddr, rings: &Receiver<Ring>) {
    // tiny_http gives up when there is nothing to accept: after one more connection.
    let given_up = listener.set_nonblocking(true).is_ok() && knock(door, 1);
    let _ = listener.set_nonblocking(false);
    if !given_up {
        return;
    }
    let _ = SockRef::from(listener).set_read_timeout(Some(KNOCK_WAIT));
    loop {
        // Nothing that is asked for can be done any more; but when the driver ends, so does this.
        match rings.try_recv() {
            Ok(_) => continue,
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return,
        }
        if let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.write_all(TURNED_AWAY);
            // What is closed with something unread in it is reset, and the answer lost.
            let _ = stream.set_read_timeout(Some(STALL));
            let _ = stream.read(&mut [0; 4096]);
        }
    }
}

/// Where a socket is reached from this machine.
fn within(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
