//! The queries that find what a node or an edge stands for, in the subset that `/api/search` answers.

use crate::query::service_graph::{Callee, Collected, NodeKind, SeenEdge, SeenNode};

/// The spans of a service; of what has none of its own, those that call it. `callee` is how its callers name it.
pub(super) fn of_node(id: &str, seen: &SeenNode, callee: Option<&Callee>) -> String {
    match (seen.kind, callee) {
        (NodeKind::User, _) => "{ kind = server }".to_owned(),
        (NodeKind::Service, Some(callee)) if seen.is_silent => format!("{{ {} }}", calls(callee)),
        (NodeKind::Service, _) => format!("{{ {} }}", made_by(id)),
        (NodeKind::Database, Some(callee)) => format!("{{ {} }}", calls(callee)),
        (NodeKind::Database, None) => "{ kind = client }".to_owned(),
    }
}

/// The caller's spans; of `user`, which has none, those of the callee.
pub(super) fn of_edge(
    collected: &Collected,
    (source, target): &(String, String),
    seen: &SeenEdge,
) -> String {
    let is_user = collected.nodes.get(source).is_some_and(|node| node.kind == NodeKind::User);
    match &seen.callee {
        _ if is_user => format!("{{ kind = server && {} }}", made_by(target)),
        Some(callee) => format!("{{ {} && {} }}", made_by(source), calls(callee)),
        None => format!("{{ {} && kind = client }}", made_by(source)),
    }
}

fn made_by(service: &str) -> String {
    format!("resource.service.name = {}", quoted(service))
}

fn calls(callee: &Callee) -> String {
    format!("kind = client && span.{} = {}", callee.attribute, quoted(&callee.name))
}

/// As the query's parser reads it back.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::traceql::{Operand, Query, Test};

    proptest! {
        #[test]
        fn every_name_comes_back_out_of_its_query(name in ".*") {
            let query = Query::parse(&format!("{{ {} }}", made_by(&name))).unwrap();
            let [condition] = query.conditions()[..] else { panic!("{query:?}") };
            prop_assert!(matches!(&condition.test, Test::Compare(_, Operand::Text(text)) if *text == name));
        }
    }
}
