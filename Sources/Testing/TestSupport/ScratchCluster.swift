import Foundation
import Model
import StorePostgres

/// A PostgreSQL server of this process's own, for as long as it lives: unprivileged, reached by a socket in its folder.
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
    /// Held open: the server ends and its folder goes when this process does, however it ends.
    private let lifeline: FileHandle
    private var made = 0
    private var inUse = 0
    private var clean: [Loan] = []
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private init() async throws {
        guard let programs = Self.programs else {
            throw Unusable(description: "PostgreSQL is not installed: install Debian's package postgresql-15")
        }
        (folder, lifeline) = try await Self.start(programs)
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
        mkdir "$1" || exit 1
        exec 2>"$1/errors"
        "$2/initdb" -D "$1/data" -U novella --auth=trust --encoding=UTF8 --locale=C --no-sync \
            --wal-segsize=1 >"$1/initdb" && "$2/pg_ctl" -D "$1/data" -l "$1/log" -w -o "$3 -k '$1'" start >/dev/null \
            && echo ready || cat "$1/errors" "$1/log"
        exec >/dev/null
        read -r _
        "$2/pg_ctl" -D "$1/data" -m immediate stop
        rm -rf "$1"
        """

    private static let options = """
        -c listen_addresses= -c max_connections=100 -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
        -c autovacuum=off -c shared_buffers=32MB -c dynamic_shared_memory_type=mmap
        """

    private static func start(_ programs: String) async throws -> (folder: String, lifeline: FileHandle) {
        // Short, because the path of a socket may have 107 bytes.
        let folder = "\(FileManager.default.temporaryDirectory.path)/novella-pg-\(UUIDText.random().prefix(13))"
        let arguments = ["/bin/sh", "-c", script, "sh", folder, programs, options]
        // PostgreSQL refuses to run as root.
        let command = getuid() == 0 ? try unprivileged() + arguments : arguments
        let (lifeline, output) = try spawn(command)
        let said = await firstOutput(of: output)
        guard said == "ready\n" else { throw Unusable(description: "PostgreSQL did not start: \(said)") }
        return (folder, lifeline)
    }

    /// Starts a program in `/` with a pipe to it and one from it. Foundation's `Process` crashes in its search of
    /// `/proc/self/fd` when a thousand files are open, as they are while clients are tested.
    private static func spawn(_ command: [String]) throws -> (input: FileHandle, output: FileHandle) {
        func check(_ code: Int32, _ what: String) throws {
            guard code == 0 else { throw Unusable(description: "\(what): \(String(cString: strerror(code)))") }
        }
        func closedPipe() throws -> Pipe {
            let pipe = Pipe()
            for end in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
                try check(fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC) == 0 ? 0 : errno, "fcntl")
            }
            return pipe
        }
        let (input, output) = (try closedPipe(), try closedPipe())
        var actions = posix_spawn_file_actions_t()
        try check(posix_spawn_file_actions_init(&actions), "posix_spawn_file_actions_init")
        defer { posix_spawn_file_actions_destroy(&actions) }
        try check(posix_spawn_file_actions_adddup2(&actions, input.fileHandleForReading.fileDescriptor, 0), "dup2")
        try check(posix_spawn_file_actions_adddup2(&actions, output.fileHandleForWriting.fileDescriptor, 1), "dup2")
        let whole = ["/usr/bin/env", "--chdir=/"] + command
        var words: [UnsafeMutablePointer<CChar>?] = whole.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        try check(posix_spawn(&process, whole[0], &actions, nil, &words, environ), whole[0])
        return (input.fileHandleForWriting, output.fileHandleForReading)
    }

    private static func unprivileged() throws -> [String] {
        for name in ["postgres", "nobody"] {
            if let user = getpwnam(name) {
                return [
                    "/usr/bin/setpriv", "--reuid=\(user.pointee.pw_uid)", "--regid=\(user.pointee.pw_gid)",
                    "--clear-groups",
                ]
            }
        }
        throw Unusable(description: "there is no user postgres or nobody to run PostgreSQL as")
    }

    /// Reads on a thread of its own, because it blocks.
    private static func firstOutput(of handle: FileHandle) async -> String {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: String(decoding: handle.availableData, as: UTF8.self)) }.start()
        }
    }
}
