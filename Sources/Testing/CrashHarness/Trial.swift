import Foundation
import Model

/// All lives of one scenario.
struct Trial: Sendable {
    let scenario: String
    let folder: String
    let machine: Machine.Kind
    let deaths: Int
    let jobs: Int

    private struct Death: Sendable {
        var count = 0
        var difference: String?
    }

    func run(every: Int) async throws -> Tally {
        let quiet = "\(folder)/quiet"
        let (wanted, points) = try await within(quiet) {
            try await live(quiet, .act)
            return (try text("\(quiet)/end"), try text("\(quiet)/points").split(separator: "\n").map(String.init))
        }
        var tally = Tally(points: points.count)
        let chosen = points.enumerated().filter { $0.offset % every == 0 }.map(\.element)
        try await withThrowingTaskGroup(of: (String, Death).self) { group in
            var left = chosen.enumerated().makeIterator()
            func next() {
                guard let (number, point) = left.next() else { return }
                group.addTask { (point, try await die(at: point, in: "\(folder)/\(number)", wanted)) }
            }
            for _ in 0..<jobs { next() }
            for try await (point, death) in group {
                next()
                tally.kills += death.count
                if death.count == 0 { tally.missed += 1 }
                guard let difference = death.difference else { continue }
                tally.differences += 1
                print("\(scenario), killed at '\(point)':\n\(difference)")
            }
        }
        return tally
    }

    private func die(at point: String, in path: String, _ wanted: String) async throws -> Death {
        try await within(path) {
            var death = Death()
            do {
                for _ in 0..<deaths {
                    guard try await live(path, .act, deadly: point) else { break }
                    death.count += 1
                }
                try await live(path, .act)
                let end = try text("\(path)/end")
                if end != wanted { death.difference = Self.difference(wanted, end) }
            } catch let error as CloudError {
                death.difference = error.message
            }
            return death
        }
    }

    /// Carries out `body` in a folder that is there for it alone, and takes away all that it has left on the machine.
    private func within<Value: Sendable>(_ path: String, _ body: () async throws -> Value) async throws -> Value {
        let value: Value
        do {
            try await begin(path)
            value = try await body()
        } catch {
            do {
                try await end(path)
            } catch let second {
                throw CloudError(.internal, "\(path) cannot be cleaned: \(second)", cause: error)
            }
            throw error
        }
        try await end(path)
        return value
    }

    /// A folder from which the scenario can be carried out. What libvirt and the kernel hold cannot be copied.
    private func begin(_ path: String) async throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        // A first start begins with nothing at all.
        if scenario == "first-start" { return }
        let base = "\(folder)/base"
        if machine == .files, FileManager.default.fileExists(atPath: base) {
            try FileManager.default.removeItem(atPath: path)
            return try FileManager.default.copyItem(atPath: base, toPath: path)
        }
        try await live(path, .prepare)
        if machine == .files { try FileManager.default.copyItem(atPath: path, toPath: base) }
    }

    private func end(_ path: String) async throws {
        if machine == .libvirt { try await live(path, .clean) }
        try FileManager.default.removeItem(atPath: path)
    }

    static func difference(_ wanted: String, _ end: String) -> String {
        let changes = end.split(separator: "\n").difference(from: wanted.split(separator: "\n"))
        return changes.map { change in
            switch change {
            case .remove(_, let line, _): "  undisturbed: \(line)"
            case .insert(_, let line, _): "  after death: \(line)"
            }
        }.joined(separator: "\n")
    }

    /// One life; says whether it was ended from outside.
    @discardableResult
    private func live(_ path: String, _ phase: Child.Phase, deadly: String? = nil) async throws -> Bool {
        var arguments = [
            "child", "--folder", path, "--scenario", scenario, "--phase", phase.rawValue,
            "--machine", machine.rawValue,
        ]
        if let deadly { arguments += ["--deadly", deadly] }
        let wasKilled = try await Life(arguments, log: "\(path)/log").end()
        guard !wasKilled || deadly != nil else {
            throw CloudError(.internal, "A life of '\(scenario)' was killed that was to come to its end.")
        }
        return wasKilled
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }
}
