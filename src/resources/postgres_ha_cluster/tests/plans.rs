//! What a plan says.

use super::*;
use crate::reconcile::mark;
use crate::schema::attr::Attr;

/// The state after an apply.
fn applied(written: Json) -> Value {
    let planned = propose(&Value::Null, &config(written.clone())).planned;
    let mut value = planned;
    crate::reconcile::run_fill_unknown(&mut value, &model(written).encode());
    if let Value::Map(members) = &mut value {
        members.insert("id".to_owned(), "x".into());
        for name in ["backup_path", "identity_client_id", "identity_principal_id"] {
            if members[name].is_unknown() {
                members.insert(name.to_owned(), "chosen".into());
            }
        }
    }
    value
}

#[test]
fn names_and_hosts_are_known_before_anything_exists() {
    let planned = propose(&Value::Null, &config(full())).planned;
    assert_eq!(planned.member("rw_host").as_str(), Some("pg-rw.data.svc"));
    assert_eq!(
        planned.member("pooler_hosts").member("pooler-ro").as_str(),
        Some("pg-pooler-ro.data.svc")
    );
    assert!(planned.member("id").is_unknown());
    assert!(planned.member("backup_path").is_unknown());
    let objects = planned.member("objects").as_map().unwrap();
    assert!(
        objects
            .values()
            .all(|entry| entry.as_str() == Some("in sync"))
    );
    assert!(objects.contains_key("Cluster/pg") && !objects.contains_key("Namespace/data"));
}

#[test]
fn an_aks_cluster_of_the_same_run_gives_a_normal_plan() {
    let mut config = config(full());
    if let Value::Map(members) = &mut config {
        members.insert("aks_cluster_id".to_owned(), Value::Unknown);
    }
    let planned = propose(&Value::Null, &config).planned;
    assert_eq!(planned.member("rw_host").as_str(), Some("pg-rw.data.svc"));
    assert!(planned.member("node_pool_id").is_unknown());
    assert!(planned.member("objects").is_unknown());
}

#[test]
fn labels_and_tags_of_the_provider_may_be_unknown() {
    let unknown = Defaults {
        labels: Attr::Unknown,
        tags: Attr::Unknown,
    };
    let record = Record::default();
    let plan = plan::plan(
        &PostgresHaClusterResource,
        &graph(),
        &unknown,
        &Value::Null,
        &config(full()),
        &record,
    );
    assert!(plan.planned.member("effective_labels").is_unknown());
    assert!(plan.planned.member("effective_tags").is_unknown());
    assert_eq!(
        plan.planned.member("rw_host").as_str(),
        Some("pg-rw.data.svc")
    );
}

#[test]
fn a_plan_after_an_apply_is_empty() {
    for written in [minimal(), full()] {
        let state = applied(written.clone());
        let again = propose(&state, &config(written));
        assert_eq!(again.planned, state);
        assert!(again.requires_replace.is_empty());
    }
}

#[test]
fn drift_is_repaired_unless_the_configuration_wants_it() {
    let mut state = applied(minimal());
    if let Value::Map(members) = &mut state {
        members.insert("instances".to_owned(), Value::int(4));
        let mut objects = members["objects"].as_map().unwrap().clone();
        objects.insert("Cluster/pg".to_owned(), "changed: spec.instances".into());
        members.insert("objects".to_owned(), Value::Map(objects));
    }
    let again = propose(&state, &config(minimal()));
    assert_eq!(again.planned.member("instances").as_i64(), Some(3));
    assert_eq!(
        again
            .planned
            .member("objects")
            .member("Cluster/pg")
            .as_str(),
        Some("in sync")
    );
}

#[test]
fn a_field_that_is_ignored_is_no_change() {
    let mut record = Record::default();
    let before = model(minimal());
    for (_, desired) in objects(&before) {
        record.insert("cluster", &desired, false);
    }
    let mut state = applied(minimal());
    let mut ignoring = config(minimal());
    if let (Value::Map(state), Value::Map(ignoring)) = (&mut state, &mut ignoring) {
        state.insert("instances".to_owned(), Value::int(4));
        ignoring.insert("instances".to_owned(), Value::int(4));
        let mut objects = state["objects"].as_map().unwrap().clone();
        objects.insert("Cluster/pg".to_owned(), "changed: spec.instances".into());
        state.insert("objects".to_owned(), Value::Map(objects));
    }
    let again = plan::plan(
        &PostgresHaClusterResource,
        &graph(),
        &defaults(),
        &state,
        &ignoring,
        &record,
    );
    assert_eq!(again.planned, state);
}

#[test]
fn another_size_of_machine_is_another_pool_beside_the_first() {
    let state = applied(full());
    let mut other = full();
    other["node_pool"][0]["vm_size"] = "Standard_D8s_v5".into();
    let plan = propose(&state, &config(other));
    assert!(plan.requires_replace.is_empty());
    assert_ne!(
        plan.planned.member("node_pool_id"),
        state.member("node_pool_id")
    );
}

#[test]
fn another_namespace_is_another_cluster() {
    let state = applied(minimal());
    let mut other = minimal();
    other["namespace"] = "elsewhere".into();
    let plan = propose(&state, &config(other));
    assert_eq!(
        plan.requires_replace
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["namespace"]
    );
    assert!(plan.planned.member("id").is_unknown());
}

#[test]
fn an_owner_is_the_same_whatever_the_case_of_the_azure_id() {
    let mut one = model(full());
    let two = one.clone();
    one.aks_cluster_id = Attr::Known(AKS.to_uppercase());
    let id =
        |model: &PostgresHaCluster| mark::owner("t", &PostgresHaClusterResource.id(model).unwrap());
    assert_eq!(id(&one), id(&two));
}
