//! What an audit found, for Prometheus: a file for the textfile collector of its node exporter.

use super::{Audit, FindingKind};
use crate::{
    error::{Error, Result},
    ops::route::metric_names::AUDIT_FINDINGS,
};
use std::{fmt::Write as _, io::Write as _, path::Path};

/// The number of findings of each kind, zeros included, in Prometheus's text format.
pub fn metrics(audit: &Audit) -> String {
    let mut text = format!(
        "# HELP {AUDIT_FINDINGS} What the last audit of queues found, by kind.\n# TYPE {AUDIT_FINDINGS} gauge\n"
    );
    for kind in FindingKind::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{AUDIT_FINDINGS}{{kind=\"{}\"}} {}", kind.as_str(), audit.count(kind));
    }
    text
}

/// Writes a file of metrics whole: a collector reads the old one or the new one.
///
/// # Errors
/// Those of writing.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed =
        |e| Error::io("writing the metrics", path, e).hint("--metrics FILE: in the directory that the collector reads");
    let mut builder = tempfile::Builder::new();
    // The collector takes every *.prom, and is seldom the user who writes them.
    builder.prefix(".ci-tool-route-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = builder.tempfile_in(parent).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error)).map(drop)
}
