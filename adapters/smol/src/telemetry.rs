//! What an operator wants to know, as events of `tracing`.

use mcp_proto::http::Telemetry;
use tracing::{debug, info, warn};

/// Tells `tracing`. Methods of clients are bounded by the core.
pub(crate) fn trace(telemetry: &Telemetry) {
    match telemetry {
        Telemetry::ExchangeStarted { exchange, method, session } => {
            debug!(exchange = exchange.0, %method, ?session, "exchange started");
        }
        Telemetry::ExchangeEnded { exchange, status, duration } => {
            debug!(exchange = exchange.0, status, ?duration, "exchange ended");
        }
        Telemetry::Refused { exchange, reason } => {
            info!(exchange = exchange.0, ?reason, "request refused");
        }
        Telemetry::Dropped { count } => warn!(count, "messages dropped"),
        other => debug!(?other),
    }
}
