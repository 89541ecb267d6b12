extension Migrations {
    /// A host may still owe the removal of a server that another host has.
    static let hostDocuments = Migration(
        "0006-host-documents",
        [
            .table(
                "host_documents_of_servers",
                """
                server_id TEXT NOT NULL,
                host_id TEXT NOT NULL REFERENCES hosts (id),
                epoch INTEGER NOT NULL,
                sequence INTEGER NOT NULL,
                is_absent INTEGER NOT NULL CHECK (is_absent IN (0, 1)),
                document TEXT NOT NULL,
                PRIMARY KEY (server_id, host_id)
                """),
            .sql(
                """
                INSERT INTO host_documents_of_servers (server_id, host_id, epoch, sequence, is_absent, document)
                SELECT server_id, host_id, epoch, sequence, is_absent, document FROM host_documents
                """),
            .sql("DROP TABLE host_documents"),
            .sql("ALTER TABLE host_documents_of_servers RENAME TO host_documents"),
            .sql("CREATE INDEX host_documents_by_host ON host_documents (host_id, sequence)"),
        ])
}
