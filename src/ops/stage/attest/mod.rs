//! What a run says, signed, of the files that it hands over: an in-toto statement with SLSA provenance in a DSSE envelope.

mod envelope;
mod key;
mod statement;

pub use envelope::{Envelope, Signature, Verified, pae, sign, verify};
pub use key::{PRIVATE_KEY, PUBLIC_KEY, PublicKey, SigningKey, public_keys, signing_key};
pub use statement::{
    BUILD_TYPE, BuildDefinition, Builder, Dependency, Metadata, PREDICATE, Predicate, RunDetails, STATEMENT, Statement,
    Subject,
};
