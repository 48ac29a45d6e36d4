//! Taxonomies that take new labels without being rebuilt.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{Read, Write};

use axia_cluster::{Metric, Points, nearest};
use axia_embed::{Embedder, Embeddings};
use serde::{Deserialize, Serialize};

use crate::error::Kind;
use crate::node::{OPPOSED, with_description};
use crate::taxonomy::{read_json, write_json};
use crate::valence::is_adverse;
use crate::vectors::{embed, is_zero, mean_direction};
use crate::{Branch, Error, Label, LabelCount, Node, NodeId, Taxonomy, ValenceGuard};

/// How near a label must be to a node of level 1 to be put there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MinimumSimilarity {
    /// This cosine similarity with the node's centroid, from -1 to 1.
    At(f64),
    /// The similarity that this share of the taxonomy's own labels does not reach, from 0 to 1. It
    /// suits any embedder; with 0.05 a new label must fit as well as 95% of those that are in.
    Quantile(f64),
}

impl Default for MinimumSimilarity {
    /// The similarity that 5% of the taxonomy's own labels do not reach.
    fn default() -> Self {
        Self::Quantile(0.05)
    }
}

/// Where a label belongs in a frozen taxonomy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// The label is in the taxonomy, in this spelling or another.
    Known,
    /// It is new, and near enough to a node of level 1.
    Near,
    /// It is near to none, or the embedder does not know it.
    FitsNowhere,
}

/// What a frozen taxonomy says of a label.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Assignment {
    /// Where the label belongs.
    pub place: Place,
    /// The node of level 1 it belongs under; none if it fits nowhere, or if the taxonomy has no
    /// level above the labels.
    pub parent: Option<NodeId>,
    /// Cosine similarity with the nearest centroid; 1 for a known label, 0 for one of which the
    /// embedder knows nothing.
    pub score: f64,
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assignment")
            .field("place", &self.place)
            .field("score", &self.score)
            .finish_non_exhaustive()
    }
}

/// A taxonomy with the centroids of its level 1, to which new labels are assigned.
///
/// Plain data that can be stored; each call takes the embedder, which must be the one that the
/// taxonomy was built with.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct FrozenTaxonomy {
    taxonomy: Taxonomy,
    minimum: f64,
    /// The nodes of level 1 that have a direction, and their centroids.
    parents: Vec<NodeId>,
    centroids: Option<Embeddings>,
}

#[derive(Serialize, Deserialize)]
struct Parts {
    taxonomy: Taxonomy,
    minimum: f64,
    parents: Vec<NodeId>,
    centroids: Option<Embeddings>,
}

impl From<FrozenTaxonomy> for Parts {
    fn from(frozen: FrozenTaxonomy) -> Self {
        Self {
            taxonomy: frozen.taxonomy,
            minimum: frozen.minimum,
            parents: frozen.parents,
            centroids: frozen.centroids,
        }
    }
}

impl TryFrom<Parts> for FrozenTaxonomy {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self, Error> {
        let broken = |index, rule| Kind::Inconsistent {
            what: "the frozen taxonomy",
            index,
            rule,
        };
        let rows = parts.centroids.as_ref().map_or(0, Embeddings::len);
        if rows != parts.parents.len() {
            return Err(broken(rows, "there must be one centroid for each parent").into());
        }
        for (index, id) in parts.parents.iter().enumerate() {
            let node = parts.taxonomy.node(id.as_str());
            let directed = parts
                .centroids
                .as_ref()
                .is_some_and(|c| !is_zero(c.row(index)));
            if node.is_none_or(|node| node.level != 1) || !directed {
                return Err(
                    broken(index, "parents must be nodes of level 1 with a direction").into(),
                );
            }
        }
        if !parts.minimum.is_finite() {
            return Err(Error::parameter(
                "minimum similarity",
                "finite",
                parts.minimum,
            ));
        }
        Ok(Self {
            taxonomy: parts.taxonomy,
            minimum: parts.minimum,
            parents: parts.parents,
            centroids: parts.centroids,
        })
    }
}

impl Taxonomy {
    /// Freezes the taxonomy: embeds its labels once more and keeps the centroids of level 1.
    ///
    /// # Errors
    ///
    /// If the embedder is not the one the taxonomy was built with, if it fails, or if the minimum is
    /// out of its range.
    pub fn freeze(
        &self,
        embedder: &dyn Embedder,
        minimum: MinimumSimilarity,
    ) -> Result<FrozenTaxonomy, Error> {
        self.check_embedder(embedder)?;
        match minimum {
            MinimumSimilarity::At(at) if !(-1.0..=1.0).contains(&at) => {
                return Err(Error::parameter("minimum similarity", "from -1 to 1", at));
            }
            MinimumSimilarity::Quantile(share) if !(0.0..=1.0).contains(&share) => {
                return Err(Error::parameter("quantile", "from 0 to 1", share));
            }
            _ => {}
        }
        let ids = self.level(0).iter().map(|node| node.id.as_str());
        let texts: Vec<_> = self.level(0).iter().map(Node::text).collect();
        let vectors = embed(embedder, &texts)?;
        let rows: BTreeMap<&str, &[f32]> = ids.zip(vectors.rows()).collect();
        let mut parents = Vec::new();
        let mut centroids = Vec::new();
        let mut similarities = Vec::new();
        for node in self.level(1) {
            // By label, as the sum of a centroid runs in this order when the taxonomy is built.
            let labels: BTreeSet<&str> = node.children.iter().map(NodeId::as_str).collect();
            let rows = labels.iter().filter_map(|label| rows.get(label).copied());
            let centroid = mean_direction(rows.clone(), vectors.dim());
            if is_zero(&centroid) {
                continue;
            }
            let known: Vec<f32> = rows
                .filter(|row| !is_zero(row))
                .flatten()
                .copied()
                .collect();
            similarities.extend(
                similarities_to(vectors.dim(), &centroid, &known)?
                    .iter()
                    .map(|(_, s)| s),
            );
            parents.push(node.id.clone());
            centroids.extend(centroid);
        }
        let minimum = match minimum {
            MinimumSimilarity::At(at) => at,
            MinimumSimilarity::Quantile(share) => quantile(&mut similarities, share),
        };
        let centroids = match parents.len() {
            0 => None,
            _ => Some(Embeddings::new(vectors.dim(), centroids).map_err(Kind::Embedder)?),
        };
        Ok(FrozenTaxonomy {
            taxonomy: self.clone(),
            minimum,
            parents,
            centroids,
        })
    }

    pub(crate) fn check_embedder(&self, embedder: &dyn Embedder) -> Result<(), Error> {
        let got = embedder.fingerprint();
        if got == self.embedder() {
            return Ok(());
        }
        Err(Kind::OtherEmbedder {
            built: self.embedder().to_owned(),
            got,
        }
        .into())
    }
}

/// For each row the nearest of the centroids and the cosine similarity with it. The same arithmetic
/// gives the minimum and the scores, so that a label of the taxonomy passes a minimum it has set.
fn similarities_to(
    dim: usize,
    centroids: &[f32],
    rows: &[f32],
) -> Result<Vec<(usize, f64)>, Error> {
    let near = Points::new(rows, dim)
        .and_then(|rows| nearest(rows, Points::new(centroids, dim)?, Metric::Spherical))
        .map_err(Kind::Cluster)?;
    Ok(near
        .into_iter()
        .map(|near| (near.index as usize, 1.0 - near.distance))
        .collect())
}

/// The value that a share of the others does not reach; 1 if there are none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (share * values.len() as f64).floor() as usize;
    values.get(at).or(values.last()).copied().unwrap_or(1.0)
}

impl FrozenTaxonomy {
    /// The taxonomy that was frozen.
    #[must_use]
    pub fn taxonomy(&self) -> &Taxonomy {
        &self.taxonomy
    }

    /// Least cosine similarity with a centroid for a new label to be put there.
    #[must_use]
    pub fn minimum_similarity(&self) -> f64 {
        self.minimum
    }

    /// Finds the place of one label.
    ///
    /// # Errors
    ///
    /// As [`assign_all`](Self::assign_all).
    pub fn assign(&self, label: &str, embedder: &dyn Embedder) -> Result<Assignment, Error> {
        let mut found = self.assign_all(&[label], embedder)?;
        Ok(found.pop().unwrap_or_else(nowhere))
    }

    /// Finds the place of each label, taken as upheld and without description: see
    /// [`assign_labels`](Self::assign_labels).
    ///
    /// # Errors
    ///
    /// As [`assign_labels`](Self::assign_labels).
    pub fn assign_all(
        &self,
        labels: &[&str],
        embedder: &dyn Embedder,
    ) -> Result<Vec<Assignment>, Error> {
        let labels: Vec<LabelCount> = labels.iter().map(|l| LabelCount::new(*l, 0)).collect();
        self.assign_labels(&labels, embedder)
    }

    /// Finds the place of each label. Labels that are in the taxonomy, in any spelling, keep their
    /// parent and are not embedded; the others go under the nearest centroid of level 1, the first of
    /// equals, if it is near enough. Labels go under nodes of their own [`Branch`] only, as when the
    /// taxonomy was built: an opposed one never stands among upheld ones, nor cruelty under protection.
    /// Counts do not matter. A text without letter or digit fits nowhere.
    ///
    /// # Errors
    ///
    /// If the embedder is not the one the taxonomy was built with, or if it fails.
    pub fn assign_labels(
        &self,
        labels: &[LabelCount],
        embedder: &dyn Embedder,
    ) -> Result<Vec<Assignment>, Error> {
        self.taxonomy.check_embedder(embedder)?;
        let mut found = Vec::with_capacity(labels.len());
        let mut new = Vec::new();
        for (index, given) in labels.iter().enumerate() {
            found.push(nowhere());
            if let Some(node) = self.known(given) {
                found[index] = Assignment {
                    place: Place::Known,
                    parent: node.parent.clone(),
                    score: 1.0,
                };
            } else if let Some(label) = Label::new(&given.label) {
                new.push((index, label));
            }
        }
        let Some(centroids) = &self.centroids else {
            return Ok(found);
        };
        let texts: Vec<_> = new
            .iter()
            .map(|(index, label)| with_description(label.as_str(), &labels[*index].description))
            .collect();
        let vectors = embed(embedder, &texts)?;
        for branch in Branch::ALL {
            let mut indices = Vec::new();
            let mut rows = Vec::new();
            for ((index, label), row) in new.iter().zip(vectors.rows()) {
                if !is_zero(row) && self.branch_of(label, &labels[*index]) == branch {
                    indices.push(*index);
                    rows.extend_from_slice(row);
                }
            }
            let (at, parents): (Vec<usize>, Vec<f32>) = {
                let of_branch = |&at: &usize| {
                    let node = self
                        .parents
                        .get(at)
                        .and_then(|id| self.taxonomy.node(id.as_str()));
                    node.is_some_and(|node| node.branch == branch)
                };
                let at: Vec<usize> = (0..self.parents.len()).filter(of_branch).collect();
                let rows = at
                    .iter()
                    .flat_map(|&at| centroids.row(at))
                    .copied()
                    .collect();
                (at, rows)
            };
            if at.is_empty() {
                continue;
            }
            let near = similarities_to(vectors.dim(), &parents, &rows)?;
            for (index, (parent, score)) in indices.into_iter().zip(near) {
                found[index].score = score;
                if score >= self.minimum {
                    found[index].place = Place::Near;
                    found[index].parent = self.parents.get(at[parent]).cloned();
                }
            }
        }
        Ok(found)
    }

    /// The leaf of a label that is in the taxonomy with the same stance.
    fn known(&self, label: &LabelCount) -> Option<&Node> {
        let node = match label.opposed {
            false => self.taxonomy.label(&label.label),
            true => {
                let label = Label::new(&label.label)?;
                self.taxonomy.label(&format!("{}{OPPOSED}", label.as_str()))
            }
        };
        node.filter(|node| !label.opposed || node.branch == Branch::Opposed)
    }

    /// The branch that a new label belongs to. A taxonomy that keeps adverse labels apart does so with
    /// new ones too.
    fn branch_of(&self, label: &Label, given: &LabelCount) -> Branch {
        let guarded = self.taxonomy.builder().valence() == ValenceGuard::Apart;
        match given.adverse {
            _ if given.opposed => Branch::Opposed,
            Some(true) => Branch::Adverse,
            None if guarded && is_adverse(label.as_str()) => Branch::Adverse,
            _ => Branch::Main,
        }
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    ///
    /// If writing fails.
    pub fn write_json(&self, writer: impl Write) -> Result<(), Error> {
        write_json(self, writer)
    }

    /// Reads what [`write_json`](Self::write_json) wrote, and checks it.
    ///
    /// # Errors
    ///
    /// If reading fails, or if it does not hold together.
    pub fn read_json(reader: impl Read) -> Result<Self, Error> {
        Self::try_from(read_json::<Parts>(reader)?)
    }
}

fn nowhere() -> Assignment {
    Assignment {
        place: Place::FitsNowhere,
        parent: None,
        score: 0.0,
    }
}

impl fmt::Debug for FrozenTaxonomy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrozenTaxonomy")
            .field("taxonomy", &self.taxonomy)
            .field("minimum", &self.minimum)
            .finish_non_exhaustive()
    }
}
