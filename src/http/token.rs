//! Tokens and addresses: what may be sent where, and what of it may be shown.

use crate::error::{Error, Kind, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Url, header::HeaderValue};
use std::fmt;

/// A secret that opens a service. Shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes a secret, without the white space around it.
    ///
    /// # Errors
    /// `Usage` for one that is empty or cannot stand in a header.
    pub fn new(secret: &str) -> Result<Token> {
        let secret = secret.trim();
        if secret.is_empty() || !secret.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::new(Kind::Usage, "the token is empty, or has characters in it that no token has"));
        }
        Ok(Token(secret.to_owned()))
    }

    /// The value of the header `Authorization` under a scheme, marked so that nothing shows it.
    pub(super) fn header(&self, scheme: &str) -> Result<HeaderValue> {
        // A token holds visible ASCII only, which a header may.
        let mut value = HeaderValue::from_str(&format!("{scheme} {}", self.0))
            .map_err(|e| Error::new(Kind::Usage, "the token cannot stand in a header").with_source(e))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The value of the header `Authorization` for a user whose password this is (RFC 7617), marked so that nothing shows it.
    pub(super) fn basic(&self, user: &str) -> Result<HeaderValue> {
        let mut value =
            HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{}", self.0))))
                .map_err(|e| Error::new(Kind::Usage, "the user cannot stand in a header").with_source(e))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The secret itself, for a service that wants it elsewhere than in a header.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// A text without the secret.
    pub(super) fn hide(&self, text: &str) -> String {
        text.replace(&self.0, "REDACTED")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Reads the address of a service.
///
/// # Errors
/// `Usage` for what is no `http://` or `https://` address. The text is not repeated: it may hold a secret.
pub fn address(text: &str) -> Result<Url> {
    let hint = "write https://HOST/PATH";
    let url = Url::parse(text.trim())
        .map_err(|e| Error::new(Kind::Usage, "the address is no URL").with_source(e).hint(hint))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(Error::new(Kind::Usage, format!("an address begins with https://, not {other}:")).hint(hint)),
    }
}

/// An address for people: without user, query and fragment, where tokens stand.
pub fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// Whether an address is on this machine.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// Refuses addresses to which a token would travel for everybody to read.
///
/// # Errors
/// `Usage` for `http://` to another machine.
pub fn may_have_token(url: &Url) -> Result<()> {
    if url.scheme() == "https" || is_loopback(url) {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, format!("{} would get the token unencrypted", shown(url))).hint("use https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_travel_encrypted_or_not_at_all() {
        for (url, allowed) in [
            ("https://example.org/a", true),
            ("http://example.org/a", false),
            ("http://127.0.0.1:80/a", true),
            ("http://127.9.9.9/a", true),
            ("http://[::1]:8080/", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://LOCALHOST/a", true),
            ("http://localhost.example.org/", false),
            ("http://127.0.0.1.example.org/", false),
            ("http://127.0.0.1@example.org/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(may_have_token(&address(url).unwrap()).is_ok(), allowed, "{url}");
        }
    }

    #[test]
    fn what_is_shown_holds_no_secret() {
        let secret = "s".repeat(9);
        let url = address(&format!("https://user:{secret}@host:81/a/b?sig={secret}#{secret}")).unwrap();
        assert_eq!(shown(&url), "https://host:81/a/b");
        let error = address(&format!("ftp://user:{secret}@host")).unwrap_err();
        assert!(!format!("{error:?}").contains(&secret));
        let token = Token::new(&format!(" {secret}\n")).unwrap();
        assert_eq!(format!("{token:?}"), "Token");
        assert!(!format!("{:?}", token.header("Bearer").unwrap()).contains(&secret));
        assert_eq!(token.hide(&format!("no {secret}!")), "no REDACTED!");
    }

    #[test]
    fn no_token_breaks_out_of_its_header() {
        for text in ["", "  ", "a b", "a\r\nHost: x", "ä"] {
            assert_eq!(Token::new(text).unwrap_err().kind(), Kind::Usage, "{text:?}");
        }
    }
}
