//! Revisions of a Mercurial repository, as its pushlog tells them.

use super::{Revision, Vcs, Walk};
use crate::{
    error::Result,
    http::{Client, Url},
};
use async_trait::async_trait;

/// The pushlog of one repository.
#[derive(Debug, Clone)]
pub struct Pushlog {
    #[allow(dead_code)]
    url: Url,
    #[allow(dead_code)]
    client: Client,
}

impl Pushlog {
    /// Opens it. No I/O.
    ///
    /// # Errors
    /// `Usage`.
    pub fn open(url: &str, client: Client) -> Result<Pushlog> {
        Ok(Pushlog { url: crate::http::address(url)?, client })
    }
}

#[async_trait]
impl Vcs for Pushlog {
    async fn resolve(&self, _: &str) -> Result<Revision> {
        todo!()
    }
    async fn range(&self, _: &str, _: &str, _: &Walk) -> Result<Vec<Revision>> {
        todo!()
    }
    async fn back(&self, _: &str, _: usize, _: &Walk) -> Result<Vec<Revision>> {
        todo!()
    }
    async fn forward(&self, _: &str, _: usize, _: &Walk) -> Result<Vec<Revision>> {
        todo!()
    }
    async fn is_shallow(&self) -> bool {
        false
    }
    async fn file(&self, _: &str, _: &str) -> Result<Option<Vec<u8>>> {
        todo!()
    }
    async fn branch_of(&self, _: &str) -> Result<Option<String>> {
        todo!()
    }
}
