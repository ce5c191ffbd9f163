//! Credentials that can be told by how they look. A literal anchor is searched for, then what is around it is checked,
//! so that the check costs nothing where no anchor is.

use super::common::MIN_VALUE;
use crate::pipeline::url;
use regex::bytes::Regex;
use std::{ops::Range, sync::LazyLock};

/// The longest credential that is recognised, in bytes from its anchor.
pub(super) const MAX_LEN: usize = 16 * 1024;
/// How far before its anchor a credential may begin, or a check may look, in bytes.
pub(super) const MAX_BEHIND: usize = 96;

/// What a password in a URL is called.
pub(super) const URL_PASSWORD: &str = "a URL with a password";

/// How a shape is checked once its anchor is found.
enum Check {
    /// The expression matches at the credential's beginning; the first group that matches, else all of it, is
    /// what is secret.
    Pattern(&'static str),
    /// As `Pattern`, and what is secret has a digit.
    WithDigit(&'static str),
    /// As `Pattern`, and does not continue a word.
    Word(&'static str),
    /// The body of a PEM, OpenSSH or PGP private key.
    PrivateKey,
    /// The password in a URL.
    UrlPassword,
}

/// A kind of credential: its name, the literals that give it away, how many bytes of it stand before them, the check.
struct Shape(&'static str, &'static [&'static str], usize, Check);

use Check::{Pattern, PrivateKey, UrlPassword, WithDigit, Word};

const SHAPES: &[Shape] = &[
    Shape("a private key", &["PRIVATE KEY"], 0, PrivateKey),
    Shape(
        "a PuTTY private key",
        &["Private-Lines:"],
        0,
        Pattern(r"Private-Lines: \d+\r?\n((?:[A-Za-z0-9+/=]+\r?\n?)+)"),
    ),
    Shape(URL_PASSWORD, &["://"], 0, UrlPassword),
    Shape(
        "a JSON web token",
        // `{"` and the first letter of every parameter that IANA's registry of JOSE headers has.
        &[
            "eyJh", "eyJ0", "eyJr", "eyJl", "eyJ4", "eyJq", "eyJj", "eyJz", "eyJu", "eyJ1", "eyJ6", "eyJp", "eyJi",
            "eyJ2", "eyJw",
        ],
        0,
        Pattern(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{16,}"),
    ),
    Shape("a GitHub token", &["ghp_", "gho_", "ghu_", "ghr_"], 0, Pattern(r"gh[pour]_[A-Za-z0-9]{36,255}")),
    Shape("a GitHub token", &["ghs_"], 0, Pattern(r"ghs_[\w.-]{36,4096}")),
    Shape("a GitHub token", &["github_pat_"], 0, Pattern(r"github_pat_\w{50,255}")),
    Shape(
        "a GitLab token",
        &["glpat-", "glrt-", "gldt-", "glcbt-", "glptt-"],
        0,
        WithDigit(r"gl(?:pat|rt|dt|cbt|ptt)-[\w.-]{20,300}"),
    ),
    Shape("an AWS access key", &["AKIA", "ASIA"], 0, Word(r"A[KS]IA[A-Z2-7]{16}\b")),
    Shape(
        "a Slack token",
        &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe", "xapp-"],
        0,
        WithDigit(r"(?:xox[abprse]|xapp|xoxe\.xox[bp])-[A-Za-z0-9-]{10,400}"),
    ),
    Shape("a Slack webhook", &["hooks.slack.com/"], 0, Pattern(r"hooks\.slack\.com/services/(T\w+/B\w+/\w{20,})")),
    Shape("a Google API key", &["AIza"], 0, Word(r"AIza[\w-]{35}")),
    Shape("a Google OAuth token", &["ya29."], 0, WithDigit(r"ya29\.[\w-]{30,2048}")),
    Shape("a Google client secret", &["GOCSPX-"], 0, Pattern(r"GOCSPX-[\w-]{28}")),
    Shape("an npm token", &["npm_"], 0, WithDigit(r"npm_[A-Za-z0-9]{36}")),
    Shape("a PyPI token", &["pypi-AgE"], 0, Pattern(r"pypi-AgE[\w-]{50,}")),
    Shape("an Azure SAS signature", &["sig="], 0, Pattern(r"sig=((?:[A-Za-z0-9+/]|%2[BbFf]){42,43}(?:=|%3[Dd]))")),
    Shape(
        "an Azure connection string",
        &["AccountKey=", "AccessKey=", "accountkey=", "accesskey="],
        0,
        Pattern(r"(?i-u)(?:account|access)key=([A-Za-z0-9+/]{20,}={0,2})"),
    ),
    Shape("an Azure DevOps token", &["AZDO"], 76, Pattern(r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}\b")),
    Shape("an Azure storage key", &["+ASt"], 76, Pattern(r"[A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{6}==")),
    Shape("a Stripe key", &["sk_live_", "rk_live_"], 0, Pattern(r"[sr]k_live_[A-Za-z0-9]{20,250}")),
    Shape("a SendGrid key", &["SG."], 0, Word(r"SG\.[\w-]{22}\.[\w-]{43}")),
    Shape("a Hugging Face token", &["hf_"], 0, Word(r"hf_[A-Za-z0-9]{34}\b")),
    Shape("a Docker Hub token", &["dckr_pat_"], 0, Pattern(r"dckr_pat_[\w-]{20,}")),
    Shape("an Anthropic key", &["sk-ant-"], 0, Pattern(r"sk-ant-[\w-]{40,}")),
    Shape("an OpenAI key", &["sk-proj-"], 0, Pattern(r"sk-proj-[\w-]{40,}")),
    Shape("a Vault token", &["hvs."], 0, Word(r"hvs\.[\w-]{24,}")),
    Shape("a Terraform token", &[".atlasv1."], 14, Pattern(r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}")),
    Shape("a DigitalOcean token", &["dop_v1_"], 0, Pattern(r"dop_v1_[a-f0-9]{64}")),
    Shape("a RubyGems key", &["rubygems_"], 0, Pattern(r"rubygems_[a-f0-9]{48}")),
    Shape("an age key", &["AGE-SECRET-KEY-1"], 0, Pattern(r"AGE-SECRET-KEY-1[A-Z0-9]{58}")),
    Shape(
        "an Authorization header",
        &["uthorization", "UTHORIZATION"],
        0,
        WithDigit(concat!(
            r#"(?i-u)uthorization["'\\]{0,4}\s{0,4}[:=]\s{0,4}["'\\]{0,4}"#,
            r#"(?:(?:basic|bearer|token|apikey|negotiate)\s+([\w+/=.~:-]{16,})|([A-Za-z0-9+/=.-]{20,}))"#
        )),
    ),
    Shape("a bearer token", &["earer ", "EARER "], 0, WithDigit(r"(?i-u)earer\s+([\w+/=.~-]{20,})")),
];

struct Compiled {
    kind: &'static str,
    offset: usize,
    check: &'static Check,
    pattern: Option<Regex>,
}

/// One entry an anchor, in the order of [`anchors`].
static COMPILED: LazyLock<Vec<(usize, Compiled)>> = LazyLock::new(|| {
    let compile = |Shape(kind, _, offset, check): &'static Shape| Compiled {
        kind,
        offset: *offset,
        check,
        pattern: match check {
            // A literal, which the tests below compile: one that is broken never gets past them.
            Pattern(p) | WithDigit(p) | Word(p) => Regex::new(&format!("^(?-u:{p})")).ok(),
            PrivateKey | UrlPassword => None,
        },
    };
    SHAPES.iter().enumerate().flat_map(|(i, s)| s.1.iter().map(move |_| (i, compile(s)))).collect()
});

/// The literals to search for; a hit's number goes to [`check`].
pub(super) fn anchors() -> Vec<&'static str> {
    SHAPES.iter().flat_map(|shape| shape.1.iter().copied()).collect()
}

/// What is secret around the anchor number `anchor` at `at`, and what it is. It depends on no more than
/// [`MAX_BEHIND`] bytes before and [`MAX_LEN`] after `at`.
pub(super) fn check(text: &[u8], at: usize, anchor: usize) -> Option<(Range<usize>, &'static str)> {
    let (_, shape) = COMPILED.get(anchor)?;
    let start = at.checked_sub(shape.offset)?;
    let end = text.len().min(at + MAX_LEN);
    let range = match shape.check {
        PrivateKey => private_key(&text[..end], at),
        UrlPassword => url::password(&text[..end], at + 3)
            .filter(|password| is_literal(&text[password.clone()]) && is_telling(&text[password.clone()])),
        Word(_) if continues_a_word(text, start) => None,
        Pattern(_) | WithDigit(_) | Word(_) => {
            let found = shape.pattern.as_ref()?.captures(&text[start..end])?;
            let secret = found.iter().skip(1).flatten().next().or_else(|| found.get(0))?.range();
            let secret = start + secret.start..start + secret.end;
            let needs_digit = matches!(shape.check, WithDigit(_));
            (!needs_digit || text[secret.clone()].iter().any(u8::is_ascii_digit)).then_some(secret)
        }
    }?;
    Some((range, shape.kind))
}

/// Every password in the URLs of a text, however short: for places where a URL is meant to be used.
pub(super) fn url_passwords(text: &[u8]) -> Vec<Range<usize>> {
    let starts = text.windows(3).enumerate().filter(|(_, w)| *w == b"://").map(|(at, _)| at + 3);
    starts.filter_map(|at| url::password(text, at)).filter(|p| is_literal(&text[p.clone()])).collect()
}

/// Whether a password in any text is worth masking. Documentation and tests are full of `user:password@host`: masking
/// short passwords and lone words there would break builds that are restored.
fn is_telling(password: &[u8]) -> bool {
    let word = password.iter().all(u8::is_ascii_lowercase) || password.iter().all(u8::is_ascii_uppercase);
    password.len() >= MIN_VALUE && (!word || password.len() >= 16)
}

/// Whether a password is one, and not the name of a variable that holds it, a placeholder or a mask.
fn is_literal(password: &[u8]) -> bool {
    let placeholder = |b: &u8| matches!(b, b'$' | b'{' | b'<' | b'(' | b'[' | b'%');
    let escaped = password.starts_with(b"%") && password.get(1..3).is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit));
    (password.first().is_some_and(|b| !placeholder(b)) || escaped)
        && !password.iter().all(|b| matches!(b, b'*' | b'x' | b'X' | b'.'))
}

/// Whether the byte before `start` belongs to a word that goes on. `\n` and `%3D` end in letters and are not words.
fn continues_a_word(text: &[u8], start: usize) -> bool {
    let before = &text[start.saturating_sub(3)..start];
    match before {
        [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => false,
        [.., b'\\', b'n' | b'r' | b't'] => false,
        [.., last] => last.is_ascii_alphanumeric() || *last == b'_',
        [] => false,
    }
}

/// The body between a private key's BEGIN and END lines, given where `PRIVATE KEY` stands in the BEGIN line. Without
/// an END line in reach the body ends with the characters that a key can have.
fn private_key(text: &[u8], at: usize) -> Option<Range<usize>> {
    const TITLE: &[u8] = b"PRIVATE KEY";
    const BEGIN: &[u8] = b"-----BEGIN ";
    let before = &text[at.saturating_sub(BEGIN.len() + 40)..at];
    let begin = before.windows(BEGIN.len()).rposition(|w| w == BEGIN)?;
    if !before[begin + BEGIN.len()..].iter().all(|b| b.is_ascii_alphanumeric() || *b == b' ') {
        return None;
    }
    let mut start = at + TITLE.len();
    start += if text[start..].starts_with(b" BLOCK") { 6 } else { 0 };
    if !text[start..].starts_with(b"-----") {
        return None;
    }
    start += 5;
    let body = &text[start..];
    let end = body.windows(8).position(|w| w == b"-----END").unwrap_or_else(|| {
        let of_key = |b: &u8| b.is_ascii_alphanumeric() || b" \t\r\n+/=\\:,.-_".contains(b);
        body.iter().position(|b| !of_key(b)).unwrap_or(body.len())
    });
    let letters = body[..end].iter().filter(|b| b.is_ascii_alphanumeric()).count();
    (letters >= 32).then_some(start..start + end)
}

#[cfg(test)]
mod tests {
    use super::{super::finder, *};
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};

    #[test]
    fn every_pattern_compiles_and_stays_in_reach() {
        for (_, shape) in COMPILED.iter() {
            let has_pattern = matches!(shape.check, Pattern(_) | WithDigit(_) | Word(_));
            assert_eq!(shape.pattern.is_some(), has_pattern, "{}", shape.kind);
            assert!(shape.offset + 3 <= MAX_BEHIND, "{}", shape.kind);
        }
        assert_eq!(COMPILED.len(), anchors().len());
    }

    #[test]
    fn the_anchors_that_are_not_short_fit_one_pass() {
        let long = anchors().iter().filter(|anchor| anchor.len() >= finder::COMPARED).count();
        assert!(long <= finder::PACKED, "{long} anchors make a second pass over every byte");
    }

    #[test]
    fn a_web_token_is_found_whatever_its_header_begins_with() {
        // The names in https://www.iana.org/assignments/jose, and `ver`, which some write.
        for name in [
            "alg", "apu", "apv", "aud", "b64", "crit", "cty", "enc", "epk", "iheSSId", "iss", "iv", "jku", "jwk",
            "kid", "nonce", "p2c", "p2s", "ppt", "sub", "svt", "tag", "typ", "url", "ver", "x5c", "x5t", "x5t#S256",
            "x5u", "zip",
        ] {
            let part = |text: String| BASE64.encode(text);
            let token =
                [format!(r#"{{"{name}":"value"}}"#), r#"{"sub":"1234567890"}"#.into(), "s".repeat(20)].map(part);
            let token = token.join(".");
            let anchor = anchors().iter().position(|anchor| token.starts_with(anchor));
            let found = anchor.and_then(|anchor| check(token.as_bytes(), 0, anchor));
            assert_eq!(found, Some((0..token.len(), "a JSON web token")), "{name}");
        }
    }
}
