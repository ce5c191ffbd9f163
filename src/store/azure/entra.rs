//! Tokens of Entra ID, from the first source that has one.

use crate::store::Env;
use async_trait::async_trait;
use azure_core::{
    credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions},
    error::{Error, ErrorKind},
};
use azure_identity::{
    AzureCliCredential, AzureDeveloperCliCredential, AzurePipelinesCredential, ClientSecretCredential,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// How long one source may take: a machine without a managed identity may not even refuse the connection.
const PATIENCE: Duration = Duration::from_secs(20);

/// The sources in order: client secret, workload identity, Azure Pipelines, managed identity, `az`, `azd`. The first
/// that gives a token is asked from then on.
#[derive(Debug)]
pub struct Chain {
    sources: Vec<(&'static str, Source)>,
    chosen: OnceLock<usize>,
}

type Source = azure_core::Result<Arc<dyn TokenCredential>>;

impl Chain {
    /// Makes the sources that `env` configures; those that need no configuration are always tried.
    pub fn new(env: &Env<'_>) -> Chain {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        let (tenant, client) = (set("AZURE_TENANT_ID"), set("AZURE_CLIENT_ID"));
        let mut sources: Vec<(&'static str, Source)> = Vec::new();
        if let (Some(tenant), Some(client), Some(secret)) = (&tenant, &client, set("AZURE_CLIENT_SECRET")) {
            let made = ClientSecretCredential::new(tenant, client.clone(), Secret::new(secret), None);
            sources.push(("client secret", made.map(|c| c as _)));
        }
        if let Some(file) = set("AZURE_FEDERATED_TOKEN_FILE") {
            let options = WorkloadIdentityCredentialOptions {
                client_id: client.clone(),
                tenant_id: tenant.clone(),
                token_file_path: Some(file.into()),
                ..Default::default()
            };
            sources.push(("workload identity", WorkloadIdentityCredential::new(Some(options)).map(|c| c as _)));
        }
        let connection = ["TENANT_ID", "CLIENT_ID", "SERVICE_CONNECTION_ID"];
        if let [Some(tenant), Some(client), Some(id)] = connection.map(|name| set(&format!("AZURESUBSCRIPTION_{name}")))
            && let Some(token) = set("SYSTEM_ACCESSTOKEN")
        {
            let made = AzurePipelinesCredential::new(tenant, client, &id, token, None);
            sources.push(("Azure Pipelines", made.map(|c| c as _)));
        }
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: client.map(UserAssignedId::ClientId),
            ..Default::default()
        };
        sources.push(("managed identity", ManagedIdentityCredential::new(Some(options)).map(|c| c as _)));
        sources.push(("az", AzureCliCredential::new(None).map(|c| c as _)));
        sources.push(("azd", AzureDeveloperCliCredential::new(None).map(|c| c as _)));
        Chain { sources, chosen: OnceLock::new() }
    }
}

#[async_trait]
impl TokenCredential for Chain {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        if let Some(Ok(source)) = self.chosen.get().map(|nth| &self.sources[*nth].1) {
            return source.get_token(scopes, options).await;
        }
        let mut tried = Vec::new();
        for (nth, (name, source)) in self.sources.iter().enumerate() {
            let asked = async {
                match source {
                    Ok(source) => source.get_token(scopes, options.clone()).await.map_err(|e| e.to_string()),
                    Err(e) => Err(e.to_string()),
                }
            };
            match tokio::time::timeout(PATIENCE, asked).await {
                Ok(Ok(token)) => {
                    // Whoever was first chose as well as this one.
                    let _ = self.chosen.set(nth);
                    return Ok(token);
                }
                Ok(Err(why)) => tried.push(format!("{name} ({})", why.lines().next().unwrap_or_default())),
                Err(_) => tried.push(format!("{name} (no answer within {} s)", PATIENCE.as_secs())),
            }
        }
        Err(Error::with_message(ErrorKind::Credential, format!("no token; tried: {}", tried.join("; "))))
    }
}
