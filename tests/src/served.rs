//! A server process behind HTTP.

use std::{
    io::{self, BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A server process whose first line said where it listens. It is killed if it is dropped.
#[derive(Debug)]
pub struct Served {
    process: Child,
    url: String,
}

impl Served {
    /// Starts a server and waits for its first line, `listening on URL`.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut process = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let served = Self { url: line.trim_end().replace("listening on ", ""), process };
        if served.url.starts_with("http://") {
            Ok(served)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, line))
        }
    }

    /// The URL of its endpoint.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Tells it to end, and says how it did.
    pub fn end(mut self, patience: Duration) -> io::Result<String> {
        Command::new("kill").arg(self.id().to_string()).status()?;
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status.to_string());
            }
            thread::park_timeout(Duration::from_millis(2));
        }
        Ok("no end in time".into())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Both fail if the process has ended already, which is what they are for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
