import APIKit
import Compute
import Foundation
import HTTPTypes
import Model

/// Who may do what of Compute: Nova's rules, and what an operator's file says instead
/// (`docs/decisions/0027-policy.md`).
package struct ComputePolicy: Sendable {
    private var checks: [String: PolicyCheck] = [:]

    /// Nova's defaults.
    package init() {}

    /// Reads a file of lines `"rule": "who"`, where `#` begins a comment.
    ///
    /// - Parameter path: for messages.
    /// - Throws: whatever is not understood, or would have no effect, with its line.
    package init(_ text: String, path: String) throws {
        var lines: [String: Int] = [:]
        func refuse(_ line: Int, _ why: String) -> CloudError {
            CloudError.badRequest("\(path), line \(line): \(why).")
        }
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") || line == "---" { continue }
            guard let found = line.wholeMatch(of: Self.pattern) else {
                throw refuse(index + 1, "it is not of the form \"rule\": \"check\", on one line")
            }
            let name = String(found.1)
            if let other = lines.updateValue(index + 1, forKey: name) {
                throw refuse(index + 1, "'\(name)' stands in line \(other) already; keep one of them")
            }
            do {
                checks[name] = try PolicyParser.parse(String(found.2))
            } catch {
                throw refuse(
                    index + 1,
                    "'\(found.2)' is not understood: \(error.reason). Checks are role:, rule:, project_id:, user_id:, "
                        + "'@' and '!', with and, or, not and parentheses")
            }
        }
        for (name, line) in lines.sorted(by: { $0.value < $1.value }) {
            if let why = flaw(of: name) { throw refuse(line, why) }
        }
    }

    private static var pattern: Regex<(Substring, Substring, Substring)> {
        /["']?([A-Za-z0-9_:.-]+?)["']?\s*:\s+["']([^"']+)["']\s*(?:#.*)?/
    }

    private func flaw(of name: String) -> String? {
        if PolicyCheck.known[name] != nil {
            return "'\(name)' is what other rules are made of, and is not changed here; name those rules"
        }
        let rule = PolicyRules.all.first { $0.name == name }
        if let rule, !rule.isOpen {
            return "'\(name)' is a rule of Nova's that cannot be changed in this cloud; take the line out"
        }
        if rule == nil, !checks.values.contains(where: { $0.rules.contains(name) }) {
            return "there is no rule '\(name)', and no other names it; look at the spelling"
        }
        var seen: Set<String> = []
        return flaw(from: name, &seen, path: [name])
    }

    private func flaw(from name: String, _ seen: inout Set<String>, path: [String]) -> String? {
        for next in checks[name]?.rules ?? [] {
            if path.contains(next) { return "'\((path + [next]).joined(separator: "' names '"))', without end" }
            let isKnown =
                checks[next] != nil || PolicyCheck.known[next] != nil
                || PolicyRules.all.contains { $0.name == next }
            guard isKnown else { return "it names a rule '\(next)', which is not there" }
            if seen.insert(next).inserted, let why = flaw(from: next, &seen, path: path + [next]) { return why }
        }
        return nil
    }

    private func check(_ name: String) -> PolicyCheck {
        checks[name] ?? PolicyCheck.known[name] ?? PolicyRules.all.first { $0.name == name }.map {
            PolicyCheck($0.level)
        }
            ?? .never
    }

    /// Refuses a caller whom the rule does not let pass.
    ///
    /// - Parameter target: asked for where an operator has changed the rule; it tells whether the caller sees what the
    ///   request is about.
    func require(
        _ rule: PolicyRule?, or level: AccessLevel, _ caller: Caller, _ target: () async throws -> PolicyCheck.Target
    ) async throws {
        if let rule, let changed = checks[rule.name] {
            if changed.admits(caller, try await target(), check) { return }
        } else if level.admits(caller) {
            return
        }
        throw CloudError(
            .forbidden, "Policy doesn't allow \(rule?.name ?? "os_compute_api:servers:action") to be performed.")
    }

    /// To read them Nova asks for nothing but a token, of whatever scope.
    private static let withoutRules: Set = ["/", "/flavors", "/flavors/detail", "/flavors/{id}"]

    /// The route with the rule before it.
    func applied(to route: Route, _ compute: ComputeService) -> Route {
        var ruled = route
        ruled.isForProjects = route.method != .get || !Self.withoutRules.contains(route.path)
        let path = VolumesBootAPI.original(of: route.path)
        guard let rule = PolicyRules.rule(of: route.method, path) else { return ruled }
        ruled.rule = rule.name
        guard checks[rule.name] != nil else { return ruled }
        ruled.access = .authenticated
        ruled.handler = { request in
            try await require(rule, or: route.access, request.caller) {
                try await Self.target(of: request, path, compute)
            }
            return try await route.handler(request)
        }
        return ruled
    }

    /// Of a server or a server group whose it is; of anything else, the caller's own.
    static func target(
        of request: APIRequest, _ path: String, _ compute: ComputeService
    ) async throws -> PolicyCheck.Target {
        let caller = request.caller
        let segments = path.split(separator: "/")
        if segments.count > 1, segments[1].hasPrefix("{") {
            let id = request.parameter(String(segments[1].dropFirst().dropLast()))
            if segments[0] == "servers" {
                let server = try await compute.server(ServerID(id), by: caller)
                return PolicyCheck.Target(project: server.projectID, user: server.userID)
            }
            if segments[0] == "os-server-groups" {
                let group = try await compute.serverGroup(ServerGroupID(id), by: caller)
                return PolicyCheck.Target(project: group.projectID, user: group.userID)
            }
        }
        if case .project(let project) = caller.scope {
            return PolicyCheck.Target(project: project, user: caller.userID)
        }
        return PolicyCheck.Target(project: nil, user: caller.userID)
    }
}
