use super::*;
use crate::object;
use crate::schema::attr::{Attr, Block, Blocks, Secret};
use crate::schema::field::{block, blocks, computed, optional, required};
use crate::schema::object::Object;
use crate::schema::resource::{Parameter, Signature};
use crate::schema::value::Type;

object! {
    /// The write-ahead log.
    struct Wal {
        /// Size, a Kubernetes quantity.
        size: Attr<String> => required(),
    }
}

object! {
    /// Where the data is.
    struct Storage {
        /// Size, a Kubernetes quantity.
        size: Attr<String> => required(),
        /// A disk of its own for the log.
        wal: Block<Wal> => block(),
    }
}

object! {
    /// A role.
    struct Role {
        /// Name of the role.
        name: Attr<String> => required(),
        /// Password.
        password_wo: Attr<Secret<String>> => optional().write_only(),
    }
}

object! {
    /// A server for PostgreSQL.
    ///
    /// More about it.
    struct Server {
        /// Identifier, also for import.
        id: Attr<String> => computed(),
        /// Name of the server.
        name: Attr<String> => required().replace(),
        /// How it writes.
        mode: Attr<String> => optional().default("fast").one_of(&["fast", "safe"]),
        /// Memory of each instance.
        memory: Attr<i64> => optional().default_from("half of what the node has"),
        /// Storage.
        storage: Block<Storage> => block().required(),
        /// Roles.
        role: Blocks<Role> => blocks(&["name"]),
    }
}

const PAGE: &str = r##"---
page_title: "postgres_server Resource - postgres"
subcategory: ""
description: |-
  A server for PostgreSQL.
---

# postgres_server (Resource)

A server for PostgreSQL.

More about it.

## Example Usage

```terraform
resource "postgres_server" "x" {}
```

## Schema

### Required

- `name` (String) Name of the server. Changing this makes a new resource.
- `storage` (Block List, Min: 1, Max: 1) Storage. (see [below for nested schema](#nestedblock--storage))

### Optional

- `memory` (Number) Memory of each instance. Default: half of what the node has.
- `mode` (String) How it writes. Allowed: `fast`, `safe`. Default: `"fast"`.
- `role` (Block List) Roles. May be repeated, each with its own `name`. (see [below for nested schema](#nestedblock--role))

### Read-Only

- `id` (String) Identifier, also for import.

<a id="nestedblock--storage"></a>
### Nested Schema for `storage`

Where the data is.

Required:

- `size` (String) Size, a Kubernetes quantity.

Optional:

- `wal` (Block List, Max: 1) A disk of its own for the log. (see [below for nested schema](#nestedblock--storage--wal))

<a id="nestedblock--storage--wal"></a>
### Nested Schema for `storage.wal`

The write-ahead log.

Required:

- `size` (String) Size, a Kubernetes quantity.

<a id="nestedblock--role"></a>
### Nested Schema for `role`

A role.

Required:

- `name` (String) Name of the role.

Optional:

- `password_wo` (String, Sensitive, Write-only) Password.

## Import

By its id.
"##;

fn schema() -> Schema {
    Schema {
        version: 0,
        description: Server::description(),
        fields: Server::fields(),
    }
}

#[test]
fn a_resource_page_tells_everything_that_is_declared() {
    let extras = PageExtras {
        provider: "postgres",
        example: "resource \"postgres_server\" \"x\" {}\n",
        import: "By its id.",
        ..PageExtras::default()
    };
    assert_eq!(resource_page("postgres_server", &schema(), &extras), PAGE);
}

#[test]
fn the_other_pages_have_their_titles() {
    let extras = PageExtras {
        provider: "postgres",
        ..PageExtras::default()
    };
    let data = data_source_page("postgres_server", &schema(), &extras);
    assert!(data.contains("# postgres_server (Data Source)\n"), "{data}");
    assert!(!data.contains("## Example Usage") && !data.contains("## Import"));
    let ephemeral = ephemeral_page("postgres_server", &schema(), &extras);
    assert!(ephemeral.contains("# postgres_server (Ephemeral Resource)\n"));
    let provider = provider_page("postgres", &schema(), &extras);
    assert!(provider.contains("page_title: \"Provider: postgres\"\n"));
}

#[test]
fn a_function_page_has_its_signature() {
    let signature = Signature {
        summary: "Adds up.",
        description: "Adds up numbers.",
        parameters: vec![Parameter {
            name: "numbers",
            ty: Type::list(Type::Number),
            description: "What to add up.",
            allow_null: false,
        }],
        returns: Type::Number,
    };
    let page = function_page("sum", &signature, &PageExtras::default());
    assert!(
        page.contains("```text\nsum(numbers list of number) number\n```\n"),
        "{page}"
    );
    assert!(
        page.contains("1. `numbers` (list of number) What to add up.\n"),
        "{page}"
    );
}
