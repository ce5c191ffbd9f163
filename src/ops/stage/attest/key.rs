//! Keys: ECDSA on P-256 and Ed25519, from PEM. No secret is ever in a message or in what `Debug` shows.

use crate::{
    error::{Error, Kind, Result},
    pipeline::env::{self, EnvMap},
};
use p256::{
    ecdsa::{
        self,
        signature::{Signer, Verifier},
    },
    pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePublicKey},
};
use sha2::{Digest, Sha256};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

/// The variable that holds a private key in PEM.
pub const PRIVATE_KEY: &str = "CI_TOOL_STAGE_KEY";
/// The variable that holds public keys in PEM, one after the other.
pub const PUBLIC_KEY: &str = "CI_TOOL_STAGE_PUBLIC_KEY";
const MAKE_KEY: &str = "make one: openssl genpkey -algorithm ed25519 -out key.pem";
const BEGIN_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----";
const END_PUBLIC: &str = "-----END PUBLIC KEY-----";

/// A key that signs.
pub struct SigningKey {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    P256(ecdsa::SigningKey),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

/// A key that verifies.
#[derive(Clone, PartialEq)]
pub struct PublicKey {
    id: String,
    point: Point,
}

#[derive(Clone, PartialEq)]
enum Point {
    P256(ecdsa::VerifyingKey),
    Ed25519(ed25519_dalek::VerifyingKey),
}

impl SigningKey {
    /// Reads a private key in PKCS#8 PEM. `from` says in messages where it comes from.
    ///
    /// # Errors
    /// `Unsupported` for one that is encrypted, of an older format or of another algorithm; `Usage` for what is no key.
    pub fn from_pem(from: &str, text: &str) -> Result<SigningKey> {
        let unsupported = |what: &str, hint: &str| {
            Error::new(Kind::Unsupported, format!("the private key of {from} {what}")).hint(hint)
        };
        let text = &lines(text);
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(unsupported(
                "is encrypted, and nobody is here to type its password",
                "decrypt it: openssl pkcs8 -in key.pem -out plain.pem, and keep the result in the CI's vault",
            ));
        }
        if text.contains("BEGIN EC PRIVATE KEY") || text.contains("BEGIN RSA PRIVATE KEY") {
            return Err(unsupported(
                "is not in the format PKCS#8",
                "convert it: openssl pkcs8 -topk8 -nocrypt -in key.pem -out pkcs8.pem",
            ));
        }
        if !text.contains("BEGIN PRIVATE KEY") {
            return Err(Error::new(Kind::Usage, format!("{from} holds no private key in PEM")).hint(MAKE_KEY));
        }
        // Causes are left out: what they quote of the text is not ours to know.
        if let Ok(key) = ecdsa::SigningKey::from_pkcs8_pem(text) {
            let public = PublicKey::new(Point::P256(*key.verifying_key()))?;
            return Ok(SigningKey { secret: Secret::P256(key), public });
        }
        let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_pem(text) else {
            return Err(unsupported("is damaged, or neither ECDSA on P-256 nor Ed25519", MAKE_KEY));
        };
        let public = PublicKey::new(Point::Ed25519(key.verifying_key()))?;
        Ok(SigningKey { secret: Secret::Ed25519(Box::new(key)), public })
    }

    /// The key that verifies what this one signs.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs bytes: the same signature for the same bytes. ASN.1 of ECDSA with SHA-256 (RFC 6979), or Ed25519's 64 bytes.
    pub(super) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::P256(key) => {
                let signature: ecdsa::Signature = key.sign(bytes);
                signature.to_der().as_bytes().to_vec()
            }
            Secret::Ed25519(key) => key.sign(bytes).to_bytes().to_vec(),
        }
    }
}

impl PublicKey {
    /// Reads one public key in PEM (SubjectPublicKeyInfo). `from` says in messages where it comes from.
    ///
    /// # Errors
    /// `Usage` for what is no such key; `Unsupported` for one of another algorithm.
    pub fn from_pem(from: &str, text: &str) -> Result<PublicKey> {
        let text = &lines(text);
        if !text.contains(BEGIN_PUBLIC) {
            return Err(Error::new(Kind::Usage, format!("{from} holds no public key in PEM"))
                .hint("take it out of the private one: openssl pkey -in key.pem -pubout -out public.pem"));
        }
        let point = ecdsa::VerifyingKey::from_public_key_pem(text)
            .map(Point::P256)
            .or_else(|_| ed25519_dalek::VerifyingKey::from_public_key_pem(text).map(Point::Ed25519));
        PublicKey::new(point.map_err(|_| {
            let message = format!("the public key of {from} is damaged, or neither ECDSA on P-256 nor Ed25519");
            Error::new(Kind::Unsupported, message)
        })?)
    }

    fn new(point: Point) -> Result<PublicKey> {
        let der = match &point {
            Point::P256(key) => key.to_public_key_der(),
            Point::Ed25519(key) => key.to_public_key_der(),
        };
        let der = der.map_err(|_| Error::new(Kind::Internal, "writing a public key down"))?;
        Ok(PublicKey { id: format!("{:x}", Sha256::digest(der.as_bytes())), point })
    }

    /// What it is known by: the SHA-256 of its SubjectPublicKeyInfo in DER, in hexadecimal digits. `openssl pkey -pubin -in
    /// public.pem -outform der | sha256sum` prints it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether a signature of these bytes is this key's.
    pub(super) fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        match &self.point {
            Point::P256(key) => {
                ecdsa::Signature::from_der(signature).is_ok_and(|signature| key.verify(bytes, &signature).is_ok())
            }
            // The strict check knows no weak keys.
            Point::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(bytes, &signature).is_ok()),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public.id)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id)
    }
}

/// The key to sign with: a file's, else [`PRIVATE_KEY`]'s; `None` when neither is named.
///
/// # Errors
/// As [`SigningKey::from_pem`]; those of reading the file.
pub fn signing_key(file: Option<&Path>, variables: &EnvMap) -> Result<Option<SigningKey>> {
    if let Some(file) = file {
        return SigningKey::from_pem(&file.display().to_string(), &read(file)?).map(Some);
    }
    env::text(variables, PRIVATE_KEY).map(|text| SigningKey::from_pem(PRIVATE_KEY, text)).transpose()
}

/// The keys that are trusted: all of all files and of [`PUBLIC_KEY`].
///
/// # Errors
/// As [`PublicKey::from_pem`]; those of reading the files.
pub fn public_keys(files: &[PathBuf], variables: &EnvMap) -> Result<Vec<PublicKey>> {
    let mut keys: Vec<PublicKey> = Vec::new();
    let mut add = |from: &str, text: &str| {
        let text = lines(text);
        let mut blocks = text.split_inclusive(END_PUBLIC).filter(|block| !block.trim().is_empty()).peekable();
        if blocks.peek().is_none() {
            PublicKey::from_pem(from, "")?;
        }
        for block in blocks {
            let key = PublicKey::from_pem(from, &block[block.find(BEGIN_PUBLIC).unwrap_or(0)..])?;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        Ok::<(), Error>(())
    };
    for file in files {
        add(&file.display().to_string(), &read(file)?)?;
    }
    if let Some(text) = env::text(variables, PUBLIC_KEY) {
        add(PUBLIC_KEY, text)?;
    }
    Ok(keys)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(|e| Error::io("reading the key", file, e))
}

/// A PEM text as lines: variables of a CI often hold `\n` in two characters.
fn lines(text: &str) -> String {
    text.trim().replace("\\n", "\n").replace('\r', "")
}
