import Foundation

/// A value kept as the JSON text it is stored and answered as, so that a hot path copies it instead of parsing it.
public struct JSONText<Value: Codable & Sendable>: Sendable, Equatable {
    public let raw: String

    /// Trusts the text; it comes from the store or from `init(_:)`.
    public init(raw: String) {
        self.raw = raw
    }

    public init(_ value: Value) throws {
        raw = String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    public init<Element>(_ value: [Element]) throws where Value == [Element] {
        raw = value.isEmpty ? "[]" : String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    public init<Element>(_ value: [String: Element]) throws where Value == [String: Element] {
        raw = value.isEmpty ? "{}" : String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    public func value() throws -> Value {
        try decoder.decode(Value.self, from: Data(raw.utf8))
    }

    public func value<Element>() throws -> Value where Value == [Element] {
        raw == "[]" ? [] : try decoder.decode(Value.self, from: Data(raw.utf8))
    }

    public func value<Element>() throws -> Value where Value == [String: Element] {
        raw == "{}" ? [:] : try decoder.decode(Value.self, from: Data(raw.utf8))
    }
}

private let decoder = JSONDecoder()
private let encoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
}()
