//! A server process, line by line.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel},
    thread,
    time::Duration,
};

use mcp_proto::testing::Remote;

/// Lines that may wait to be looked at before the process has to wait itself.
const LINES_MAX: usize = 4096;

/// A server process. It is killed if it is dropped.
pub(crate) struct Server {
    process: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    patience: Duration,
    /// Whether it has said anything yet.
    heard: bool,
    over: bool,
}

/// How long a server may go on after its input has ended, before it is left alone.
const END: Duration = Duration::from_secs(2);
/// How much longer the first line may take: some servers are slow to start.
const START: Duration = Duration::from_secs(20);

impl Server {
    /// Starts a command. What it owes is waited for so long.
    pub(crate) fn start(command: &[String], patience: Duration) -> io::Result<Self> {
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let input = process.stdin.take();
        let output = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let (sender, lines) = sync_channel(LINES_MAX);
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line));
                if sender.send(line.into_owned()).is_err() {
                    break;
                }
            }
        });
        Ok(Self { process, input, lines, patience, heard: false, over: false })
    }
}

impl Remote for Server {
    fn write(&mut self, bytes: &[u8]) {
        let Some(input) = &mut self.input else { return };
        if input.write_all(bytes).and_then(|()| input.flush()).is_err() {
            // It reads no more; what it has said is still heard.
            self.input = None;
        }
    }

    fn read_line(&mut self, owed: bool) -> Option<String> {
        let line = if owed {
            let start = if self.heard { Duration::ZERO } else { START };
            self.lines.recv_timeout(self.patience + start).map_err(|error| {
                self.over |= error == RecvTimeoutError::Disconnected;
            })
        } else {
            self.lines.try_recv().map_err(|error| self.over |= error == TryRecvError::Disconnected)
        };
        self.heard |= line.is_ok();
        line.ok()
    }

    fn close(&mut self) {
        self.input = None;
        self.heard = true;
        self.patience = self.patience.min(END);
    }

    fn is_over(&self) -> bool {
        self.over
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail if the process has ended already, which is what they are for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
