"""Random walks over the lifecycle: drawn, walked on a host, compared with the table, made short where they fail."""
