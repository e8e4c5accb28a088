//! What server a script meets.

use std::time::Duration;

use mcp_proto::{
    Limits, Version,
    schema::{Implementation, ListCapability, ResourcesCapability, ServerCapabilities},
    server::{Offer, ServerConfig, StateKey},
};

use super::Input;
use crate::checker::Expectations;

/// Switches out of the first two bytes of an input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    switches: u8,
    limits: u8,
}

impl Settings {
    pub(super) fn read(input: &mut Input<'_>) -> Self {
        Self { switches: input.byte(), limits: input.byte() }
    }

    /// Whether the application leaves open what it did not answer.
    pub(super) fn gives_up(self) -> bool {
        self.switches & 0x80 != 0
    }

    pub(super) fn config(self) -> ServerConfig {
        let limits = self.limits();
        let versions = Version::ALL.into_iter().filter(|version| match self.switches & 3 {
            1 => version.rules().handshake,
            2 => !version.rules().handshake,
            _ => true,
        });
        ServerConfig {
            versions: versions.collect(),
            limits,
            state_keys: vec![StateKey { id: 0, key: [7; 32] }],
            cancel_ended_listens: self.switches & 0x40 != 0,
            ..ServerConfig::new(Implementation::new("fuzzed", "1"))
        }
    }

    fn limits(self) -> Limits {
        let narrow = |bit: u8, narrow, wide| if self.limits & bit == 0 { wide } else { narrow };
        Limits {
            message_bytes_max: if self.switches & 4 == 0 { 1 << 16 } else { 256 },
            output_bytes_max: if self.switches & 8 == 0 { 1 << 16 } else { 512 },
            calls_max: narrow(1, 2, 64),
            id_bytes_max: narrow(2, 20, 256),
            batch_max: narrow(4, 2, 64),
            questions_max: narrow(8, 1, 4),
            rounds_max: if self.limits & 8 == 0 { 4 } else { 1 },
            listens_max: narrow(16, 1, 8),
            subscriptions_max: narrow(16, 1, 8),
            uri_bytes_max: narrow(16, 8, 64),
            pings_max: narrow(32, 1, 4),
            elicitations_max: narrow(32, 1, 4),
            terms_max: narrow(64, 0, 2),
            junk_replies_max: if self.limits & 128 == 0 { 1 << 16 } else { 2 },
            junk_window: Duration::from_secs(1),
            ..Limits::default()
        }
    }

    pub(super) fn offer(self, revision: u64) -> Offer {
        let mut offer = offer(revision);
        offer.capabilities.logging = self.switches & 0x10 == 0;
        offer.capabilities.tools = Some(ListCapability { list_changed: self.switches & 0x20 == 0 });
        offer
    }

    pub(super) fn expectations(self) -> Expectations {
        let ServerConfig { versions, limits, log_level, .. } = self.config();
        Expectations {
            versions: versions.into_iter().map(Version::as_str).collect(),
            id_bytes_max: limits.id_bytes_max,
            line_bytes_max: limits.message_bytes_max,
            batch_max: limits.batch_max,
            log_level: Some(log_level.as_str()),
            sealed: true,
        }
    }
}

/// Everything that can be offered.
pub(in crate::fuzz) fn offer(revision: u64) -> Offer {
    let capabilities = ServerCapabilities {
        logging: true,
        completions: true,
        prompts: Some(ListCapability { list_changed: true }),
        resources: Some(ResourcesCapability { subscribe: true, list_changed: true }),
        tools: Some(ListCapability { list_changed: true }),
        ..ServerCapabilities::default()
    };
    Offer {
        capabilities,
        methods: ["custom/ask".into()].into(),
        tools_revision: revision,
        resources_revision: revision / 2,
        ..Offer::default()
    }
}
