//! MCP servers over HTTP on `tiny_http`.
