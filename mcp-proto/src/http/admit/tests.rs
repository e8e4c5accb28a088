//! Heads, and what becomes of them.
