resource "postgres_ha_cluster" "orders" {
  name           = "orders"
  aks_cluster_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop"

  instances        = 3
  postgres_version = "17"
  cpu              = "6"
  memory           = "48Gi"

  node_pool {
    vm_size = "Standard_E8as_v6"
  }

  storage {
    type       = "premium_v2"
    size       = "256Gi"
    iops       = 12000
    throughput = 500

    wal {
      size       = "64Gi"
      iops       = 6000
      throughput = 300
    }
  }

  high_availability {
    profile              = "balanced"
    synchronous_replicas = 1
  }

  pooler {
    type = "rw"
  }

  backup {
    storage_account {
      name = "shopordersbackups"
    }
    retention = "30d"
  }
}
