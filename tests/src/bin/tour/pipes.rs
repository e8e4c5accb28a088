//! The server as a child process with two pipes, on which the tour listens in.

use std::{
    io,
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::tape::{Line, Tap, Tape};

/// A running server.
pub(crate) struct Process(Child);

/// What the client reads from, and what it writes to.
pub(crate) type Pipes = (Tap<ChildStdout>, Tap<ChildStdin>);

impl Process {
    /// Starts a server, whose lines go onto the tape.
    pub(crate) fn start(mut command: Command, tape: &Arc<Tape>) -> io::Result<(Self, Pipes)> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let pipes = (child.stdout.take(), child.stdin.take());
        let process = Self(child);
        let (Some(output), Some(input)) = pipes else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let reader = Tap::new(output, tape.clone(), Line::Received);
        Ok((process, (reader, Tap::new(input, tape.clone(), Line::Sent))))
    }

    /// How the process ended, if it ends in time.
    pub(crate) fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            match self.0.try_wait() {
                Ok(None) if Instant::now() < deadline => {
                    thread::park_timeout(Duration::from_millis(2));
                }
                ended => return ended.ok().flatten(),
            }
        }
    }
}

impl Drop for Process {
    /// Leaves no process behind, whatever went wrong.
    fn drop(&mut self) {
        // Both fail if the process has ended already, which is what they are for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
