//! Where a server is, and where its redirects may lead.
//!
//! Spec: RFC 3986, RFC 6454 (origins), RFC 9110 (redirects).

use alloc::{boxed::Box, format, sync::Arc};

/// The URL of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    url: Arc<str>,
    /// Scheme, host and port as they are compared: lower case, the scheme's own port written out.
    origin: Box<str>,
}

impl Target {
    /// The target that an absolute URL names, if an MCP server can be there.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (scheme, port) = [("http", "80"), ("https", "443")]
            .into_iter()
            .find(|(known, _)| scheme.eq_ignore_ascii_case(known))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        if !path.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b'#' && byte != b'\\') {
            return None;
        }
        let (host, port) = split_authority(authority, port)?;
        let host = host.to_ascii_lowercase();
        let slash = if path.starts_with('/') { "" } else { "/" };
        Some(Self {
            url: format!("{scheme}://{authority}{slash}{path}").into(),
            origin: format!("{scheme}://{host}:{port}").into(),
        })
    }

    pub(super) fn url(&self) -> &Arc<str> {
        &self.url
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Where a redirect leads: a URL, or a reference from this one.
    pub(super) fn follow(&self, location: &str) -> Option<Self> {
        let location = location.split('#').next().unwrap_or_default();
        if location.split_once("://").is_some_and(|(scheme, _)| !scheme.contains(['/', '?'])) {
            return Self::parse(location);
        }
        let (scheme, rest) = self.url.split_once("://")?;
        let root = scheme.len() + 3 + rest.find('/')?;
        let path = self.url.split('?').next().unwrap_or_default();
        let base = if location.starts_with("//") {
            &self.url[..=scheme.len()]
        } else if location.starts_with('/') {
            self.url.get(..root)?
        } else if location.starts_with('?') || location.is_empty() {
            path
        } else {
            path.get(..=path.rfind('/')?)?
        };
        Self::parse(&format!("{base}{location}"))
    }
}

/// Host and port; `None` for what is no authority, or names a user.
fn split_authority<'a>(authority: &'a str, default: &'a str) -> Option<(&'a str, u16)> {
    let end = match authority.strip_prefix('[') {
        Some(_) => authority.find(']')? + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(end)?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%[:]".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_host) {
        return None;
    }
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits,
        None if port.is_empty() => default,
        _ => return None,
    };
    Some((host, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn led(from: &str, location: &str) -> Option<alloc::string::String> {
        Some(Target::parse(from)?.follow(location)?.url().to_string())
    }

    #[test]
    fn a_target_is_an_absolute_url_of_http() {
        for (url, normal, origin) in [
            ("http://h", "http://h/", "http://h:80"),
            (
                "HTTPS://H.example:8443/mcp?x=1",
                "https://H.example:8443/mcp?x=1",
                "https://h.example:8443",
            ),
            ("https://[::1]/a", "https://[::1]/a", "https://[::1]:443"),
            ("http://h?x", "http://h/?x", "http://h:80"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!((&**target.url(), target.origin()), (normal, origin));
        }
        for url in [
            "",
            "h",
            "//h/",
            "ftp://h/",
            "http://",
            "http://u@h/",
            "http://u:p@h/",
            "http://h:x/",
            "http://h:70000/",
            "http://h/#f",
            "http://h/a b",
            "http://h/\\x",
            "http://h\\@e/",
            "http:///p",
            "http://h /",
            "http://h/ü",
        ] {
            assert_eq!(Target::parse(url), None, "{url}");
        }
    }

    #[test]
    fn a_redirect_is_resolved_against_the_url_that_it_answers() {
        let from = "https://h:1/a/b?q";
        for (location, led_to) in [
            ("https://e/x", "https://e/x"),
            ("//e/x", "https://e/x"),
            ("/x", "https://h:1/x"),
            ("x/?y#z", "https://h:1/a/x/?y"),
            ("?y", "https://h:1/a/b?y"),
            ("/x?u=http://e/", "https://h:1/x?u=http://e/"),
        ] {
            assert_eq!(led(from, location).as_deref(), Some(led_to), "{location}");
        }
        assert_eq!(led(from, "mailto:x@y").as_deref(), Some("https://h:1/a/mailto:x@y"));
        assert_eq!(led(from, "ftp://e/"), None);
        assert_eq!(led(from, "/a b"), None);
    }
}
