import APIKit
import Foundation
import HTTPTypes
import Model
import Networking
import Wire

/// `/os-security-group-rules`: rules of what comes in, in Nova's form, until 2.35.
struct SecurityGroupRuleProxyAPI: Sendable {
    let networking: NetworkingService

    var routes: [Route] {
        let versions = SecurityGroupProxyAPI.versions
        return [
            Route(.post, "/os-security-group-rules", .member, versions: versions, handler: create),
            Route(.delete, "/os-security-group-rules/{id}", .member, versions: versions) { request in
                try await networking.deleteRule(try SecurityGroupProxyAPI.id(request), by: request.caller)
                return .accepted
            },
        ]
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var outer = try Fields(try await request.json())
        var body = try outer.object("security_group_rule")
        let (parent, source): (SecurityGroupID, SecurityGroupID?) = (
            try body.id("parent_group_id"), try body.optionalID("group_id")
        )
        let group = try await networking.record(SecurityGroup.self, parent, by: request.caller)
        if let source { _ = try await networking.record(SecurityGroup.self, source, by: request.caller) }
        let rule = try Self.rule(of: group, from: source, &body, at: networking.clock.now())
        let made: SecurityGroupRule?
        do {
            made = try await networking.create([rule], by: request.caller).first
        } catch let error as CloudError where error.type == "SecurityGroupRuleExists" {
            throw CloudError(.badRequest, "This rule already exists in group \(parent)", cause: error)
        } catch let error as CloudError where error.kind == .conflict {
            throw CloudError(.overQuota, error.message, cause: error)
        }
        guard let made else { throw CloudError(.internal, "No security group rule was made.") }
        let form = SecurityGroupForm(try await networking.securityGroups(by: request.caller))
        return .json { writer in
            writer.object("security_group_rule") { form.write(made, to: &$0) }
        }
    }

    /// The rule that Nova's words mean. With a source group the ports may be left out, and an address range is not
    /// looked at; without one they must be there.
    private static func rule(
        of group: SecurityGroup, from source: SecurityGroupID?, _ body: inout Fields, at now: Timestamp
    ) throws -> SecurityGroupRule {
        var rule = SecurityGroupRule(
            id: .random(), securityGroupID: group.id, projectID: group.projectID, direction: "ingress",
            etherType: "IPv4", createdAt: now)
        rule.remoteGroupID = source
        if source == nil {
            let (address, length) = try prefix(try plain("cidr", &body))
            rule.remotePrefix = "\(address)/\(length)"
            rule.etherType = address.version == 6 ? "IPv6" : "IPv4"
        }
        let transport = try plain("ip_protocol", &body)
        var (low, high) = (try plain("from_port", &body), try plain("to_port", &body))
        if source != nil, low == nil, high == nil, let transport {
            switch transport.uppercased() {
            case "ICMP": (low, high) = ("-1", "-1")
            case "TCP", "UDP": (low, high) = ("1", "65535")
            default: break
            }
        }
        guard let transport, !transport.isEmpty, let low, let high else {
            guard source != nil else { throw CloudError.badRequest("Not enough parameters to build a valid rule.") }
            return rule
        }
        let range = try ports(low, high, of: transport)
        rule.transport = transport.lowercased()
        rule.portMin = range.low == -1 ? nil : range.low
        rule.portMax = range.high == -1 ? nil : range.high
        return rule
    }

    /// A text or a number, as text; Nova takes either.
    private static func plain(_ name: String, _ body: inout Fields) throws -> String? {
        switch body.value(name) {
        case nil, .null: return nil
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .some(let other): throw body.invalid(name, other, "It must be a string or an integer.")
        }
    }

    /// Every address of IPv4 where none is given. One of length 0 is every address, and must be written so.
    private static func prefix(_ given: String?) throws -> (address: IPAddress, length: Int) {
        var plain = given?.removingPercentEncoding ?? given ?? ""
        if plain.isEmpty { plain = "0.0.0.0/0" }
        guard plain.contains("/"), let (address, length) = CIDR.parse(plain) else {
            throw CloudError.badRequest("\(plain.prefix(80)) is not a valid IP network.")
        }
        guard length > 0 || ["0.0.0.0", "::"].contains(address.description) else {
            throw CloudError.badRequest("Bad prefix for network in cidr \(plain)")
        }
        return (address, length)
    }

    private static func ports(_ low: String, _ high: String, of transport: String) throws -> (low: Int, high: Int) {
        let isICMP = transport.uppercased() == "ICMP"
        guard let first = Int(low.trimmingSpaces), let last = Int(high.trimmingSpaces) else {
            throw invalidInput(
                isICMP
                    ? "Type and Code must be integers for ICMP protocol type" : "To and From ports must be integers")
        }
        guard ["TCP", "UDP", "ICMP"].contains(transport.uppercased()) else {
            throw CloudError.badRequest("Invalid IP protocol \(transport.prefix(40)).")
        }
        func refuse(_ why: String) -> CloudError {
            CloudError.badRequest("Invalid port range \(first):\(last). \(why)")
        }
        if isICMP {
            guard (-1...255).contains(first), (-1...255).contains(last) else {
                throw refuse("For ICMP, the type:code must be valid")
            }
        } else {
            guard first <= last else { throw refuse("Former value cannot be greater than the later") }
            guard first >= 1, last <= 65_535 else {
                throw refuse("Valid \(transport.uppercased()) ports should be between 1-65535")
            }
        }
        return (first, last)
    }

    private static func invalidInput(_ reason: String) -> CloudError {
        CloudError.badRequest("Invalid input received: \(reason)")
    }
}
