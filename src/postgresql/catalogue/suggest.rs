//! "Did you mean": the known name nearest to a misspelt one.

/// The nearest candidate, if it is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let limit = (name.len() / 3).clamp(1, 4);
    let near = candidates.filter(|candidate| candidate.len().abs_diff(name.len()) <= limit);
    let scored =
        near.map(|candidate| (distance(&name, &candidate.to_ascii_lowercase()), candidate));
    scored
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edit distance in which swapping two neighbouring letters counts once.
fn distance(left: &str, right: &str) -> usize {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, r) in right.iter().enumerate() {
            let substituted = above[j] + usize::from(l != r);
            let mut best = substituted.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *l == right[j - 1] && left[i - 1] == *r {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_typos_and_leaves_strangers_alone() {
        let names = [
            "work_mem",
            "maintenance_work_mem",
            "max_connections",
            "shared_buffers",
        ];
        let suggest = |name| nearest(name, names.iter().copied());
        assert_eq!(suggest("wrok_mem"), Some("work_mem"));
        assert_eq!(suggest("max_conections"), Some("max_connections"));
        assert_eq!(suggest("Shared_Buffer"), Some("shared_buffers"));
        assert_eq!(suggest("innodb_buffer_pool_size"), None);
    }

    #[test]
    fn a_swap_counts_once() {
        assert_eq!(distance("wrok", "work"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
