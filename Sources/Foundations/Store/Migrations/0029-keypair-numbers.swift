extension Migrations {
    /// Numbers of key pairs, and certificates among what guests are told of them.
    static let keypairNumbers = Migration(
        "0029-keypair-numbers",
        [
            .column("keypairs", "number INTEGER NOT NULL DEFAULT 0"),
            .sql(
                """
                UPDATE keypairs SET number = (
                    SELECT count(*) FROM keypairs k
                    WHERE k.created_at < keypairs.created_at
                        OR (k.created_at = keypairs.created_at AND k.key <= keypairs.key))
                """),
            .sql("CREATE UNIQUE INDEX keypairs_by_number ON keypairs (number)"),
            .sql("INSERT INTO numbers (name, last) SELECT 'keypairs', count(*) FROM keypairs"),
        ])
}
