//! The method names of the protocol, and in which era each exists.

/// A method that the protocol defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Initialize,
    Ping,
    SetLevel,
    Subscribe,
    Unsubscribe,
    Discover,
    Listen,
    ToolsList,
    ToolsCall,
    PromptsList,
    PromptsGet,
    ResourcesList,
    ResourceTemplatesList,
    ResourcesRead,
    Complete,
}

/// Where a method exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Era {
    Handshake,
    PerRequest,
    Both,
}

impl Known {
    pub(super) fn of(method: &str) -> Option<Self> {
        Some(match method {
            "tools/call" => Self::ToolsCall,
            "ping" => Self::Ping,
            "tools/list" => Self::ToolsList,
            "initialize" => Self::Initialize,
            "logging/setLevel" => Self::SetLevel,
            "resources/subscribe" => Self::Subscribe,
            "resources/unsubscribe" => Self::Unsubscribe,
            "server/discover" => Self::Discover,
            "subscriptions/listen" => Self::Listen,
            "prompts/list" => Self::PromptsList,
            "prompts/get" => Self::PromptsGet,
            "resources/list" => Self::ResourcesList,
            "resources/templates/list" => Self::ResourceTemplatesList,
            "resources/read" => Self::ResourcesRead,
            "completion/complete" => Self::Complete,
            _ => return None,
        })
    }

    const fn era(self) -> Era {
        match self {
            Self::Initialize
            | Self::Ping
            | Self::SetLevel
            | Self::Subscribe
            | Self::Unsubscribe => Era::Handshake,
            Self::Discover | Self::Listen => Era::PerRequest,
            _ => Era::Both,
        }
    }

    /// Whether revisions that begin with a handshake, or those that do not, have the method.
    pub(super) fn exists(self, handshake: bool) -> bool {
        self.era() == Era::Both || (self.era() == Era::Handshake) == handshake
    }

    /// Whether its result may be cached, and says for how long.
    pub(super) const fn is_cacheable(self) -> bool {
        matches!(
            self,
            Self::Discover
                | Self::ToolsList
                | Self::PromptsList
                | Self::ResourcesList
                | Self::ResourceTemplatesList
                | Self::ResourcesRead
        )
    }

    /// Whether the method may be answered with `input_required`.
    pub(super) const fn may_ask(self) -> bool {
        matches!(self, Self::ToolsCall | Self::PromptsGet | Self::ResourcesRead)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use core::fmt::Write;

    use super::*;

    #[test]
    fn each_method_in_its_eras() {
        let mut table = String::new();
        for method in [
            "initialize",
            "ping",
            "logging/setLevel",
            "resources/subscribe",
            "resources/unsubscribe",
            "server/discover",
            "subscriptions/listen",
            "tools/list",
            "tools/call",
            "prompts/list",
            "prompts/get",
            "resources/list",
            "resources/templates/list",
            "resources/read",
            "completion/complete",
        ] {
            let known = Known::of(method).unwrap();
            table += method;
            for (word, holds) in [
                ("older", known.exists(true)),
                ("latest", known.exists(false)),
                ("cacheable", known.is_cacheable()),
                ("may ask", known.may_ask()),
            ] {
                if holds {
                    write!(table, ", {word}").unwrap();
                }
            }
            table += "\n";
        }
        insta::assert_snapshot!(table, @"
        initialize, older
        ping, older
        logging/setLevel, older
        resources/subscribe, older
        resources/unsubscribe, older
        server/discover, latest, cacheable
        subscriptions/listen, latest
        tools/list, older, latest, cacheable
        tools/call, older, latest, may ask
        prompts/list, older, latest, cacheable
        prompts/get, older, latest, may ask
        resources/list, older, latest, cacheable
        resources/templates/list, older, latest, cacheable
        resources/read, older, latest, cacheable, may ask
        completion/complete, older, latest
        ");
    }

    #[test]
    fn other_names_are_not_the_protocols() {
        for method in ["", "Ping", "tools/Call", "tools/call ", "notifications/initialized"] {
            assert_eq!(Known::of(method), None, "{method:?}");
        }
    }
}
