//! Sorts and sorted maps that are compiled once, not for each type.
//!
//! The standard library compiles its sort anew for each type and each order, and for each iterator that is collected into a sorted map
//! or set: 4 KB every time, of which the library that phones load had half a hundred. Here one sort finds the order, asking through a
//! pointer which of two elements comes first, and swaps bring it about; and maps and sets are filled one element after the other. For
//! the short lists of this project that is as quick; where a server sorts many lines it calls the standard library's.

use std::cmp::Ordering;

/// Sorts a list. Elements that are equal keep their order.
pub fn sort<T: Ord>(list: &mut [T]) {
    sort_by(list, T::cmp);
}

/// Sorts a list by what `key` takes from each element. Elements with equal keys keep their order.
pub fn sort_by_key<T, K: Ord>(list: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(list, |a, b| key(a).cmp(&key(b)));
}

/// Sorts a list by a total order. Elements that are equal by it keep their order.
pub fn sort_by<T>(list: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let swaps = swaps(list.len(), &|a, b| compare(&list[a], &list[b]));
    swaps.into_iter().for_each(|(a, b)| list.swap(a, b));
}

/// The numbers below `count` in an order: `compare` says which of two comes first. Equal ones stay ascending.
#[must_use]
pub fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| compare(*a, *b));
    order
}

/// As [`Iterator::collect`], for maps and sets that keep their elements sorted: of two with the same key the later stays in a map.
pub fn collect<C: Default + Extend<T>, T>(elements: impl IntoIterator<Item = T>) -> C {
    let mut all = C::default();
    all.extend(elements);
    all
}

/// As [`collect`]; none if one of the elements is none.
pub fn collect_some<C: Default + Extend<T>, T>(elements: impl IntoIterator<Item = Option<T>>) -> Option<C> {
    let mut all = C::default();
    for element in elements {
        all.extend([element?]);
    }
    Some(all)
}

/// How many different elements there are.
pub fn count_distinct<T: Ord>(elements: impl IntoIterator<Item = T>) -> usize {
    let list: Vec<T> = elements.into_iter().collect();
    let compare = |a: usize, b: usize| list[a].cmp(&list[b]);
    let order = order(list.len(), &compare);
    let repeated = order.windows(2).filter(|pair| compare(pair[0], pair[1]).is_eq()).count();
    list.len() - repeated
}

/// The swaps, one after the other, that bring so many elements into order.
fn swaps(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<(usize, usize)> {
    let mut place = vec![0; count];
    for (at, element) in order(count, compare).into_iter().enumerate() {
        place[element] = at;
    }
    let mut swaps = Vec::new();
    for at in 0..count {
        // Each swap brings one element to where it belongs, so there are fewer than elements.
        while place[at] != at {
            let to = place[at];
            swaps.push((at, to));
            place.swap(at, to);
        }
    }
    swaps
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_sorted_is_as_the_standard_library_sorts_it(mut list in prop::collection::vec((0u8..8, any::<u8>()), 0..64)) {
            let mut by_key = list.clone();
            let mut expected = list.clone();
            expected.sort_by_key(|(key, _)| *key);
            sort_by_key(&mut by_key, |(key, _)| *key);
            prop_assert_eq!(by_key, expected);

            let mut expected = list.clone();
            expected.sort();
            let order = order(list.len(), &|a, b| list[a].cmp(&list[b]));
            prop_assert_eq!(order.into_iter().map(|at| list[at]).collect::<Vec<_>>(), expected.clone());
            sort(&mut list);
            prop_assert_eq!(list, expected);
        }

        #[test]
        fn what_is_collected_is_as_the_standard_library_collects_it(list in prop::collection::vec((0u8..8, any::<u8>()), 0..64)) {
            let map: BTreeMap<_, _> = collect(list.clone());
            prop_assert_eq!(&map, &list.iter().copied().collect::<BTreeMap<_, _>>());
            prop_assert_eq!(collect_some(list.iter().copied().map(Some)), Some(map));
            let with_none = list.iter().copied().map(Some).chain([None]);
            prop_assert_eq!(collect_some::<BTreeMap<_, _>, _>(with_none), None);
            let set: BTreeSet<_> = collect(list.clone());
            prop_assert_eq!(count_distinct(&list), set.len());
            prop_assert_eq!(set, list.into_iter().collect::<BTreeSet<_>>());
        }
    }
}
