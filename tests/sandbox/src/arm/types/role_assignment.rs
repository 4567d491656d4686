//! Role assignments, at any scope.

use serde_json::{Value, json};

use super::{AUTHORIZATION_VERSIONS, ROLE_ASSIGNMENT};
use crate::arm::errors::ArmError;
use crate::arm::kind::{Draft, Kind, Query, ResourceType, get};
use crate::arm::lookups::roles;
use crate::arm::store::Resource;

pub struct RoleAssignment;

static KIND: Kind = {
    let mut kind = Kind::plain(ROLE_ASSIGNMENT, AUTHORIZATION_VERSIONS);
    kind.located = false;
    kind.missing_code = "RoleAssignmentNotFound";
    kind.immutable_code = "RoleAssignmentUpdateNotPermitted";
    kind.immutable = &["/properties/roleDefinitionId", "/properties/principalId"];
    kind
};

const MARK: &str = "/providers/microsoft.authorization/roleassignments/";

/// The scope that an assignment's key ends with its mark and name.
fn scope(key: &str) -> &str {
    key.rfind(MARK).map_or(key, |at| &key[..at])
}

fn guid(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default().to_lowercase();
    text.rsplit('/').next().unwrap_or_default().to_owned()
}

impl ResourceType for RoleAssignment {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn name(&self, name: &str) -> Result<(), ArmError> {
        match uuid::Uuid::parse_str(name) {
            Ok(_) => Ok(()),
            Err(_) => Err(ArmError::bad_request(
                "InvalidRoleAssignmentId",
                format!(
                    "The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
                ),
            )),
        }
    }

    fn check(&self, draft: &Draft<'_>) -> Result<(), ArmError> {
        let key = draft.id.key();
        let scope = scope(&key);
        if scope.contains("/providers/") && !draft.state.resources.contains_key(scope) {
            let group = draft.id.resource_group().unwrap_or_default();
            return Err(ArmError::not_found(scope, group));
        }
        let properties = get(&draft.body, "/properties");
        let principal = guid(&properties["principalId"]);
        if uuid::Uuid::parse_str(&principal).is_err() {
            return Err(ArmError::bad_request(
                "InvalidPrincipalId",
                format!(
                    "The principal ID '{principal}' is not valid. Principal ID must be a GUID."
                ),
            ));
        }
        let role = guid(&properties["roleDefinitionId"]);
        if !roles::exists(&role) {
            return Err(roles::missing(&role));
        }
        let twin = draft.state.of_kind(ROLE_ASSIGNMENT).find(|r| {
            r.id.key() != key
                && self::scope(&r.id.key()) == scope
                && guid(&r.properties()["principalId"]) == principal
                && guid(&r.properties()["roleDefinitionId"]) == role
        });
        if let Some(twin) = twin {
            let name = twin.id.name().replace('-', "");
            return Err(ArmError::conflict(
                "RoleAssignmentExists",
                format!(
                    "The role assignment already exists. The ID of the existing role assignment is {name}."
                ),
            ));
        }
        let known = draft.state.principals.get(&principal);
        match known.is_some_and(|from| *from <= draft.now) {
            true => Ok(()),
            false => Err(ArmError::bad_request(
                "PrincipalNotFound",
                format!(
                    "Principal {} does not exist in the directory {}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.",
                    principal.replace('-', ""),
                    draft.options.tenant_id
                ),
            )),
        }
    }

    fn fill(&self, draft: &mut Draft<'_>) {
        let text = &draft.id.text;
        let at = text.to_lowercase().rfind(MARK).unwrap_or(text.len());
        let scope = match &text[..at] {
            "" => "/".to_owned(),
            scope => scope.to_owned(),
        };
        draft.set("/properties/scope", json!(scope));
        draft.set_default("/properties/principalType", json!("ServicePrincipal"));
        draft.keep_or("/properties/createdOn", json!(draft.stamp));
        draft.set("/properties/updatedOn", json!(draft.stamp));
        let author = json!(draft.options.application.object_id);
        draft.keep_or("/properties/createdBy", author.clone());
        draft.set("/properties/updatedBy", author);
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    /// Those at the scope and above it; below it too, unless `atScope()`.
    fn listed(&self, resource: &Resource, at: &str, query: &Query<'_>) -> bool {
        let filter = query.parameters.get("$filter").map(|f| f.to_lowercase());
        let filter = filter.as_deref().unwrap_or_default();
        let key = resource.id.key();
        let own = scope(&key);
        let above = at == own || at.starts_with(&format!("{own}/"));
        let below = own.starts_with(&format!("{at}/")) && !filter.contains("atscope()");
        let principal = filter
            .split_once("principalid eq '")
            .and_then(|(_, rest)| rest.split('\'').next());
        (above || below)
            && principal.is_none_or(|p| guid(&resource.properties()["principalId"]) == p)
    }
}
