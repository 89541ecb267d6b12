import Foundation
import Model
import StorePostgres
import Subprocess

/// A PostgreSQL server of this process's own: unprivileged, reached by a socket in its folder. It ends, and its folder
/// goes, when this process does, however it ends.
actor ScratchCluster {
    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// Started when it is first asked for.
    static let shared = Task { try await ScratchCluster() }

    /// Of PostgreSQL's programs; `nil` where it is not installed.
    static let programs: String? = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = ["/usr/lib/postgresql/15/bin"] + path.split(separator: ":").map(String.init)
        return folders.first { folder in
            ["initdb", "pg_ctl", "postgres"].allSatisfy {
                FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)")
            }
        }
    }()

    /// A database that one test has at a time, with connections that outlive the test.
    struct Loan: Sendable {
        let database: PostgresDatabase
        let name: String
    }

    /// Databases that may be in use at once; their connections must fit into the server's.
    private static let databaseLimit = 8
    private static let template = "migrated"
    private nonisolated let folder: String
    private let admin: PostgresDatabase
    private var made = 0
    private var inUse = 0
    private var clean: [Loan] = []
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private init() async throws {
        guard let programs = Self.programs else {
            throw Unusable(description: "PostgreSQL is not installed: install Debian's package postgresql-15")
        }
        folder = try await Self.start(programs)
        admin = try await PostgresDatabase.open(Self.settings(folder, "postgres"))
        try await admin.runAlone("CREATE DATABASE \(Self.template)")
        let template = try await PostgresDatabase.open(Self.settings(folder, Self.template))
        try await template.migrate()
        try await template.runAlone(Self.keepRows)
        try await template.close()
    }

    /// Waits while too many are in use.
    func lend(migrated: Bool) async throws -> Loan {
        while inUse >= Self.databaseLimit { await withCheckedContinuation { waiting.append($0) } }
        inUse += 1
        if migrated, let loan = clean.popLast() { return loan }
        made += 1
        let name = "test_\(made)"
        do {
            try await admin.runAlone("CREATE DATABASE \(name) TEMPLATE \(migrated ? Self.template : "template0")")
            return Loan(database: try await PostgresDatabase.open(settings(name)), name: name)
        } catch {
            release()
            throw error
        }
    }

    /// `isSpoilt` when its schema may be another than at first.
    func takeBack(_ loan: Loan, isSpoilt: Bool) async throws {
        defer { release() }
        if isSpoilt {
            try await loan.database.close()
            try await admin.runAlone("DROP DATABASE \(loan.name) WITH (FORCE)")
        } else {
            try await loan.database.runAlone(Self.restoreRows)
            clean.append(loan)
        }
    }

    private func release() {
        inUse -= 1
        if !waiting.isEmpty { waiting.removeFirst().resume() }
    }

    /// What the migrations have put into tables, for `restoreRows`, which is quicker than another database.
    private static let keepRows = """
        DO $$
        DECLARE name text;
        BEGIN
            CREATE SCHEMA kept;
            FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', name, name);
            END LOOP;
        END $$
        """

    private static let restoreRows = """
        DO $$
        DECLARE name text;
        BEGIN
            PERFORM set_config('session_replication_role', 'replica', true);
            FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                EXECUTE format('DELETE FROM public.%I', name);
                EXECUTE format('INSERT INTO public.%I TABLE kept.%I', name, name);
            END LOOP;
        END $$
        """

    nonisolated func settings(_ database: String) -> PostgresSettings {
        Self.settings(folder, database)
    }

    private static func settings(_ folder: String, _ database: String) -> PostgresSettings {
        var settings = PostgresSettings(connection: "host=\(folder) user=novella dbname=\(database)")
        settings.maximumConnections = 4
        settings.demandsDurability = false
        return settings
    }
}

// MARK: - Its processes

extension ScratchCluster {
    /// Runs until its input ends. No signal to the whole group, such as ctrl-C, and no reader that has gone may keep it
    /// from tidying up.
    private static let script = """
        trap '' INT TERM HUP PIPE
        umask 077
        cd /
        mkdir "$1" || exit 1
        exec 2>"$1/errors"
        if timeout 120 "$2/initdb" -D "$1/data" -U novella --auth=trust --encoding=UTF8 --locale=C --no-sync \
            --wal-segsize=1 >"$1/initdb" && "$2/pg_ctl" -D "$1/data" -l "$1/log" -w -o "$3 -k '$1'" start >/dev/null
        then
            echo ready
            read -r _
            "$2/pg_ctl" -D "$1/data" -m immediate stop >/dev/null
        else
            cat "$1/errors" "$1/log"
        fi
        rm -rf "$1"
        """

    private static let options = """
        -c listen_addresses= -c max_connections=100 -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
        -c autovacuum=off -c shared_buffers=32MB -c dynamic_shared_memory_type=mmap
        """

    /// What else is open here, such as connections of tests, must not stay open in PostgreSQL: `Subprocess` sees to it.
    private static func start(_ programs: String) async throws -> String {
        // Short, because the path of a socket may have 107 bytes.
        let folder = "\(FileManager.default.temporaryDirectory.path)/novella-pg-\(UUIDText.random().prefix(13))"
        let arguments = ["-c", script, "sh", folder, programs, options]
        // PostgreSQL refuses to run as root.
        let command = getuid() == 0 ? try unprivileged() + ["sh"] + arguments : ["sh"] + arguments
        let (lines, output) = AsyncStream.makeStream(of: String.self)
        Task {
            defer { output.finish() }
            do {
                // Its input ends with this process.
                _ = try await Subprocess.run(
                    .name(command[0]), arguments: Arguments(Array(command.dropFirst())),
                    input: .inputWriter, output: .sequence, error: .currentStandardError
                ) { execution in
                    for try await line in execution.standardOutput.strings() { output.yield(line) }
                }
            } catch {
                output.yield("\(error)")
            }
        }
        var said: [String] = []
        for await line in lines {
            if line.hasPrefix("ready") { return folder }
            said.append(line)
        }
        throw Unusable(description: "PostgreSQL did not start: \(said.joined())")
    }

    private static func unprivileged() throws -> [String] {
        for name in ["postgres", "nobody"] {
            if let user = getpwnam(name) {
                return [
                    "setpriv", "--reuid=\(user.pointee.pw_uid)", "--regid=\(user.pointee.pw_gid)",
                    "--clear-groups",
                ]
            }
        }
        throw Unusable(description: "there is no user postgres or nobody to run PostgreSQL as")
    }
}
