//! What clients do over HTTP, judged at their own ends.

use std::collections::BTreeMap;

use mcp_proto::{
    client::Delivery,
    http::{ClientExchange, HttpRequest},
    testing::checker::{Asked, ClientExchanges},
};

use super::web::Piece;

/// Which life of which client.
type Who = (usize, u32);

/// The judges of all clients.
#[derive(Debug, Default)]
pub(super) struct Conduct {
    judges: BTreeMap<Who, ClientExchanges>,
    open: BTreeMap<(Who, ClientExchange), Heard>,
    begun: u64,
}

/// What has come of a response.
#[derive(Debug)]
struct Heard {
    number: u64,
    status: u16,
    session: Option<String>,
    streams: bool,
    /// The body, or what is there of the next frame.
    text: Vec<u8>,
}

impl Conduct {
    /// A client asks.
    pub(super) fn asked(&mut self, who: Who, request: &HttpRequest) {
        self.begun += 1;
        let fields = request.headers.iter();
        let body = request.body.as_ref().map(|body| body.parts().concat());
        let asked = Asked {
            method: request.method.into(),
            fields: fields.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            subject: None,
            body: body.unwrap_or_default(),
        };
        self.judges.entry(who).or_default().asked(self.begun, &asked);
        let number = self.begun;
        let heard = Heard { number, status: 0, session: None, streams: false, text: Vec::new() };
        self.open.insert((who, request.exchange), heard);
    }

    /// It hears a piece of the response.
    pub(super) fn heard(&mut self, who: Who, own: ClientExchange, piece: &Piece) {
        let judge = self.judges.entry(who).or_default();
        let Some(heard) = self.open.get_mut(&(who, own)) else { return };
        match piece {
            Piece::Head(status, fields) => {
                let field = |wanted: &str| {
                    let mut fields = fields.iter();
                    fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, v)| v)
                };
                heard.status = *status;
                heard.session = field("mcp-session-id").cloned();
                heard.streams =
                    field("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
                judge.opened(heard.number, heard.session.as_deref());
            }
            Piece::Bytes(bytes) => {
                heard.text.extend(bytes);
                while heard.streams
                    && let Some(end) = heard.text.windows(2).position(|two| two == b"\n\n")
                {
                    let frame: Vec<u8> = heard.text.drain(..end + 2).collect();
                    judge.wrote(&String::from_utf8_lossy(&frame));
                }
            }
            Piece::End => self.over(who, own, true),
        }
    }

    /// A connection breaks, or was never there.
    pub(super) fn failed(&mut self, who: Who, own: ClientExchange, delivery: Delivery) {
        if delivery == Delivery::NotSent
            && let Some(heard) = self.open.remove(&(who, own))
        {
            self.judges.entry(who).or_default().unsent(heard.number);
        }
        self.ended(who, own);
    }

    /// The connection of a response is gone.
    pub(super) fn ended(&mut self, who: Who, own: ClientExchange) {
        self.over(who, own, false);
    }

    fn over(&mut self, who: Who, own: ClientExchange, whole: bool) {
        let judge = self.judges.entry(who).or_default();
        let Some(heard) = self.open.remove(&(who, own)) else { return };
        if heard.streams || !whole {
            return judge.ended(heard.number);
        }
        let body = String::from_utf8_lossy(&heard.text);
        judge.responded(heard.number, heard.status, heard.session.as_deref(), &body);
    }

    pub(super) fn violation(&self) -> Option<String> {
        self.judges.values().find_map(|judge| judge.violations().next().map(ToString::to_string))
    }
}
