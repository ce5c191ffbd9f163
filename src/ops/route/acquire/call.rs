//! The body of an acquire call, and the signature that shows who sent it.

use crate::{
    error::{Error, Kind, Result},
    ops::route::submit::PREFIX,
};
use hmac::{Hmac, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha512;
use std::fmt;

/// The secret that acquire calls are signed with.
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes a secret, without the line break after it.
    ///
    /// # Errors
    /// `Usage` for an empty one: everybody could sign with it.
    pub fn new(secret: &str) -> Result<Secret> {
        let secret = secret.trim_end_matches(['\r', '\n']);
        match secret.is_empty() {
            true => Err(Error::new(Kind::Usage, "the secret for acquire calls is empty")),
            false => Ok(Secret(secret.as_bytes().to_vec())),
        }
    }

    /// Whether `signature` is the hexadecimal HMAC-SHA512 of `body`. The time it takes tells nothing about the right one.
    pub fn signed(&self, body: &[u8], signature: &str) -> bool {
        let Some(signature) = unhex(signature.trim()) else { return false };
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(&self.0) else { return false };
        mac.update(body);
        mac.verify_slice(&signature).is_ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

/// What the CI system sends for an agent that it wants.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wanted {
    #[serde(default)]
    agent_id: Value,
    #[serde(default)]
    agent_pool: Value,
    #[serde(default)]
    account_id: Value,
    #[serde(default)]
    pub fail_request_url: Option<String>,
    #[serde(default)]
    pub get_associated_job_url: Option<String>,
    #[serde(default)]
    pub authentication_token: Option<String>,
    pub agent_specification: Specification,
}

/// What the agent is to be.
#[derive(Deserialize)]
pub(super) struct Specification {
    pub queue: String,
}

impl Wanted {
    /// Reads the body of a call.
    ///
    /// # Errors
    /// `Usage`. The body is not repeated: it holds a token.
    pub fn parse(body: &[u8]) -> Result<Wanted> {
        serde_json::from_slice(body).map_err(|e| {
            let what = if e.is_data() { "has no agentSpecification.queue" } else { "is no JSON" };
            Error::new(Kind::Usage, format!("the body of the acquire call {what}"))
        })
    }

    /// One id for the agent wanted, the same when the call is repeated: the first 32 hexadecimal digits of the BLAKE3 of the
    /// account, pool, agent and address of the job.
    pub fn id(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(PREFIX.as_bytes());
        for part in [&self.account_id, &self.agent_pool, &self.agent_id] {
            hasher.update(&[0]).update(part.to_string().as_bytes());
        }
        hasher.update(&[0]).update(self.get_associated_job_url.as_deref().unwrap_or_default().as_bytes());
        hasher.finalize().to_hex()[..32].to_owned()
    }
}
