//! Names of hosts and origins, and which of them may call.
//!
//! Spec: "Security warning" of `basic/transports`; RFC 9110 (`Host`) and RFC 6454 (`Origin`).

use alloc::{boxed::Box, collections::BTreeSet};
use core::net::{Ipv4Addr, Ipv6Addr};

use super::{Hosts, Origins};

impl Hosts {
    /// Whether the server may be called under the name in a `Host` field.
    pub(super) fn allows(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Loopback => Authority::parse(host).is_some_and(Authority::is_loopback),
            Self::Only(names) => Authority::parse(host).is_some_and(|host| {
                names.iter().filter_map(|name| Authority::parse(name)).any(|name| {
                    name.has_host_of(host) && name.port.is_none_or(|port| host.port == Some(port))
                })
            }),
        }
    }
}

impl Origins {
    /// Whether pages of the origin in an `Origin` field may call. One that is no origin at all,
    /// or that a page was denied (`null`), may not unless all may.
    pub(super) fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Loopback => Origin::parse(origin).is_some_and(|origin| {
                origin.default_port().is_some() && origin.authority.is_loopback()
            }),
            Self::Only(origins) => is_listed(origin, origins),
            Self::Check(check) => Origin::parse(origin).is_some() && check.allows(origin),
        }
    }
}

fn is_listed(origin: &str, origins: &BTreeSet<Box<str>>) -> bool {
    Origin::parse(origin)
        .is_some_and(|own| origins.iter().filter_map(|o| Origin::parse(o)).any(|o| o.equals(own)))
}

/// Whether a `Host` field is one: a name or an address, perhaps with a port, and nothing else.
pub(super) fn is_host(text: &str) -> bool {
    Authority::parse(text).is_some()
}

/// A host and perhaps a port.
#[derive(Clone, Copy)]
struct Authority<'a> {
    /// Without the dot that may end a name; brackets stay.
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Authority<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let end = rest.find(']')?;
                rest.get(..end)?.parse::<Ipv6Addr>().ok()?;
                text.split_at_checked(end + 2)?
            }
            None => text.split_at_checked(text.find(':').unwrap_or(text.len()))?,
        };
        let port = match port.strip_prefix(':') {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            None if port.is_empty() => None,
            _ => return None,
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let named = host.starts_with('[') || host.bytes().all(is_name);
        (named && !host.is_empty()).then_some(Self { host, port })
    }

    fn is_loopback(self) -> bool {
        if let Some(address) = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            return address.parse::<Ipv6Addr>().is_ok_and(|a| a.to_canonical().is_loopback());
        }
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }

    fn has_host_of(self, other: Self) -> bool {
        self.host.eq_ignore_ascii_case(other.host)
    }
}

/// A scheme and an authority.
#[derive(Clone, Copy)]
struct Origin<'a> {
    scheme: &'a str,
    authority: Authority<'a>,
}

impl<'a> Origin<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
            return None;
        }
        Some(Self { scheme, authority: Authority::parse(authority)? })
    }

    /// The port that is not written; `None` for schemes other than those of web pages.
    fn default_port(self) -> Option<u16> {
        [("http", 80), ("https", 443)]
            .into_iter()
            .find_map(|(scheme, port)| self.scheme.eq_ignore_ascii_case(scheme).then_some(port))
    }

    fn port(self) -> Option<u16> {
        self.authority.port.or(self.default_port())
    }

    fn equals(self, other: Self) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.authority.has_host_of(other.authority)
            && self.port() == other.port()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Check, *};

    const LOOPBACK: [&str; 9] = [
        "localhost",
        "LocalHost:8080",
        "localhost.",
        "localhost.:1",
        "127.0.0.1",
        "127.255.0.3:65535",
        "[::1]",
        "[::1]:3000",
        "[0:0:0:0:0:0:0:1]",
    ];

    const FOREIGN: [&str; 15] = [
        "example.com",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "evil-localhost",
        "192.0.2.1",
        "0.0.0.0",
        "[::]",
        "[2001:db8::1]",
        "127.1",
        "0177.0.0.1",
        "2130706433",
        "::1",
        "sub.localhost",
        "localhost..",
        "128.0.0.1",
    ];

    const GARBAGE: [&str; 20] = [
        "",
        ".",
        ":80",
        "localhost:",
        "localhost:+80",
        "localhost:65536",
        "localhost:80:80",
        "localhost:8o",
        "user@localhost",
        "localhost@evil.example",
        "localhost/",
        "localhost/path",
        "localhost#",
        "localhost?q",
        "local host",
        "[::1",
        "[::1]80",
        "[localhost]",
        "löcalhost",
        "localhost\\",
    ];

    fn set<'n>(names: impl IntoIterator<Item = &'n str>) -> BTreeSet<Box<str>> {
        names.into_iter().map(Box::from).collect()
    }

    #[test]
    fn a_server_on_loopback_is_called_by_loopback_names_alone() {
        spec!("SEC-04");
        for host in LOOPBACK {
            assert!(Hosts::Loopback.allows(host), "{host}");
        }
        for host in FOREIGN.iter().chain(&GARBAGE) {
            assert!(!Hosts::Loopback.allows(host), "{host}");
        }
    }

    #[test]
    fn pages_of_loopback_origins_may_call_and_no_others() {
        for host in LOOPBACK {
            for scheme in ["http", "https", "HTTP"] {
                assert!(Origins::Loopback.allows(&std::format!("{scheme}://{host}")), "{host}");
            }
            for wrong in ["", "http:", "http:/", "ftp://", "file://", "chrome-extension://", "://"]
            {
                assert!(!Origins::Loopback.allows(&std::format!("{wrong}{host}")), "{wrong}{host}");
            }
        }
        for host in FOREIGN.iter().chain(&GARBAGE) {
            assert!(!Origins::Loopback.allows(&std::format!("http://{host}")), "{host}");
        }
        assert!(!Origins::Loopback.allows("null"));
        assert!(!Origins::Loopback.allows("http://localhost http://localhost"));
    }

    #[test]
    fn a_listed_name_stands_for_any_port_and_one_with_a_port_for_that() {
        let hosts = Hosts::Only(set(["mcp.example", "other.example:8443", "[2001:DB8::1]"]));
        for (host, allowed) in [
            ("mcp.example", true),
            ("MCP.example.:99", true),
            ("other.example:8443", true),
            ("[2001:db8::1]:80", true),
            ("other.example", false),
            ("other.example:443", false),
            ("localhost", false),
            ("mcp.example.evil", false),
            ("x@mcp.example", false),
        ] {
            assert_eq!(hosts.allows(host), allowed, "{host}");
        }
    }

    #[test]
    fn a_listed_origin_has_its_scheme_and_its_port() {
        let listed = ["https://app.example", "http://dev.example:3000", "vscode-webview://abc"];
        let origins = Origins::Only(set(listed));
        for (origin, allowed) in [
            ("https://app.example", true),
            ("https://APP.example:443", true),
            ("http://dev.example:3000", true),
            ("vscode-webview://abc", true),
            ("http://app.example", false),
            ("https://app.example:444", false),
            ("http://dev.example", false),
            ("https://app.example/", false),
            ("https://app.example.evil", false),
            ("http://localhost", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(origins.allows(origin), allowed, "{origin}");
        }
    }

    #[test]
    fn an_application_decides_about_origins_and_never_about_what_is_none() {
        let origins = Origins::Check(Check::new(|origin| !origin.contains("evil")));
        assert!(origins.allows("https://app.example"));
        assert!(!origins.allows("https://app.evil"));
        assert!(!origins.allows("null"));
        assert!(!origins.allows("app.example"));
    }

    #[test]
    fn all_are_allowed_where_the_application_says_so() {
        assert!(Hosts::Any.allows("example.com"));
        assert!(Origins::Any.allows("https://example.com"));
        assert!(Origins::Any.allows("null"));
    }
}
