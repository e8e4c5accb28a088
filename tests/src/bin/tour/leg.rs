//! The legs of the tour: a transport and a revision each.

use std::{io, process::Command};

use mcp_proto::{Version, client::Era};

use crate::{
    SERVE, SERVE_OLDER, steps,
    transcript::{Failure, Transcript},
    visit::Visit,
};

/// One client, and one server of its own, from the first word to the last.
pub(crate) struct Leg {
    transport: &'static str,
    /// What is asked for, as the title says it.
    asked: &'static str,
    about: &'static str,
    era: Era,
    /// What is agreed on.
    pub(crate) version: Version,
    /// Whether the server is of before 2026-07-28.
    pub(crate) older: bool,
}

impl Leg {
    /// All legs, in order.
    pub(crate) fn all() -> Vec<Self> {
        let about = [
            "a session, in which both sides send requests",
            "batches, audio, annotations; progress has words",
            "servers may ask the person; results may have a structure",
            "icons, elicitation by URL, sampling with tools",
            "no session: each request says what it needs, and questions are results",
        ];
        let pinned = Version::ALL.into_iter().zip(about).map(|(version, about)| Self {
            transport: "pipes",
            asked: version.as_str(),
            about,
            era: Era::Pinned(version),
            version,
            older: false,
        });
        let auto = |asked, about, version, older| Self {
            transport: "pipes",
            asked,
            about,
            era: Era::Auto,
            version,
            older,
        };
        let found = [
            auto(
                "auto",
                "the client finds out what the server speaks",
                Version::V2026_07_28,
                false,
            ),
            auto(
                "auto, older server",
                "the server does not know the question, so the client opens a session",
                Version::V2025_11_25,
                true,
            ),
        ];
        pinned.chain(found).collect()
    }

    pub(crate) fn name(&self) -> String {
        format!("{}: {}", self.transport, self.asked)
    }

    /// This program again, as the server.
    pub(crate) fn own_server(&self) -> io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(if self.older { SERVE_OLDER } else { SERVE });
        Ok(command)
    }

    /// Plays every step against a server, to the end of its process.
    pub(crate) fn play(&self, server: Command, to: &mut Transcript) -> Result<(), Failure> {
        to.title(&format!("{} – {}", self.name(), self.about));
        to.step("The client connects: both agree on a revision, and the server says who it is.");
        let mut visit = Visit::begin(server, self.era, to)?;
        steps::connected(&mut visit, self)?;
        match self.era {
            Era::Pinned(_) => steps::everything(&mut visit)?,
            _ => steps::call(&mut visit)?,
        }
        visit.end()
    }
}
