//! The list of what a stage made: CycloneDX 1.6, <https://cyclonedx.org/docs/1.6/json/>.

use super::run::Made;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What the files are part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product<'a> {
    /// The pipeline's name.
    pub name: &'a str,
    /// The build, where there is one.
    pub build: Option<&'a str>,
}

/// The SBOM of files. The same files give the same bytes, so that what is handed over again is the same: files come in the
/// order of their paths, the serial number is made of the content, and no time is told (the attestation does).
pub fn sbom(product: Product, files: &[Made]) -> Vec<u8> {
    let mut files: Vec<&Made> = files.iter().collect();
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    let mut whole = json!({"type": "application", "bom-ref": "product", "name": product.name});
    if let Some(build) = product.build {
        whole["version"] = build.into();
    }
    let components: Vec<Value> = files.into_iter().map(component).collect();
    let serial = serial(&Sha256::digest(json!([whole, components]).to_string()).into());
    let tool = json!({"type": "application", "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")});
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial,
        "version": 1,
        "metadata": {"tools": {"components": [tool]}, "component": whole},
        "components": components,
    });
    format!("{document:#}\n").into_bytes()
}

fn component(made: &Made) -> Value {
    let mut properties = vec![
        json!({"name": "ci-tool:size", "value": made.size.to_string()}),
        json!({"name": "ci-tool:shipping", "value": made.shipping.to_string()}),
    ];
    let optional = [("ci-tool:container", &made.container), ("ci-tool:signed-by", &made.signed_by)];
    properties.extend(optional.into_iter().filter_map(|(name, value)| {
        let value = value.as_deref()?;
        Some(json!({"name": name, "value": value}))
    }));
    json!({
        "type": "file",
        "bom-ref": format!("file:{}", made.path),
        "name": made.path,
        "hashes": [{"alg": "SHA-256", "content": made.sha256}],
        "properties": properties,
    })
}

/// A UUID of version 8 (RFC 9562: the content is the application's own) of a hash.
fn serial(hash: &[u8; 32]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(path: &str, sha256: char) -> Made {
        let sha256 = sha256.to_string().repeat(64);
        Made { path: path.into(), size: 3, sha256, container: Some("nuget".into()), shipping: true, signed_by: None }
    }

    #[test]
    fn the_same_files_give_the_same_text_in_any_order() {
        let product = Product { name: "prepare", build: Some("2503100") };
        let (a, b) = (made("a", '1'), made("b/c", '2'));
        let one = sbom(product, &[a.clone(), b.clone()]);
        assert_eq!(one, sbom(product, &[b.clone(), a.clone()]));
        let read = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap();
        let serial = |text: &[u8]| read(text)["serialNumber"].as_str().unwrap().to_owned();
        assert_ne!(serial(&one), serial(&sbom(product, &[a, made("b/c", '3')])));
        assert_eq!(read(&one)["metadata"].get("timestamp"), None, "what is handed over again is the same");
        assert_eq!(read(&one)["components"][1]["name"], "b/c");
        assert_eq!(serial(&one).as_bytes()["urn:uuid:00000000-0000-".len()], b'8');
    }
}
