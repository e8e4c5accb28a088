//! What several tests of heads need.

use super::*;
use crate::schema::Implementation;

pub(in crate::http) type Fields<'f> = &'f [(&'f str, &'f str)];

pub(in crate::http) const HOST: (&str, &str) = ("Host", "localhost:8080");
pub(in crate::http) const ACCEPT: (&str, &str) = ("Accept", "application/json, text/event-stream");
pub(in crate::http) const JSON: (&str, &str) = ("Content-Type", "application/json");

pub(in crate::http) fn server() -> ServerConfig {
    ServerConfig::new(Implementation::new("test", "1"))
}

pub(in crate::http) fn gate() -> Gate {
    Gate::new(&server(), &HttpConfig::default())
}

pub(in crate::http) fn ask(
    gate: &Gate,
    method: &str,
    path: &str,
    fields: Fields<'_>,
) -> Result<Admission, Response> {
    gate.admit(&Head { method, path, headers: &fields })
}

/// A POST with all that is needed, and `fields` besides.
pub(in crate::http) fn post(gate: &Gate, fields: Fields<'_>) -> Admission {
    let fields = [&[HOST, ACCEPT, JSON], fields].concat();
    ask(gate, "POST", "/mcp", &fields).unwrap()
}
