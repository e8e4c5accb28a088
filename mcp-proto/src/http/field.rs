//! The header fields that the core knows: one table for what is read and for what web pages may
//! send.

/// A header field of requests that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Accept,
    Authorization,
    ContentLength,
    ContentType,
    Host,
    LastEventId,
    Method,
    Name,
    Origin,
    RequestHeaders,
    RequestMethod,
    SessionId,
    TransferEncoding,
    Version,
}

/// Who sets a field of a request that a web page makes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Page,
    Browser,
}

const FIELDS: [(&str, Field, By); 14] = [
    ("Accept", Field::Accept, By::Page),
    ("Authorization", Field::Authorization, By::Page),
    ("Content-Length", Field::ContentLength, By::Browser),
    ("Content-Type", Field::ContentType, By::Page),
    ("Host", Field::Host, By::Browser),
    ("Last-Event-ID", Field::LastEventId, By::Page),
    ("Mcp-Method", Field::Method, By::Page),
    ("Mcp-Name", Field::Name, By::Page),
    ("Origin", Field::Origin, By::Browser),
    ("Access-Control-Request-Headers", Field::RequestHeaders, By::Browser),
    ("Access-Control-Request-Method", Field::RequestMethod, By::Browser),
    ("Mcp-Session-Id", Field::SessionId, By::Page),
    ("Transfer-Encoding", Field::TransferEncoding, By::Browser),
    ("MCP-Protocol-Version", Field::Version, By::Page),
];

/// The fields of responses that a page may read.
pub(super) const EXPOSED: &str = "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate";

/// What the name of a field begins with that mirrors an argument.
const ARGUMENT_PREFIX: &str = "Mcp-Param-";

impl Field {
    /// The field of a name, in any case.
    pub(super) fn of(name: &str) -> Option<Self> {
        FIELDS.iter().find_map(|(own, field, _)| own.eq_ignore_ascii_case(name).then_some(*field))
    }
}

/// The names of the fields that a page may set.
pub(super) fn of_pages() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().filter(|(_, _, by)| *by == By::Page).map(|(name, _, _)| *name)
}

/// The rest of a name that begins as those do that mirror arguments.
pub(super) fn mirrored_argument(name: &str) -> Option<&str> {
    let (prefix, rest) = name.split_at_checked(ARGUMENT_PREFIX.len())?;
    prefix.eq_ignore_ascii_case(ARGUMENT_PREFIX).then_some(rest)
}
