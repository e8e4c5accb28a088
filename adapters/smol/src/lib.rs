//! MCP servers over HTTP and byte streams on smol.
