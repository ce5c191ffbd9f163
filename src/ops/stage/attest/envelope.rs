//! The envelope: DSSE, <https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>.

use super::{PublicKey, SigningKey, Statement};
use crate::error::{Error, Kind, Result};
use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::{Deserialize, Serialize};

/// The type of the payloads.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// What a reader must accept, by the protocol: either alphabet. Padding may be missing.
const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

/// A signed payload. Nothing in it is to be believed before [`verify`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The payload, in base64.
    pub payload: String,
    /// What the payload is.
    pub payload_type: String,
    /// At least one.
    pub signatures: Vec<Signature>,
}

/// A signature of a payload and its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Which key, as a hint: see [`PublicKey::id`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub keyid: String,
    /// The signature, in base64: ASN.1 of ECDSA with SHA-256, or the 64 bytes of Ed25519.
    pub sig: String,
}

/// A statement that somebody trusted signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The statement.
    pub statement: Statement,
    /// The ids of the keys that signed it, each once.
    pub by: Vec<String>,
}

/// Signs a statement.
pub fn sign(statement: &Statement, key: &SigningKey) -> Envelope {
    // What is written can always be written.
    let payload = serde_json::to_vec(statement).unwrap_or_default();
    let mut envelope =
        Envelope { payload: BASE64.encode(&payload), payload_type: PAYLOAD_TYPE.into(), signatures: Vec::new() };
    envelope.signatures.push(signature(&payload, key));
    envelope
}

impl Envelope {
    /// Adds another signature of what it holds.
    ///
    /// # Errors
    /// `Corrupt`, `Unsupported` when it holds no payload of the type that is signed here.
    pub fn sign_too(&mut self, key: &SigningKey) -> Result<()> {
        let payload = self.decoded()?;
        self.signatures.push(signature(&payload, key));
        Ok(())
    }

    /// Reads an envelope. `name` says in messages where it comes from.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Envelope> {
        let corrupt = |e| Error::new(Kind::Corrupt, format!("{name} is no attestation")).with_source(e);
        serde_json::from_slice(bytes).map_err(corrupt)
    }

    fn decoded(&self) -> Result<Vec<u8>> {
        if self.payload_type != PAYLOAD_TYPE {
            let message = format!("the attestation holds {:?}, not {PAYLOAD_TYPE}", self.payload_type);
            return Err(Error::new(Kind::Unsupported, message));
        }
        decode(&self.payload).ok_or_else(|| Error::new(Kind::Corrupt, "the attestation's payload is no base64"))
    }
}

/// Verifies an envelope: a key that is trusted signed what it holds, and no signature in the name of a trusted key is
/// wrong. Whether the statement is about the files at hand is [`Statement::covers`].
///
/// # Errors
/// `Denied` when no trusted key signed it; `Corrupt` for a wrong signature, an altered payload, or one that is no statement;
/// `Unsupported` for another type of payload, statement or predicate.
pub fn verify(envelope: &Envelope, keys: &[PublicKey]) -> Result<Verified> {
    let payload = envelope.decoded()?;
    let signed = pae(&envelope.payload_type, &payload);
    let mut by = Vec::new();
    for signature in &envelope.signatures {
        let sig = decode(&signature.sig).unwrap_or_default();
        // The id is a hint that anybody can write: any key may have signed.
        match keys.iter().find(|key| key.verifies(&signed, &sig)) {
            Some(key) if by.iter().any(|id| id == key.id()) => {}
            Some(key) => by.push(key.id().to_owned()),
            None if keys.iter().any(|key| key.id() == signature.keyid) => {
                let message = format!("the signature of the key {} does not fit the attestation", signature.keyid);
                return Err(Error::new(Kind::Corrupt, message)
                    .hint("it was altered after it was signed: fetch it again, or prepare anew"));
            }
            None => {}
        }
    }
    if by.is_empty() {
        let ids: Vec<&str> = envelope.signatures.iter().map(|signature| signature.keyid.as_str()).collect();
        let message = format!("no known key signed the attestation; its signatures name {ids:?}");
        return Err(Error::new(Kind::Denied, message).hint(format!(
            "give the public key of whoever signed it: --public-key-file FILE, or {}",
            super::PUBLIC_KEY
        )));
    }
    Ok(Verified { statement: Statement::parse(&payload)?, by })
}

/// What is signed: the payload and its type, so that neither passes for the other.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

fn signature(payload: &[u8], key: &SigningKey) -> Signature {
    let sig = BASE64.encode(key.sign(&pae(PAYLOAD_TYPE, payload)));
    Signature { keyid: key.public().id().to_owned(), sig }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).or_else(|_| BASE64_URL.decode(text)).ok()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
