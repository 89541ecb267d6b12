extension Migrations {
    /// Names that clients give to resource classes and traits, aggregates of providers, and whose word a trait is.
    static let placementNames = Migration(
        "0012-placement-names",
        [
            .table("resource_classes", "name TEXT PRIMARY KEY NOT NULL CHECK (name LIKE 'CUSTOM!_%' ESCAPE '!')"),
            .table("traits", "name TEXT PRIMARY KEY NOT NULL CHECK (name LIKE 'CUSTOM!_%' ESCAPE '!')"),
            .column(
                "resource_provider_traits", "is_reported INTEGER NOT NULL DEFAULT 1 CHECK (is_reported IN (0, 1))"),
            .table(
                "resource_provider_aggregates",
                """
                provider_id TEXT NOT NULL REFERENCES resource_providers (id) ON DELETE CASCADE,
                aggregate_id TEXT NOT NULL CHECK (aggregate_id <> ''),
                PRIMARY KEY (provider_id, aggregate_id)
                """),
        ])
}
