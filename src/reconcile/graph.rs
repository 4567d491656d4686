//! The order of parts: each after those that it needs, everything else side by side.

use super::part::Part;

/// The parts of a resource in an order that keeps every need.
pub struct Graph<M> {
    parts: Vec<Box<dyn Part<M>>>,
    /// Per part the positions of those it needs.
    needs: Vec<Vec<usize>>,
}

impl<M> Graph<M> {
    /// Sorts `parts` so that needs come first. Parts that need each other, or a part that is not there, are faults of the
    /// resource's author; they are reported by [`Graph::faults`], which every resource's tests call, and ignored here.
    pub fn new(parts: Vec<Box<dyn Part<M>>>) -> Self {
        let mut sorted: Vec<Box<dyn Part<M>>> = Vec::with_capacity(parts.len());
        let mut waiting = parts;
        while !waiting.is_empty() {
            let position = waiting
                .iter()
                .position(|part| {
                    part.needs().iter().all(|need| {
                        sorted.iter().any(|done| done.name() == *need)
                            || !waiting.iter().any(|other| other.name() == *need)
                    })
                })
                .unwrap_or(0);
            sorted.push(waiting.remove(position));
        }
        let needs = sorted
            .iter()
            .map(|part| {
                part.needs()
                    .iter()
                    .filter_map(|need| sorted.iter().position(|other| other.name() == *need))
                    .collect()
            })
            .collect();
        Graph {
            parts: sorted,
            needs,
        }
    }

    pub fn parts(&self) -> &[Box<dyn Part<M>>] {
        &self.parts
    }

    pub fn part(&self, name: &str) -> Option<&dyn Part<M>> {
        self.parts
            .iter()
            .find(|part| part.name() == name)
            .map(AsRef::as_ref)
    }

    /// The positions of the parts that the part at `position` needs.
    pub fn needs(&self, position: usize) -> &[usize] {
        &self.needs[position]
    }

    /// The positions of the parts that need the part at `position`.
    pub fn needed_by(&self, position: usize) -> Vec<usize> {
        (0..self.parts.len())
            .filter(|other| self.needs[*other].contains(&position))
            .collect()
    }

    /// What is wrong with the graph itself.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (position, part) in self.parts.iter().enumerate() {
            for need in part.needs() {
                match self.parts.iter().position(|other| other.name() == *need) {
                    None => faults.push(format!(
                        "`{}` needs `{need}`, which is no part",
                        part.name()
                    )),
                    Some(needed) if needed >= position => {
                        faults.push(format!("`{}` and `{need}` need each other", part.name()));
                    }
                    Some(_) => {}
                }
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named(&'static str, &'static [&'static str]);

    impl Part<()> for Named {
        fn name(&self) -> &'static str {
            self.0
        }
        fn needs(&self) -> &'static [&'static str] {
            self.1
        }
    }

    fn graph(parts: Vec<Named>) -> Graph<()> {
        Graph::new(
            parts
                .into_iter()
                .map(|part| Box::new(part) as Box<dyn Part<()>>)
                .collect(),
        )
    }

    #[test]
    fn needs_come_first() {
        let graph = graph(vec![
            Named("pooler", &["cluster"]),
            Named("cluster", &["pool", "store"]),
            Named("store", &[]),
            Named("pool", &[]),
        ]);
        let names: Vec<_> = graph.parts().iter().map(|part| part.name()).collect();
        assert_eq!(names, ["store", "pool", "cluster", "pooler"]);
        assert_eq!(graph.needed_by(2), [3]);
        assert!(graph.faults().is_empty());
    }

    #[test]
    fn faults_of_the_author_are_named() {
        assert_eq!(
            graph(vec![Named("a", &["b"]), Named("b", &["a", "c"])])
                .faults()
                .len(),
            2
        );
    }
}
