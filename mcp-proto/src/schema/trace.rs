//! W3C trace context in `_meta`.
//!
//! Spec: "`_meta`" on the `basic` page of 2026-07-28.

use alloc::string::String;

/// A W3C trace context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// `traceparent`.
    pub traceparent: String,
    /// `tracestate`.
    pub tracestate: Option<String>,
    /// `baggage`.
    pub baggage: Option<String>,
}
