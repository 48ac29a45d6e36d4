#![cfg_attr(docsrs, feature(doc_cfg))]
//! Clustering of dense `f32` vectors: exact, seeded, the same bytes on any number of threads.
//!
//! K-means, linkage, density and nearest neighbours on plain slices, for embeddings above all:
//! Euclidean or spherical (cosine), and what tells a good clustering from a bad one. The number of
//! threads never shows in a result. Labels of k-means and neighbours are those of double precision,
//! ties included; most distances are never computed, and the others in vector instructions that are
//! found at run time.
//!
//! ```
//! use axia_cluster::{KMeansParams, Metric, Points};
//!
//! let vectors = [0.9, 0.1, 1.0, 0.0, 0.1, 0.8, 0.0, 2.0]; // four points in two dimensions
//! let kmeans = KMeansParams::new(2).metric(Metric::Spherical).seed(7).build()?;
//! let clustering = kmeans.fit(Points::new(&vectors, 2)?)?;
//!
//! let labels = clustering.labels();
//! assert!(labels[0] == labels[1] && labels[2] == labels[3] && labels[0] != labels[2]);
//! assert_eq!(clustering.predict(Points::new(&[5.0, 0.5], 2)?)?, [labels[0]]);
//! # Ok::<(), axia_cluster::Error>(())
//! ```
//!
//! # Main types
//!
//! [`Points`] is a borrowed, checked view of row-major values: whole rows, no NaN, nothing copied.
//! [`KMeansParams`] collects what a clustering depends on, its seed included, and builds the checked
//! [`KMeans`]. [`KMeans::fit`] gives a [`KMeansResult`]: labels, centroids, sizes, inertia, and
//! whether it converged; plain data that serializes and predicts. [`KMeans::fit_bisecting`] splits
//! instead, and [`MiniBatchParams`] learns from a few points at a time. [`nearest`] finds the nearest
//! centroid of each point, with its distance, for centroids that come from anywhere.
//!
//! [`LinkageParams`] builds a [`Linkage`] (Ward, average, complete, single), whose
//! [`fit`](Linkage::fit) gives a [`Dendrogram`] to cut by number of clusters or by height.
//! [`HdbscanParams`] builds [`Hdbscan`]: clusters of any shape, and outliers.
//!
//! [`silhouette`], [`davies_bouldin`] and [`calinski_harabasz`] rate a clustering by its points,
//! [`agreement`] compares it with labels that are known, and [`StabilityParams`] measures whether it
//! comes out again.
//!
//! [`NeighboursParams`] builds [`Neighbours`], the exact search for the `k` nearest points of all
//! points or of queries; [`pairs_within`] and [`groups_within`] find near-duplicates by radius.
//!
//! # What it does not do
//!
//! It reads no files and knows nothing of texts. A point is in one cluster, or in none; there are no
//! degrees. It does not choose `k`. Only dense `f32` rows are taken.
//!
//! # Features
//!
//! - `rayon` (default): points are worked on by the threads of the current rayon pool. Without it
//!   everything runs on the caller's thread, and gives the same bytes.
//! - `ndarray`: points from arrays of `ndarray` 0.16 and back, without a copy.
//! - `linfa`: linfa's `Fit` and `Predict` for k-means; turns on `ndarray`.
//! - `hnsw`: approximate neighbours by a graph, through the crate `hnsw_rs` (about 90 crates).

#[cfg(feature = "ndarray")]
mod array;
mod assign;
mod bisect;
mod bounds;
mod error;
mod exact;
mod groups;
mod hdbscan;
#[cfg(feature = "hnsw")]
mod hnsw;
mod init;
mod kernel;
mod kmeans;
#[cfg(feature = "linfa")]
mod linfa;
mod linkage;
mod metric;
mod minibatch;
mod mst;
mod near;
mod neighbours;
mod parallel;
mod params;
mod points;
mod prepared;
mod quality;
mod result;
mod search;
mod sets;
mod square;
mod sums;
mod update;

pub use crate::error::Error;
pub use crate::hdbscan::{ClusterSelection, Hdbscan, HdbscanParams, HdbscanResult};
#[cfg(feature = "hnsw")]
#[cfg_attr(docsrs, doc(cfg(feature = "hnsw")))]
pub use crate::hnsw::{HnswBuilder, HnswIndex, HnswParams};
#[doc(hidden)]
pub use crate::kernel::peak_flops;
pub use crate::linkage::{Dendrogram, Linkage, LinkageMethod, LinkageParams, Merge};
pub use crate::metric::Metric;
pub use crate::minibatch::{MiniBatch, MiniBatchParams};
pub use crate::near::{NearPair, groups_within, pairs_within};
pub use crate::neighbours::{Nearness, NeighbourLists, Neighbours, NeighboursParams};
pub use crate::params::{Init, KMeans, KMeansParams};
pub use crate::points::Points;
pub use crate::quality::{
    Agreement, EntropyMean, Nearest, Silhouette, Stability, StabilityCheck, StabilityParams,
    agreement, agreement_by, calinski_harabasz, davies_bouldin, inertia, nearest, silhouette,
};
pub use crate::result::KMeansResult;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
