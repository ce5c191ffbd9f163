//! The settings of `stage`.

use super::Layers;
use crate::engine::bar;
use serde::Deserialize;

/// The settings of `stage` as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StageFile {
    /// The address of the build asset registry.
    pub bar: Option<String>,
    /// The variable that holds its token.
    pub bar_token_env: Option<String>,
    /// The engine that has the builds which are adopted.
    pub azure_devops: Option<String>,
}

/// The settings of `stage`.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The address of the build asset registry.
    pub bar: String,
    /// The variable that holds its token; it is asked without one where there is none.
    pub bar_token_env: Option<String>,
    /// The engine that has the builds which are adopted.
    pub azure_devops: Option<String>,
}

impl Layers {
    pub(super) fn stage(&mut self) -> Stage {
        let bar = self.of_stage("stage.bar", Some(bar::ADDRESS), |stage| stage.bar.clone());
        let bar_token_env = self.of_stage("stage.bar_token_env", None, |stage| stage.bar_token_env.clone());
        let azure_devops = self.of_stage("stage.azure_devops", None, |stage| stage.azure_devops.clone());
        Stage { bar: bar.unwrap_or_else(|| bar::ADDRESS.into()), bar_token_env, azure_devops }
    }

    fn of_stage(
        &mut self,
        key: &'static str,
        default: Option<&str>,
        get: impl Fn(&StageFile) -> Option<String>,
    ) -> Option<String> {
        let get = |file: &super::FileConfig| file.stage.as_ref().and_then(&get);
        self.pick(key, get, |value| value.as_deref().or(default).into())
    }
}
