//! What is behind features: linfa's traits, `ndarray`'s arrays, approximate neighbours.
#![allow(clippy::unwrap_used)]

mod common;

#[cfg(feature = "ndarray")]
mod arrays {
    use axia_cluster::{KMeansParams, Points};
    use ndarray::{Array2, ArrayView2, array, s};

    #[test]
    fn arrays_become_points_without_a_copy() {
        let array = array![[0.0_f32, 1.0], [2.0, 3.0], [9.0, 8.0]];
        let points = Points::try_from(array.view()).unwrap();
        assert_eq!(
            (points.len(), points.dim(), points.row(2)),
            (3, 2, &[9.0, 8.0][..])
        );
        assert_eq!(points.as_slice().as_ptr(), array.as_ptr());
        assert_eq!(ArrayView2::from(points), array);
        let found = KMeansParams::new(3).build().unwrap().fit(points).unwrap();
        assert_eq!(found.centroids_array().dim(), (3, 2));
    }

    #[test]
    fn arrays_that_do_not_fit_are_refused() {
        let array = array![[0.0_f32, 1.0], [2.0, f32::NAN]];
        let error = Points::try_from(array.view()).unwrap_err();
        assert_eq!(error.row(), Some(1));
        let turned = Points::try_from(array.t()).unwrap_err();
        assert!(turned.to_string().contains("row after row"), "{turned}");
        assert!(Points::try_from(array.slice(s![.., 1..])).is_err());
        let narrow = Array2::<f32>::zeros((3, 0));
        assert!(Points::try_from(narrow.view()).is_err());
        let none = Array2::<f32>::zeros((0, 3));
        assert!(Points::try_from(none.view()).unwrap().is_empty());
    }
}

#[cfg(feature = "linfa")]
mod linfa_traits {
    use axia_cluster::{Error, KMeansParams, KMeansResult, Points};
    use linfa::DatasetBase;
    use linfa::traits::{Fit, Predict};
    use ndarray::{Array1, Array2, array};

    use crate::common::blobs;

    #[test]
    fn fits_and_predicts_as_linfa_does() {
        let (values, _) = blobs(200, 4, 3, 1);
        let records = Array2::from_shape_vec((200, 3), values.clone()).unwrap();
        let params = KMeansParams::new(4).seed(3);
        let plain = params.clone().build().unwrap();
        let plain = plain.fit(Points::new(&values, 3).unwrap()).unwrap();

        let dataset = DatasetBase::from(records.clone());
        let found: KMeansResult = params.fit(&dataset).unwrap();
        assert_eq!(found, plain);
        let predicted: Array1<usize> = Predict::predict(&found, &dataset);
        assert!(
            predicted
                .iter()
                .zip(plain.labels())
                .all(|(&a, &b)| a == b as usize)
        );
        let dataset = Predict::predict(&found, dataset);
        assert_eq!(dataset.targets(), &predicted);

        // A layout of columns gives the same.
        let turned = records.t().as_standard_layout().to_owned();
        let turned = DatasetBase::from(turned.reversed_axes());
        assert_eq!(Fit::fit(&params.build().unwrap(), &turned).unwrap(), plain);
    }

    #[test]
    fn weights_count_and_errors_come_through() {
        let records = array![[0.0_f32], [1.0], [10.0]];
        let weights = array![3.0_f32, 1.0, 1.0];
        let dataset = DatasetBase::from(records).with_weights(weights);
        let found = KMeansParams::new(2).fit(&dataset).unwrap();
        let low = found
            .centroids()
            .iter()
            .copied()
            .fold(f32::INFINITY, f32::min);
        assert!((low - 0.25).abs() < 1e-6);
        let error: Error = KMeansParams::new(9).fit(&dataset).unwrap_err();
        assert!(error.is_too_few_points());
        let error: Error = KMeansParams::new(0).fit(&dataset).unwrap_err();
        assert!(error.is_invalid_parameter());
        let wrong = DatasetBase::from(array![[f32::NAN]]);
        let error: Error = KMeansParams::new(1).fit(&wrong).unwrap_err();
        assert_eq!(error.row(), Some(0));
    }

    #[test]
    #[should_panic(expected = "expected 1 dimensions, got 2")]
    fn prediction_of_other_dimensions_panics_with_the_error() {
        let dataset = DatasetBase::from(array![[0.0_f32], [1.0]]);
        let found = KMeansParams::new(2).fit(&dataset).unwrap();
        let _: Array1<usize> = Predict::predict(&found, &array![[1.0_f32, 2.0]]);
    }
}

#[cfg(feature = "hnsw")]
mod graphs {
    use axia_cluster::{HnswParams, Metric, Points};

    use crate::common::{Random, distance, unit};

    #[test]
    fn nearly_all_neighbours_are_found_and_always_the_same_ones() {
        let dim = 8;
        let values = Random::new(5).values(500 * dim);
        let queries = Random::new(6).values(50 * dim);
        let (points, asked) = (
            Points::new(&values, dim).unwrap(),
            Points::new(&queries, dim).unwrap(),
        );
        for metric in [Metric::Euclidean, Metric::Spherical] {
            let builder = HnswParams::new().metric(metric).build().unwrap();
            let graph = builder.fit(points).unwrap();
            assert_eq!((graph.len(), graph.is_empty()), (500, false));
            let found = graph.search(asked, 10, 60).unwrap();
            let rows = match metric {
                Metric::Euclidean => (values.clone(), queries.clone()),
                _ => (unit(&values, dim), unit(&queries, dim)),
            };
            let mut hits = 0;
            for (query, found) in rows.1.chunks_exact(dim).zip(&found) {
                let mut all: Vec<(f64, u32)> = (rows.0.chunks_exact(dim).zip(0..))
                    .map(|(row, index)| (distance(query, row, metric), index))
                    .collect();
                all.sort_by(|a, b| a.0.total_cmp(&b.0));
                for near in found {
                    hits += usize::from(all[..10].iter().any(|&(_, index)| index == near.index));
                    let exact = all.iter().find(|a| a.1 == near.index).unwrap().0;
                    assert!((exact - near.distance).abs() < 1e-6);
                }
                assert!(found.is_sorted_by(|a, b| a.distance <= b.distance));
            }
            assert!(hits >= 475, "{hits} of 500");
            let again = builder.fit(points).unwrap().search(asked, 10, 60).unwrap();
            assert_eq!(again, found);
        }
    }

    #[test]
    fn bad_input_is_refused_before_it_gets_to_the_graph() {
        let build = |params: HnswParams| params.build().map(|_| ()).unwrap_err();
        assert!(build(HnswParams::new().connections(257)).is_invalid_parameter());
        assert!(build(HnswParams::new().connections(1)).is_invalid_parameter());
        assert!(build(HnswParams::new().candidates(3)).is_invalid_parameter());
        let builder = HnswParams::new().metric(Metric::Spherical).build().unwrap();
        let none = builder.fit(Points::new(&[], 2).unwrap()).unwrap_err();
        assert!(none.is_too_few_points());
        let zero = builder.fit(Points::new(&[1.0, 0.0, 0.0, 0.0], 2).unwrap());
        assert_eq!(zero.unwrap_err().row(), Some(1));
        let graph = builder.fit(Points::new(&[1.0, 0.0], 2).unwrap()).unwrap();
        let query = Points::new(&[1.0, 1.0], 2).unwrap();
        // More neighbours than points: all there are.
        assert_eq!(graph.search(query, 5, 5).unwrap()[0].len(), 1);
        assert!(
            graph
                .search(query, 0, 5)
                .unwrap_err()
                .is_invalid_parameter()
        );
        assert!(
            graph
                .search(query, 5, 4)
                .unwrap_err()
                .is_invalid_parameter()
        );
        let wide = Points::new(&[1.0, 1.0, 1.0], 3).unwrap();
        assert!(graph.search(wide, 1, 1).is_err());
        let zero = graph.search(Points::new(&[0.0, 0.0], 2).unwrap(), 1, 1);
        assert!(zero.unwrap_err().is_zero_row());
    }

    #[test]
    fn many_equal_points_are_all_found() {
        let values = [3.0_f32; 300];
        let graph = HnswParams::new().build().unwrap();
        let graph = graph.fit(Points::new(&values, 1).unwrap()).unwrap();
        let found = graph
            .search(Points::new(&[3.0], 1).unwrap(), 5, 20)
            .unwrap();
        assert_eq!(found[0].len(), 5);
        assert!(found[0].iter().all(|near| near.distance == 0.0));
    }
}
