import Foundation

/// A value kept as the JSON text it is stored and answered as, so that a hot path copies it instead of parsing it.
public struct JSONText<Value: Codable & Sendable>: Sendable, Equatable {
    public let raw: String

    /// Trusts the text; it comes from the store or from `init(_:)`.
    public init(raw: String) {
        self.raw = raw
    }

    public init(_ value: Value) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        raw = String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    public func value() throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(raw.utf8))
    }
}
