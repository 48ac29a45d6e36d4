#![cfg_attr(docsrs, feature(doc_cfg))]
//! Named hierarchies of thousands of short labels: built, frozen, and written as published.
//!
//! Labels such as "honesty" or "patient autonomy" are brought to one spelling, embedded, clustered
//! by k-means level upon level, and named after their most central and most frequent members. A
//! frozen taxonomy takes new labels without being rebuilt, so that two studies can be compared.
//!
//! ```
//! use axia_taxonomy::{CentralNamer, LabelTable, TaxonomyParams};
//! # use axia_embed::{Embedder, Embeddings};
//! # struct Letters;
//! # impl Embedder for Letters {
//! #     fn fingerprint(&self) -> String { "letters".into() }
//! #     fn dim(&self) -> usize { 26 }
//! #     fn embed(&self, texts: &[&str]) -> Result<Embeddings, axia_embed::Error> {
//! #         let count = |t: &str, l: u8| t.bytes().filter(|&b| b == l).count() as f32;
//! #         let row = |t: &&str| (b'a'..=b'z').map(|l| count(t, l)).collect::<Vec<f32>>();
//! #         Embeddings::new(26, texts.iter().flat_map(row).collect())
//! #     }
//! # }
//! # let embedder = Letters;
//!
//! let mut table = LabelTable::new();
//! for mention in ["Honesty", "honesty", "well-being", "well being", "kindness", "candour"] {
//!     table.add(mention);
//! }
//! let builder = TaxonomyParams::new().level_sizes(vec![2]).seed(7).build()?;
//! // `embedder` is any `axia_embed::Embedder`.
//! let taxonomy = builder.fit(&table.label_counts(), &embedder, &CentralNamer::new())?;
//! assert_eq!((taxonomy.level(0).len(), taxonomy.level(1).len()), (4, 2));
//! let group = taxonomy.ancestor_at("Well being", 1).map(|node| node.name.as_str());
//! assert!(group.is_some_and(|name| !name.is_empty()));
//! # Ok::<(), axia_taxonomy::Error>(())
//! ```
//!
//! # Main types
//!
//! [`LabelTable`] counts mentions and merges the spellings of one label; tables merge in any order to
//! the same bytes. [`TaxonomyParams`] builds a [`TaxonomyBuilder`], whose
//! [`fit`](TaxonomyBuilder::fit) gives the [`Taxonomy`]: plain data, a list of [`Node`]s by level,
//! level 0 being the labels. A [`Namer`] names the nodes; [`CentralNamer`] does it without any
//! language model. [`Taxonomy::freeze`] gives a [`FrozenTaxonomy`], which finds the place of new
//! labels. [`TreeRow`] is a line of the published file format, read by [`read_tree_csv`] and written
//! by [`write_tree_csv`].
//!
//! Around them: [`AliasTable`] and the review file of [`near_synonyms`] say which labels are one;
//! [`Edit`]s change a taxonomy and can be replayed; [`Taxonomy::difference`] compares two;
//! [`Taxonomy::from_rows`] reads the published file back.
//!
//! # What it does not do
//!
//! Spellings, plurals and harmless word order merge by themselves, synonyms only by an alias. Labels that
//! are opposed, and adverse ones such as cruelty, stand in a [`Branch`] of their own; which labels are
//! adverse is told by a list of English words ([`is_adverse`]) unless the caller says it. Nothing is
//! suppressed: pass only labels that may be used, and see [`TaxonomyBuilder::fit_showing`] for labels
//! that may be clustered but not named. Each node has one parent; [`Taxonomy::secondary_parents`] lists
//! the others that would do.
//!
//! # Features
//!
//! - `rayon` (default): clusters on several threads. Without it everything runs on the caller's
//!   thread, and gives the same bytes.
//! - `llm`: names by a language model, and levels in Clio's way.

mod aliases;
mod central;
mod difference;
mod edits;
mod error;
mod fit;
mod frozen;
mod groups;
mod import;
#[cfg(feature = "llm")]
mod llm;
mod namer;
mod naming;
mod node;
mod normal;
mod parallel;
mod params;
mod review;
mod secondary;
mod smooth;
mod spelling;
mod sweep;
mod table;
mod taxonomy;
mod tree;
mod valence;
mod vectors;

pub use crate::aliases::AliasTable;
pub use crate::central::CentralNamer;
pub use crate::difference::{LevelDifference, MovedLabel, NodeMatch, TaxonomyDifference};
pub use crate::edits::{Edit, read_edits, write_edits};
pub use crate::error::Error;
pub use crate::frozen::{Assignment, FrozenTaxonomy, MinimumSimilarity, Place};
#[cfg(feature = "llm")]
pub use crate::llm::{ClioBuilder, ClioParams, Journal, ModelNamer};
pub use crate::namer::{Namer, NamingMember, NamingRequest, NodeName};
pub use crate::node::{Node, NodeId};
pub use crate::normal::{Label, normalize_label};
pub use crate::params::{Levels, Method, TaxonomyBuilder, TaxonomyParams};
pub use crate::review::{
    ReviewRow, Verdict, carry_over, near_synonyms, read_review, review_aliases, write_review,
};
pub use crate::secondary::SecondaryParent;
pub use crate::sweep::{SizeTried, Sweep, SweepRule};
pub use crate::table::{LabelCount, LabelEntry, LabelIndex, LabelTable};
pub use crate::taxonomy::{ModelLevel, Taxonomy};
pub use crate::tree::{TreeRow, read_tree_csv, write_tree_csv};
pub use crate::valence::{Branch, ValenceGuard, is_adverse};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
