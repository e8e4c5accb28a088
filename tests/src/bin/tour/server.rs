//! The server: this program again, as a child process with two pipes.

use std::{
    fmt,
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use crate::SERVE;

/// A running server.
pub(crate) struct Server {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<io::Result<String>>,
}

/// Why no line came.
pub(crate) enum Silence {
    /// None within this time.
    Late(Duration),
    /// The server has closed its output.
    Closed,
    /// The output could not be read.
    Broken(io::Error),
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late(patience) => write!(f, "nothing within {} s", patience.as_secs()),
            Self::Closed => f.write_str("the end of the server's output"),
            Self::Broken(error) => write!(f, "output that cannot be read: {error}"),
        }
    }
}

impl Server {
    /// Starts this program again, as the server.
    pub(crate) fn start() -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(SERVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take();
        let (sender, lines) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                BufReader::new(output).lines().try_for_each(|line| sender.send(line))
            });
        }
        Ok(Self { child, input, lines })
    }

    /// Writes one line to the server.
    pub(crate) fn send(&mut self, line: &str) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(input, "{line}")?;
        input.flush()
    }

    /// The next line of the server, if it comes in time.
    pub(crate) fn line(&mut self, patience: Duration) -> Result<String, Silence> {
        match self.lines.recv_timeout(patience) {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) => Err(Silence::Broken(error)),
            Err(RecvTimeoutError::Timeout) => Err(Silence::Late(patience)),
            Err(RecvTimeoutError::Disconnected) => Err(Silence::Closed),
        }
    }

    /// Says that nothing more will be sent.
    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// How the process ended, if it ends in time.
    pub(crate) fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < deadline => {
                    thread::park_timeout(Duration::from_millis(2));
                }
                ended => return ended.ok().flatten(),
            }
        }
    }
}

impl Drop for Server {
    /// Leaves no process behind, whatever went wrong.
    fn drop(&mut self) {
        // Both fail if the process has ended already, which is what they are for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
