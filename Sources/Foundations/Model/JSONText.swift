import Foundation

/// A value kept as the JSON text it is stored and answered as, so that a hot path copies it instead of parsing it.
public struct JSONText<Value: Codable & Sendable>: Sendable, Equatable {
    private final class Known: Sendable {
        let value: Value

        init(_ value: Value) {
            self.value = value
        }
    }

    public let raw: String
    /// What the text was made of.
    private let known: Known?

    public static func == (one: Self, other: Self) -> Bool { one.raw == other.raw }

    /// Trusts the text; it comes from the store or from `init(_:)`.
    public init(raw: String) {
        self.raw = raw
        known = nil
    }

    public init(_ value: Value) throws {
        raw = String(decoding: try encoder.encode(value), as: UTF8.self)
        known = Known(value)
    }

    public init<Element>(_ value: [Element]) throws where Value == [Element] {
        raw = value.isEmpty ? "[]" : String(decoding: try encoder.encode(value), as: UTF8.self)
        known = value.isEmpty ? nil : Known(value)
    }

    public init<Element>(_ value: [String: Element]) throws where Value == [String: Element] {
        raw = value.isEmpty ? "{}" : String(decoding: try encoder.encode(value), as: UTF8.self)
        known = value.isEmpty ? nil : Known(value)
    }

    public func value() throws -> Value {
        try known?.value ?? decoder.decode(Value.self, from: Data(raw.utf8))
    }

    public func value<Element>() throws -> Value where Value == [Element] {
        if raw == "[]" { return [] }
        return try known?.value ?? decoder.decode(Value.self, from: Data(raw.utf8))
    }

    public func value<Element>() throws -> Value where Value == [String: Element] {
        if raw == "{}" { return [:] }
        return try known?.value ?? decoder.decode(Value.self, from: Data(raw.utf8))
    }
}

private let decoder = JSONDecoder()
private let encoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
}()
