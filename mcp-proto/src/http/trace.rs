//! What operators are told, as spans and events of `tracing`.

use alloc::collections::BTreeMap;

use tracing::{Span, debug_span, field::Empty, info, warn};

use super::Telemetry;
use crate::server::{Event, ExchangeId};

/// Tells `tracing` what happens at an endpoint: a span of level DEBUG for each exchange, with its
/// method, session, status and duration; events of level INFO for what is refused and for sessions
/// that begin and end, and of level WARN for messages that are dropped. Nothing of it is a secret:
/// the ids of sessions are not in it, nor who is calling.
///
/// The driver shows it all that it shows the operator and the application.
#[derive(Debug, Default)]
pub struct Trace {
    open: BTreeMap<ExchangeId, Span>,
}

impl Trace {
    /// Tells of what an operator is told.
    pub fn telemetry(&mut self, telemetry: &Telemetry) {
        match telemetry {
            Telemetry::ExchangeStarted { exchange, method, session } => {
                let session = session.map(|session| session.0);
                let (id, method) = (exchange.0, &**method);
                let span = debug_span!(
                    "exchange",
                    id,
                    method,
                    session,
                    status = Empty,
                    duration_us = Empty
                );
                if !span.is_disabled() {
                    self.open.insert(*exchange, span);
                }
            }
            Telemetry::ExchangeEnded { exchange, status, duration } => {
                let Some(span) = self.open.remove(exchange) else { return };
                span.record("duration_us", duration.as_micros());
                if let Some(status) = status {
                    span.record("status", *status);
                }
            }
            Telemetry::Refused { exchange, reason } => {
                let span = self.open.get(exchange);
                span.unwrap_or(&Span::none()).in_scope(|| info!(?reason, "request refused"));
            }
            Telemetry::TurnedAway { status } => info!(status, "request turned away"),
            Telemetry::Dropped { count } => warn!(count, "messages dropped"),
        }
    }

    /// Tells of the sessions among what the application is told.
    pub fn event(&self, event: &Event) {
        match event {
            Event::SessionOpened { session, terms, .. } => {
                let version = terms.version.as_str();
                info!(session = session.0, version, "session opened");
            }
            Event::SessionClosed { session, reason } => {
                info!(session = session.0, ?reason, "session closed");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        format,
        string::String,
        sync::{Arc, Mutex},
        vec::Vec,
    };

    use core::{fmt::Write as _, time::Duration};

    use tracing::{
        Metadata, Subscriber,
        field::{Field, Visit},
        span::{Attributes, Id, Record},
        subscriber::with_default,
    };

    use super::*;
    use crate::{
        Terms, Version,
        http::Refused,
        schema::ClientCapabilities,
        server::{CloseReason, Dropped, SessionKey},
    };

    /// Writes down what it is told.
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<Vec<String>>>);

    #[derive(Default)]
    struct Fields(String);

    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn core::fmt::Debug) {
            write!(self.0, " {field}={value:?}").unwrap();
        }
    }

    impl Told {
        fn note(&self, what: &str, record: impl FnOnce(&mut Fields)) -> u64 {
            let mut fields = Fields::default();
            record(&mut fields);
            let mut lines = self.0.lock().unwrap();
            lines.push(format!("{what}{}", fields.0));
            lines.len() as u64
        }
    }

    impl Subscriber for Told {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, span: &Attributes<'_>) -> Id {
            let name = span.metadata().name();
            Id::from_u64(self.note(name, |fields| span.record(fields)))
        }

        fn record(&self, span: &Id, values: &Record<'_>) {
            self.note(&format!("{} has", span.into_u64()), |fields| values.record(fields));
        }

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &tracing::Event<'_>) {
            let level = event.metadata().level();
            self.note(level.as_str(), |fields| event.record(fields));
        }

        fn enter(&self, span: &Id) {
            self.note(&format!("in {}", span.into_u64()), |_| {});
        }

        fn exit(&self, _: &Id) {}

        fn try_close(&self, span: Id) -> bool {
            self.note(&format!("{} ends", span.into_u64()), |_| {});
            true
        }
    }

    #[test]
    fn an_exchange_is_a_span_and_the_rest_are_events() {
        let told = Told::default();
        let (exchange, session) = (ExchangeId(7), SessionKey(2));
        with_default(told.clone(), || {
            let mut trace = Trace::default();
            let method = "tools/call".into();
            let session_of = Some(session);
            trace.telemetry(&Telemetry::ExchangeStarted { exchange, method, session: session_of });
            trace.telemetry(&Telemetry::Refused { exchange, reason: Refused::Limit });
            let (status, duration) = (Some(429), Duration::from_millis(3));
            trace.telemetry(&Telemetry::ExchangeEnded { exchange, status, duration });
            trace.telemetry(&Telemetry::TurnedAway { status: 403 });
            trace.telemetry(&Telemetry::Dropped { count: 5 });
            let terms = Arc::new(Terms {
                version: Version::V2025_11_25,
                capabilities: ClientCapabilities::default(),
                client: None,
            });
            trace.event(&Event::SessionOpened { session, id: None, terms });
            trace.event(&Event::Dropped(Dropped::TooLong));
            trace.event(&Event::SessionClosed { session, reason: CloseReason::Expired });
            assert!(trace.open.is_empty());
        });
        let told = told.0.lock().unwrap().join("\n");
        insta::assert_snapshot!(told, @r#"
        exchange id=7 method="tools/call" session=2
        in 1
        INFO message=request refused reason=Limit
        1 has duration_us=3000
        1 has status=429
        1 ends
        INFO message=request turned away status=403
        WARN message=messages dropped count=5
        INFO message=session opened session=2 version="2025-11-25"
        INFO message=session closed session=2 reason=Expired
        "#);
    }
}
