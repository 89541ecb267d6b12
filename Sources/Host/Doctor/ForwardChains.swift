import Dataplane
import Foundation
import Tools

/// Base chains of the forward hook that other programs have made and that drop, out of `nft -j list ruleset`.
package enum ForwardChains {
    private struct Ruleset: Decodable {
        var nftables: [Entry]
    }

    private struct Entry: Decodable {
        var chain: Chain?
        var rule: Rule?
    }

    private struct Chain: Decodable {
        var family: String
        var table: String
        var name: String
        var hook: String?
        var policy: String?
    }

    private struct Rule: Decodable {
        var family: String
        var table: String
        var chain: String
        var expr: [Expression]
    }

    /// Of the many kinds only matches of an interface's name and `accept` are read.
    private struct Expression: Decodable {
        struct Match: Decodable {
            var isEqual: Bool
            var key: String?
            var value: String?

            private enum CodingKeys: String, CodingKey { case op, left, right }
            private struct Left: Decodable { var meta: Meta }
            private struct Meta: Decodable { var key: String }

            init(from decoder: any Decoder) throws {
                let values = try decoder.container(keyedBy: CodingKeys.self)
                isEqual = try values.decode(String.self, forKey: .op) == "=="
                // Matches of other things have other shapes.
                key = (try? values.decode(Left.self, forKey: .left))?.meta.key
                value = try? values.decode(String.self, forKey: .right)
            }
        }

        var match: Match?
        var isAccept: Bool

        private enum CodingKeys: String, CodingKey { case match, accept }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            match = try values.decodeIfPresent(Match.self, forKey: .match)
            isAccept = values.contains(.accept)
        }
    }

    static func dropping(cloudTag: String) async throws -> [DoctorFacts.DroppingChain] {
        try dropping(inRuleset: await Tool.run("nft", ["-j", "list", "ruleset"]), cloudTag: cloudTag)
    }

    /// - Throws: `DecodingError` when the text is not what nft writes.
    package static func dropping(inRuleset json: String, cloudTag: String) throws -> [DoctorFacts.DroppingChain] {
        let entries = try JSONDecoder().decode(Ruleset.self, from: Data(json.utf8)).nftables
        let chains = entries.compactMap(\.chain)
        let rules = entries.compactMap(\.rule)
        return chains.filter {
            $0.hook == "forward" && $0.policy == "drop" && ["ip", "inet"].contains($0.family)
                && !$0.table.hasPrefix("novella_")
        }.map { chain in
            let place = "\(chain.family) \(chain.table)"
            let hasUsers = chains.contains {
                $0.family == chain.family && $0.table == chain.table && $0.name == "DOCKER-USER"
            }
            let operators = hasUsers ? "DOCKER-USER" : chain.name
            let admitted = Set(
                rules.filter {
                    $0.family == chain.family && $0.table == chain.table && [chain.name, operators].contains($0.chain)
                }.compactMap { side($0, cloudTag) })
            return DoctorFacts.DroppingChain(
                name: "\(place) \(chain.name)", operatorsChain: "\(place) \(operators)",
                admitsCloud: admitted == ["iifname", "oifname"])
        }
    }

    /// The side of the cloud's bridges on which a rule accepts everything.
    private static func side(_ rule: Rule, _ cloudTag: String) -> String? {
        guard rule.expr.contains(where: \.isAccept) else { return nil }
        let matches = rule.expr.compactMap(\.match)
        guard matches.count == 1, let match = matches.first, match.isEqual, match.value == "nb\(cloudTag)-*" else {
            return nil
        }
        return match.key
    }
}
