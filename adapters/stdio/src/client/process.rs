//! A server as a child process, in a process group of its own.

use std::{
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid},
};

use super::{drain::Drain, driver::Peer, error::End, stderr::Stderr};
use crate::{
    driver::{Link, Want, Woken},
    unix::Fds,
};

/// How long a process may take to end that was killed: one in the middle of a system call that
/// cannot be broken off takes as long as that.
const KILL_GRACE: Duration = Duration::from_secs(5);

/// How long what a dead process has written to its stderr may take to be read. Only a process
/// that has left the group can keep it open.
const STDERR_GRACE: Duration = Duration::from_millis(500);

/// A server as a child process.
pub(super) struct ChildPeer {
    command: Command,
    link: Fds,
    process: Process,
    stderr: Stderr,
    grace: Duration,
}

impl ChildPeer {
    /// Starts `command`.
    pub(super) fn spawn(mut command: Command, stderr: Stderr, grace: Duration) -> io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Signals of the terminal are for the editor, and ours are for all of the server.
        command.process_group(0);
        let started = Started::new(&mut command, &stderr)?;
        let link = Fds::new(started.stdout, started.stdin)?;
        let process = started.process.watched(link.waker()?)?;
        Ok(Self { command, link, process, stderr, grace })
    }
}

impl Link for ChildPeer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.link.write(bytes)
    }

    fn wait(&mut self, want: &Want) -> io::Result<Woken<'_>> {
        self.link.wait(want)
    }

    fn waker(&self) -> io::Result<Box<dyn Fn() + Send + Sync>> {
        self.link.waker()
    }
}

impl Peer for ChildPeer {
    const EXIT_GRACE: Duration = Duration::from_millis(500);

    fn has_exited(&self) -> bool {
        self.process.exited.load(Ordering::SeqCst)
    }

    fn take_stock(&mut self) -> End {
        if self.has_exited() {
            self.process.reap();
        }
        End { status: self.process.status, stderr: self.stderr.tail(), error: None }
    }

    fn respawn(&mut self) -> io::Result<()> {
        // What has ended its output has nothing to finish.
        self.process.kill();
        let started = Started::new(&mut self.command, &self.stderr)?;
        self.link.reattach(started.stdout, started.stdin)?;
        self.process = started.process.watched(self.link.waker()?)?;
        Ok(())
    }

    fn shut_down(self) -> End {
        let Self { link, mut process, stderr, grace, .. } = self;
        // The end of its input tells a server to finish; what it still says keeps it from that
        // if nobody reads it.
        drop(link);
        let rest = process.stdout.take().map(|stdout| Drain::start(stdout, |_| {}));
        if !process.wait(grace) {
            process.signal(Signal::TERM);
            process.wait(grace);
        }
        process.kill();
        drop(rest);
        End { status: process.status, stderr: stderr.tail(), error: None }
    }
}

/// A process that has just been started, and its pipes.
struct Started {
    process: Process,
    stdin: OwnedFd,
    stdout: OwnedFd,
}

impl Started {
    fn new(command: &mut Command, stderr: &Stderr) -> io::Result<Self> {
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut process = Process::new(child);
        let (Some(stdin), Some(stdout), Some(errors)) = pipes else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        process.stdout = Some(duplicate(&stdout)?);
        process.stderr = Some(Drain::start(errors.into(), stderr.sink())?);
        Ok(Self { process, stdin: stdin.into(), stdout: stdout.into() })
    }
}

fn duplicate(stdout: &ChildStdout) -> io::Result<OwnedFd> {
    stdout.as_fd().try_clone_to_owned()
}

/// A process, killed with its group when this is dropped.
struct Process {
    child: Child,
    group: Pid,
    exited: Arc<AtomicBool>,
    /// Ends when the process has exited, or when nobody watches it.
    exit: Option<Receiver<()>>,
    status: Option<ExitStatus>,
    reaped: bool,
    stdout: Option<OwnedFd>,
    stderr: Option<Drain>,
}

impl Process {
    fn new(child: Child) -> Self {
        Self {
            group: Pid::from_child(&child),
            child,
            exited: Arc::default(),
            exit: None,
            status: None,
            reaped: false,
            stdout: None,
            stderr: None,
        }
    }

    /// Watches on a thread for the process to exit. It is not reaped by that, so that its number
    /// stays its own until its group has been killed.
    fn watched(mut self, wake: Box<dyn Fn() + Send + Sync>) -> io::Result<Self> {
        let (sender, exit) = channel();
        let (group, exited) = (self.group, self.exited.clone());
        let watch = move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(Errno::INTR) = waitid(WaitId::Pid(group), options) {}
            exited.store(true, Ordering::SeqCst);
            drop(sender);
            wake();
        };
        thread::Builder::new().name("mcp-exit".into()).spawn(watch)?;
        self.exit = Some(exit);
        Ok(self)
    }

    /// Waits for the process to exit; returns whether it has.
    fn wait(&self, timeout: Duration) -> bool {
        // One that could not be watched has been killed already.
        let Some(exit) = &self.exit else { return true };
        exit.recv_timeout(timeout) != Err(RecvTimeoutError::Timeout)
    }

    fn signal(&self, signal: Signal) {
        if !self.reaped {
            // There may be nobody left.
            let _ = kill_process_group(self.group, signal);
        }
    }

    /// Kills whatever is left of the group.
    fn kill(&mut self) {
        self.signal(Signal::KILL);
        if self.wait(KILL_GRACE) {
            self.reap();
        }
    }

    /// Takes the status of a process that has exited, and does away with what it left behind.
    fn reap(&mut self) {
        if self.reaped {
            return;
        }
        self.signal(Signal::KILL);
        self.reaped = true;
        self.status = self.child.wait().ok();
        if let Some(stderr) = self.stderr.take() {
            stderr.wait(STDERR_GRACE);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
