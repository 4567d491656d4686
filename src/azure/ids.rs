//! ARM resource ids and other names that ARM spells in more than one way.

use super::Error;
use std::fmt;
use uuid::Uuid;

/// Namespace of the deterministic GUIDs that this module makes.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c5b_9d0e_4f0c_5a5e_9f3b_2f6d_8a71_c4e2);

/// A resource id as its key/value pairs, in the spelling it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceId {
    pairs: Vec<(String, String)>,
}

impl ResourceId {
    /// Parses `/subscriptions/../resourceGroups/../providers/..`, extension resources included.
    pub fn parse(id: &str) -> Result<Self, Error> {
        let invalid =
            |why: &str| Error::configuration(format!("`{id}` is not a resource id: {why}"));
        let rest = id
            .strip_prefix('/')
            .ok_or_else(|| invalid("it has no leading `/`"))?;
        let parts: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(invalid("it has an empty segment"));
        }
        if !parts.len().is_multiple_of(2) {
            return Err(invalid(
                "its segments do not come in pairs of type and name",
            ));
        }
        let pairs = parts
            .chunks_exact(2)
            .map(|pair| (pair[0].to_owned(), pair[1].to_owned()))
            .collect();
        Ok(Self { pairs })
    }

    /// The name after the first segment of that type, whatever its case.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, v)| v.as_str())
    }

    pub fn subscription(&self) -> Option<&str> {
        self.value("subscriptions")
    }

    pub fn resource_group(&self) -> Option<&str> {
        self.value("resourceGroups")
    }

    /// The last segment.
    pub fn name(&self) -> &str {
        self.pairs.last().map_or("", |(_, name)| name)
    }

    /// Namespace and types, like `Microsoft.Storage/storageAccounts/blobServices`; for a resource
    /// without provider its own type, like `resourceGroups`.
    pub fn resource_type(&self) -> String {
        match self.provider_index() {
            Some(index) => std::iter::once(self.pairs[index].1.as_str())
                .chain(self.pairs[index + 1..].iter().map(|(key, _)| key.as_str()))
                .collect::<Vec<_>>()
                .join("/"),
            None => self
                .pairs
                .last()
                .map_or(String::new(), |(key, _)| key.clone()),
        }
    }

    /// The resource that this one lives in: the parent of a child, the scope of an extension, the
    /// group of a top-level resource.
    pub fn parent(&self) -> Option<ResourceId> {
        let mut pairs = self.pairs[..self.pairs.len().checked_sub(1)?].to_vec();
        if pairs.last().is_some_and(|(key, _)| is_providers(key)) {
            pairs.pop();
        }
        (!pairs.is_empty()).then_some(Self { pairs })
    }

    /// Path of the list that this resource is an item of.
    pub fn collection(&self) -> String {
        let text = self.to_string();
        text.rsplit_once('/')
            .map_or(String::new(), |(collection, _)| collection.to_owned())
    }

    fn provider_index(&self) -> Option<usize> {
        self.pairs.iter().rposition(|(key, _)| is_providers(key))
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pairs
            .iter()
            .try_for_each(|(key, name)| write!(f, "/{key}/{name}"))
    }
}

fn is_providers(key: &str) -> bool {
    key.eq_ignore_ascii_case("providers")
}

/// The form in which ids can be compared and used as keys: lower case, no trailing slash.
pub fn canonical(id: &str) -> String {
    id.trim_end_matches('/').to_lowercase()
}

/// Whether two ids name the same resource; ARM changes the case of segments at will.
pub fn same(a: &str, b: &str) -> bool {
    a.trim_end_matches('/')
        .eq_ignore_ascii_case(b.trim_end_matches('/'))
}

/// A location as its short name: `West Europe` is `westeurope`.
pub fn location(location: &str) -> String {
    location
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

pub fn same_location(a: &str, b: &str) -> bool {
    location(a) == location(b)
}

/// The GUID at the end of a role definition id, which is all that identifies it.
pub fn role_definition_guid(id: &str) -> String {
    canonical(id)
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Name of the assignment of a role to a principal at a scope: always the same GUID for the same
/// three, so that creating it again finds the first one.
pub fn role_assignment_name(scope: &str, role_definition: &str, principal_id: &str) -> Uuid {
    let role = role_definition_guid(role_definition);
    let text = format!(
        "{}|{role}|{}",
        canonical(scope),
        principal_id.to_lowercase()
    );
    Uuid::new_v5(&NAMESPACE, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: &str = "/subscriptions/S/resourceGroups/Rg/providers/Microsoft.ContainerService/managedClusters/aks/agentPools/p1";
    const GROUP: &str = "/subscriptions/S/resourceGroups/Rg";

    fn id(text: &str) -> ResourceId {
        ResourceId::parse(text).unwrap()
    }

    #[test]
    fn a_child_resource_is_taken_apart() {
        let pool = id(POOL);
        assert_eq!(pool.subscription(), Some("S"));
        assert_eq!(pool.resource_group(), Some("Rg"));
        assert_eq!(pool.name(), "p1");
        assert_eq!(
            pool.resource_type(),
            "Microsoft.ContainerService/managedClusters/agentPools"
        );
        assert_eq!(pool.to_string(), POOL);
        assert_eq!(pool.collection(), POOL.strip_suffix("/p1").unwrap());
        let cluster = pool.parent().unwrap();
        assert_eq!(cluster.name(), "aks");
        assert_eq!(cluster.parent().unwrap(), id(GROUP));
        assert_eq!(id(GROUP).resource_type(), "resourceGroups");
    }

    #[test]
    fn an_extension_resource_belongs_to_its_scope() {
        let text = format!("{POOL}/providers/Microsoft.Authorization/roleAssignments/g");
        assert_eq!(
            id(&text).resource_type(),
            "Microsoft.Authorization/roleAssignments"
        );
        assert_eq!(id(&text).parent().unwrap().to_string(), POOL);
    }

    #[test]
    fn what_is_no_id_is_refused_with_the_reason() {
        for text in [
            "subscriptions/S",
            "/subscriptions/S/resourceGroups",
            "/subscriptions//x/y",
        ] {
            let error = ResourceId::parse(text).unwrap_err();
            assert!(error.message.contains(text), "{error}");
        }
    }

    #[test]
    fn case_and_trailing_slash_do_not_matter() {
        assert!(same("/subscriptions/S/resourcegroups/rg/", GROUP));
        assert!(!same(GROUP, POOL));
        assert_eq!(canonical("/A/b/"), "/a/b");
        assert_eq!(
            id("/subscriptions/S/RESOURCEGROUPS/x").resource_group(),
            Some("x")
        );
    }

    #[test]
    fn locations_compare_by_short_name() {
        assert_eq!(location("West Europe"), "westeurope");
        assert!(same_location("West Europe", "westeurope"));
        assert!(!same_location("westeurope", "westus"));
    }

    #[test]
    fn a_role_assignment_has_one_name_however_its_parts_are_spelled() {
        let role = "/subscriptions/S/providers/Microsoft.Authorization/roleDefinitions/BA92F5B4";
        let name = role_assignment_name(GROUP, role, "Principal");
        assert_eq!(
            name,
            role_assignment_name(&GROUP.to_lowercase(), "ba92f5b4", "principal")
        );
        assert_ne!(name, role_assignment_name(POOL, role, "Principal"));
        assert_eq!(name.get_version_num(), 5);
    }
}
