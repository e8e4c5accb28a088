//! Every ceiling, and what happens at it.

use core::time::Duration;

/// Everything that can grow has a ceiling here.
///
/// Sizes are in bytes of wire text, counts in pieces. `Limits::default()` suits a server on a
/// developer's machine; each default's reason stands with it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The longest message, in bytes without its line end. Default 32 MiB: twice the 16 MiB that
    /// large embedded files reach in practice.
    ///
    /// When exceeded: the rest of the line is discarded unread, the peer gets -32700 without an
    /// id, and the next message is served.
    pub message_bytes_max: usize,
    /// The longest request id or progress token, in bytes of its JSON text. Default 256: ids are
    /// counters or UUIDs.
    ///
    /// When exceeded: -32600 without an id.
    pub id_bytes_max: usize,
    /// Requests of one peer that are being served at once. Default 256: many times what an agent
    /// sends in parallel.
    ///
    /// When exceeded: the request is answered -32603, "Too many requests in flight".
    pub calls_max: usize,
    /// Elements of one batch (2025-03-26). Default 64: clients that batch at all send a few.
    ///
    /// When exceeded: the whole batch is answered with one -32600.
    pub batch_max: usize,
    /// Bytes waiting to be written to one peer. Default 4 MiB: far more than a pipe or socket
    /// holds, far less than a machine does.
    ///
    /// When exceeded: a server looks at no further message of that peer until it has read, and
    /// drops and counts notifications that may be lost (logs, progress); a client reads on, and
    /// drops and reports further requests of its server.
    pub output_bytes_max: usize,
    /// Questions of one call that wait for the client at once. Default 16: a person answers them
    /// one by one.
    ///
    /// When exceeded: the call is answered -32603.
    pub questions_max: usize,
    /// How often one call may ask before it must conclude. Default 10, as in other
    /// implementations.
    ///
    /// When exceeded: the call is answered -32603, "Too many rounds".
    pub rounds_max: u32,
    /// The longest `requestState` that is opened, in bytes of its text. Default 64 KiB: room for
    /// the answers of a long form, and each round carries it both ways.
    ///
    /// When exceeded: -32602, as for any state that does not open; a state of ours that would be
    /// longer is not sent, and the call is answered -32603.
    pub state_bytes_max: usize,
    /// Resource URIs that one session subscribes to, or one listen names. Default 1,024: an editor
    /// watches its open files, not a whole tree.
    ///
    /// When exceeded: -32602 in a session; a listen is acknowledged without the URIs beyond it.
    pub subscriptions_max: usize,
    /// The longest URI that is subscribed to, in bytes. Default 8 KiB: what HTTP servers commonly
    /// take for a request line.
    ///
    /// When exceeded: -32602 in a session; a listen is acknowledged without it.
    pub uri_bytes_max: usize,
    /// Open `subscriptions/listen` requests of one peer. Default 64: one serves a client, a gateway
    /// opens one for each of its own.
    ///
    /// When exceeded: the listen is answered -32603, "Too many subscriptions".
    pub listens_max: usize,
    /// Values that an application attaches to one session. Default 64: they are settings, not data.
    ///
    /// When exceeded: `CommandError::OverLimit`; nothing is attached.
    pub attachments_max: usize,
    /// Bytes of all values attached to one session. Default 64 KiB: a kilobyte for each of them.
    ///
    /// When exceeded: `CommandError::OverLimit`; nothing is attached.
    pub attachment_bytes_max: usize,
    /// URL elicitations of one session that can still be reported complete. Default 64: nobody has
    /// that many pages open for one server.
    ///
    /// When exceeded: the oldest is forgotten; completing it is `CommandError::Gone`.
    pub elicitations_max: usize,
    /// Pings of ours that wait for an answer. Default 8: a peer that owes so many is gone.
    ///
    /// When exceeded: `CommandError::OverLimit`; no ping is sent.
    pub pings_max: usize,
    /// Different declarations of clients (capabilities and names) remembered so that equal ones
    /// are not read again. Default 16: a pipe has one client, a gateway a few kinds.
    ///
    /// When exceeded: the one unused for longest is forgotten and read anew when it comes back.
    pub terms_max: usize,
    /// Pages of a list that a client walks. Default 1,000: ten times what the longest lists need at
    /// the usual 100 entries a page.
    ///
    /// When exceeded: the call ends with `CallError::OverLimit`.
    pub pages_max: usize,
    /// Results that a client keeps for as long as their server allows. Default 256: the lists of a
    /// server and the resources a person has open.
    ///
    /// When exceeded: those that are good for the shortest time are forgotten.
    pub cache_entries_max: usize,
    /// Bytes of all results that a client keeps. Default 4 MiB: lists of thousands of entries.
    ///
    /// When exceeded: those that are good for the shortest time are forgotten; a result that is
    /// larger by itself is not kept.
    pub cache_bytes_max: usize,
    /// Events of one stream that are kept for its client to come back for. Default 256: a call
    /// reports progress a few times a second, and a client is back within seconds.
    ///
    /// When exceeded: the oldest leave; a client that asks for what came after one of them is told
    /// that the stream is gone.
    pub replay_events_max: usize,
    /// Bytes of all these events. Default 1 MiB: room for some large results among them.
    ///
    /// When exceeded: as with `replay_events_max`.
    pub replay_bytes_max: usize,
    /// The longest value of a header field that is looked at, in bytes. Default 16 KiB: a URI of
    /// the greatest length, in base64.
    ///
    /// When exceeded: the request is refused with the status for that, and its body is not read.
    pub header_bytes_max: usize,
    /// Header fields of one request that mirror arguments (`Mcp-Param-*`). Default 64: a tool
    /// mirrors the few that proxies route by.
    ///
    /// When exceeded: the request is refused with the status for that, and its body is not read.
    pub mirrored_arguments_max: usize,
    /// Responses that a client has open at once over HTTP, streams included. Default 256: as many
    /// as calls.
    ///
    /// When exceeded: messages wait until one ends; while more than `output_bytes_max` wait, new
    /// calls end with `CallError::OverLimit`.
    pub exchanges_max: usize,
    /// The longest body of an answer that is no stream, in bytes. Default 32 MiB: one message.
    ///
    /// When exceeded: the exchange is aborted, and its call ends with `HttpError::TooLong`.
    pub response_bytes_max: usize,
    /// The longest event of a stream, in bytes. Default 32 MiB: one message.
    ///
    /// When exceeded: the stream of a call is aborted, and the call ends with
    /// `HttpError::TooLong`; of other streams the event is discarded unread and reported.
    pub event_bytes_max: usize,
    /// Redirects in a row that a client follows within the origin. Default 3: one adds a slash.
    ///
    /// When exceeded: `HttpError::TooManyRedirects`.
    pub redirects_max: u32,
    /// Tools of a server with arguments that go into header fields. Default 1,024: a gateway's.
    ///
    /// When exceeded: the fields of further ones are not sent until the list is asked for again.
    pub mirrored_tools_max: usize,
    /// Legacy sessions over HTTP. Default 10,000: at 1 to 2 KiB each they cost what one large
    /// message does.
    ///
    /// When exceeded: [`HttpConfig::over_sessions`](crate::http::HttpConfig::over_sessions) says
    /// whether the one idle for longest ends, or the new one is refused with 503.
    pub sessions_max: usize,
    /// Legacy sessions of one subject. Default 100: a person has a few windows on a few machines.
    /// Where nobody is told apart, `sessions_max` alone holds.
    ///
    /// When exceeded: `initialize` is answered -32603 with 429.
    pub sessions_per_subject_max: usize,
    /// Requests of one subject that are being served at once over HTTP. Default 256, as
    /// `calls_max`.
    ///
    /// When exceeded: the request is answered -32603 with 429.
    pub calls_per_subject_max: usize,
    /// Requests that are being served at once over HTTP, in all. Default 10,000: as many as there
    /// may be sessions.
    ///
    /// When exceeded: the request is answered -32603 with 503.
    pub calls_total_max: usize,
    /// Answers over HTTP that are under way or can be resumed, and general streams, in all. Default
    /// 20,000: twice as many as there may be sessions.
    ///
    /// When exceeded: a general stream or a listen is refused with -32603 and 503. Streams that
    /// answer calls are bounded by the calls.
    pub streams_max: usize,
    /// Streams of one session that have ended and can still be resumed. Default 16: a client loses
    /// them all at once when its network changes.
    ///
    /// When exceeded: the one that began first can no longer be resumed.
    pub replay_streams_max: usize,
    /// Calls of one session whose client was sent away to come back later. Default 64: each costs a
    /// log of what it will get.
    ///
    /// When exceeded: `CommandError::OverLimit`; the connection stays.
    pub parked_max: usize,
    /// Log messages of one session, or of one 2026-07-28 request, in one second over HTTP. Default
    /// 1,000: more than anybody reads.
    ///
    /// When exceeded: further ones are dropped and counted.
    pub logs_per_second_max: u32,
    /// Error replies to lines that are no message, within `junk_window`. Default 16: enough for a
    /// person who types at a server.
    ///
    /// When exceeded: further such lines are counted and reported to the application alone, so
    /// that two peers cannot answer each other's errors for ever.
    pub junk_replies_max: u32,
    /// The window of `junk_replies_max`. Default 1 s: two peers in a loop send thousands in it.
    ///
    /// When exceeded: the count begins again.
    pub junk_window: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 32 << 20,
            id_bytes_max: 256,
            calls_max: 256,
            batch_max: 64,
            output_bytes_max: 4 << 20,
            questions_max: 16,
            rounds_max: 10,
            state_bytes_max: 64 << 10,
            subscriptions_max: 1024,
            uri_bytes_max: 8 << 10,
            listens_max: 64,
            attachments_max: 64,
            attachment_bytes_max: 64 << 10,
            elicitations_max: 64,
            pings_max: 8,
            terms_max: 16,
            pages_max: 1000,
            cache_entries_max: 256,
            cache_bytes_max: 4 << 20,
            replay_events_max: 256,
            replay_bytes_max: 1 << 20,
            header_bytes_max: 16 << 10,
            mirrored_arguments_max: 64,
            exchanges_max: 256,
            response_bytes_max: 32 << 20,
            event_bytes_max: 32 << 20,
            redirects_max: 3,
            mirrored_tools_max: 1024,
            sessions_max: 10_000,
            sessions_per_subject_max: 100,
            calls_per_subject_max: 256,
            calls_total_max: 10_000,
            streams_max: 20_000,
            replay_streams_max: 16,
            parked_max: 64,
            logs_per_second_max: 1000,
            junk_replies_max: 16,
            junk_window: Duration::from_secs(1),
        }
    }
}
