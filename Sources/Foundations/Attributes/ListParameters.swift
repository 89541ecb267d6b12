/// What a client says of a list, by name; a parameter may be repeated.
package struct ListParameters: Sendable {
    private let values: [String: [String]]

    package init(_ values: [String: [String]]) {
        self.values = values
    }

    package var names: Set<String> { Set(values.keys) }

    package subscript(name: String) -> String? { values[name]?.first }

    package func all(_ name: String) -> [String] { values[name] ?? [] }
}
