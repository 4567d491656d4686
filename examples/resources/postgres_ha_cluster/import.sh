# A cluster on AKS: <AKS cluster id>/<namespace>/<name>
terraform import postgres_ha_cluster.orders \
  "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop/cnpg-database/orders"

# A cluster that the provider's `kubernetes` block reaches: <namespace>/<name>
terraform import postgres_ha_cluster.orders "cnpg-database/orders"
