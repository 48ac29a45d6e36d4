//! linfa's traits for k-means, so that it can stand wherever linfa's own does.
//!
//! Records are `f32` arrays of any layout; targets are not looked at. Sample weights of a data set
//! count if it has any.

use linfa::DatasetBase;
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, ArrayBase, Data, Ix2};

use crate::error::{Error, Kind};
use crate::{KMeans, KMeansParams, KMeansResult, Points};

impl From<linfa::Error> for Error {
    fn from(error: linfa::Error) -> Self {
        Kind::Linfa(error.to_string()).into()
    }
}

impl<D: Data<Elem = f32>, T> Fit<ArrayBase<D, Ix2>, T, Error> for KMeans {
    type Object = KMeansResult;

    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<KMeansResult, Error> {
        let records = dataset.records().as_standard_layout();
        let points = Points::try_from(records.view())?;
        match dataset.weights() {
            None => Self::fit(self, points),
            Some(weights) => {
                let weights: Vec<f64> = weights.iter().map(|&w| f64::from(w)).collect();
                self.fit_weighted(points, &weights)
            }
        }
    }
}

/// Checks the parameters first.
impl<D: Data<Elem = f32>, T> Fit<ArrayBase<D, Ix2>, T, Error> for KMeansParams {
    type Object = KMeansResult;

    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<KMeansResult, Error> {
        Fit::fit(&self.clone().build()?, dataset)
    }
}

/// The trait knows no errors: what [`KMeansResult::predict`] refuses (other dimensions, values that
/// are not finite, rows of zeros where only directions count) panics with its message.
impl<D: Data<Elem = f32>> PredictInplace<ArrayBase<D, Ix2>, Array1<usize>> for KMeansResult {
    fn predict_inplace<'a>(&'a self, x: &'a ArrayBase<D, Ix2>, y: &mut Array1<usize>) {
        let records = x.as_standard_layout();
        let labels = Points::try_from(records.view()).and_then(|points| self.predict(points));
        match labels {
            Ok(labels) => *y = labels.into_iter().map(|label| label as usize).collect(),
            Err(error) => panic!("{error}"),
        }
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<usize> {
        Array1::zeros(x.nrows())
    }
}
