//! Circles in a graph, in time linear in its size.
//!
//! **Owns**: Kosaraju's two passes, without recursion.
//! **Must not know**: what nodes and edges stand for.

/// The sets of nodes that reach each other and themselves. `edges[n]` are the nodes after `n`; numbers beyond the
/// list are passed over.
pub(super) fn circles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut back: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (from, tos) in edges.iter().enumerate() {
        for to in tos {
            if let Some(list) = back.get_mut(*to) {
                list.push(from);
            }
        }
    }
    let mut taken = vec![false; edges.len()];
    let mut found = Vec::new();
    for at in finish_order(edges).into_iter().rev() {
        let members = flood(&back, at, &mut taken);
        let itself = edges.get(at).is_some_and(|tos| tos.contains(&at));
        if members.len() > 1 || (members.len() == 1 && itself) {
            found.push(members);
        }
    }
    found
}

/// Nodes in the order in which a depth-first walk is done with them.
fn finish_order(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut seen = vec![false; edges.len()];
    let mut order = Vec::with_capacity(edges.len());
    for root in 0..edges.len() {
        let mut stack = vec![(root, 0_usize)];
        while let Some((at, next)) = stack.pop() {
            let Some(visited) = seen.get_mut(at) else {
                continue;
            };
            if next == 0 && std::mem::replace(visited, true) {
                continue;
            }
            match edges.get(at).and_then(|tos| tos.get(next)) {
                Some(to) => {
                    stack.push((at, next.saturating_add(1)));
                    stack.push((*to, 0));
                }
                None => order.push(at),
            }
        }
    }
    order
}

/// All nodes reachable from `at` that no earlier flood has taken.
pub(super) fn flood(edges: &[Vec<usize>], at: usize, taken: &mut [bool]) -> Vec<usize> {
    let mut members = Vec::new();
    let mut todo = vec![at];
    while let Some(at) = todo.pop() {
        let Some(mark) = taken.get_mut(at) else {
            continue;
        };
        if !std::mem::replace(mark, true) {
            members.push(at);
            todo.extend(edges.get(at).into_iter().flatten());
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use super::circles;

    #[test]
    fn circles_are_found_and_lines_are_not() {
        let edges = vec![
            vec![1],
            vec![2, 3],
            vec![0],
            vec![4],
            vec![],
            vec![5],
            vec![99],
        ];
        let mut found = circles(&edges);
        for members in &mut found {
            members.sort_unstable();
        }
        found.sort();
        assert_eq!(found, vec![vec![0, 1, 2], vec![5]]);
    }
}
