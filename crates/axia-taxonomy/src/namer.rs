//! The trait that names nodes.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Names the nodes of a taxonomy.
///
/// # Contract
///
/// - The same request gets the same answer, or the taxonomy cannot be built again.
/// - [`fingerprint`](Self::fingerprint) changes whenever any answer could change.
/// - A name says what the node holds. If it is among [`taken`](NamingRequest::taken), the builder
///   adds to it until it is not.
///
/// # Privacy
///
/// A namer sees only labels that may be shown; see
/// [`fit_showing`](crate::TaxonomyBuilder::fit_showing).
pub trait Namer: Send + Sync {
    /// Names the way of naming and its version, for the record inside the taxonomy.
    fn fingerprint(&self) -> String;

    /// Names one node.
    ///
    /// # Errors
    ///
    /// If the namer fails: [`Error::namer`].
    fn name(&self, request: &NamingRequest<'_>) -> Result<NodeName, Error>;
}

impl<T: Namer + ?Sized> Namer for &T {
    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    fn name(&self, request: &NamingRequest<'_>) -> Result<NodeName, Error> {
        (**self).name(request)
    }
}

impl<T: Namer + ?Sized> Namer for Box<T> {
    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    fn name(&self, request: &NamingRequest<'_>) -> Result<NodeName, Error> {
        (**self).name(request)
    }
}

impl<T: Namer + ?Sized> Namer for std::sync::Arc<T> {
    fn fingerprint(&self) -> String {
        (**self).fingerprint()
    }

    fn name(&self, request: &NamingRequest<'_>) -> Result<NodeName, Error> {
        (**self).name(request)
    }
}

/// A name with its description.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeName {
    /// A few words.
    pub name: String,
    /// A sentence or two.
    pub description: String,
}

impl NodeName {
    /// A name with its description.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
        }
    }
}

impl fmt::Debug for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeName").finish_non_exhaustive()
    }
}

/// A label as a namer sees it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct NamingMember<'a> {
    /// The label.
    pub label: &'a str,
    /// How often it was mentioned.
    pub count: u64,
    /// Cosine similarity with the node's centroid; 0 for a label that the embedder does not know.
    pub centrality: f64,
    /// Cosine similarity with the node's centroid less that with the nearest other node's on the
    /// level; for an outside label, less that with its own node's, so mostly below 0.
    pub margin: f64,
    /// Which child of the node it stands under, counted from 0; 0 for outside labels.
    pub child: usize,
}

impl fmt::Debug for NamingMember<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamingMember")
            .field("count", &self.count)
            .field("centrality", &self.centrality)
            .field("margin", &self.margin)
            .field("child", &self.child)
            .finish_non_exhaustive()
    }
}

/// What a namer is told of a node. Labels that may not be shown are not in it.
#[derive(Clone)]
#[non_exhaustive]
pub struct NamingRequest<'a> {
    /// The node's level, at least 1.
    pub level: u32,
    /// The labels under the node, the most central first.
    pub members: &'a [NamingMember<'a>],
    /// The nearest labels that are not under the node, the nearest first.
    pub outside: &'a [NamingMember<'a>],
    /// The names of the nodes beneath; empty on level 1, where these are the labels.
    pub children: &'a [&'a str],
    /// How many labels under the node may not be shown.
    pub hidden: u64,
    /// Names that other nodes of this level have already, in lower case.
    pub taken: &'a BTreeSet<String>,
}

impl NamingRequest<'_> {
    /// Whether a node of this level has this name already, whatever its case.
    #[must_use]
    pub fn is_taken(&self, name: &str) -> bool {
        self.taken.contains(&name.to_lowercase())
    }
}

impl fmt::Debug for NamingRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamingRequest")
            .field("level", &self.level)
            .field("members", &self.members.len())
            .field("outside", &self.outside.len())
            .field("hidden", &self.hidden)
            .finish_non_exhaustive()
    }
}
