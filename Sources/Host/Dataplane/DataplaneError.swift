/// The machine is not as it has to be; says what, and the nearest remedy where there is one.
package struct DataplaneError: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
