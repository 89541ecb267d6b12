import APIKit
import Attributes
import HTTPTypes
import Image
import Model
import Wire

/// Changes of an image as Glance takes them: JSON patch of single members (`v2.1`), and the form before it (`v2.0`),
/// which names the operation by a key.
enum ImagePatch {
    private enum Operation: String, CaseIterable { case add, replace, remove }

    private struct Change: Sendable {
        var operation: Operation
        var name: String
        var value: JSONValue
    }

    static func read(_ request: APIRequest) async throws -> @Sendable (inout Model.Image) throws -> Void {
        let type = request.headers[.contentType]?.split(separator: ";").first.map(String.init) ?? ""
        let isOld = type == "application/openstack-images-v2.0-json-patch"
        guard isOld || type == "application/openstack-images-v2.1-json-patch" else {
            throw CloudError(
                .unsupportedMedia,
                "Patch an image with content type application/openstack-images-v2.1-json-patch "
                    + "or application/openstack-images-v2.0-json-patch.")
        }
        guard case .array(let items) = try await request.json() else {
            throw CloudError.badRequest("The body must be a list of changes.")
        }
        let changes = try items.map { try isOld ? oldChange($0) : change($0) }
        try refuseReserved(changes.map(\.name))
        let caller = request.caller
        return { image in
            for change in changes { try apply(change, to: &image, by: caller) }
        }
    }

    /// Names that Glance keeps for itself.
    static func refuseReserved(_ names: [String]) throws {
        guard let reserved = names.first(where: { $0.hasPrefix("os_glance_") }) else { return }
        throw CloudError(.forbidden, "Attribute '\(reserved.prefix(80))' is reserved.")
    }

    private static func change(_ item: JSONValue) throws -> Change {
        var fields = try Fields(item, at: "change")
        guard let operation = Operation(rawValue: try fields.string("op")) else {
            throw CloudError.badRequest("Operations must be one of \(Operation.allCases.map(\.rawValue)).")
        }
        let path = try fields.string("path", 0...300)
        let value = fields.value("value")
        return Change(operation: operation, name: try name(path), value: try self.value(value, for: operation))
    }

    private static func oldChange(_ item: JSONValue) throws -> Change {
        var fields = try Fields(item, at: "change")
        let value = fields.value("value")
        let found = try Operation.allCases.compactMap { operation in
            try fields.optionalString(operation.rawValue, 0...300).map { (operation, $0) }
        }
        try fields.finish()
        guard let (operation, path) = found.first, found.count == 1 else {
            throw CloudError.badRequest("Operation objects must contain one of 'add', 'replace', 'remove'.")
        }
        return Change(operation: operation, name: try name(path), value: try self.value(value, for: operation))
    }

    private static func value(_ value: JSONValue?, for operation: Operation) throws -> JSONValue {
        if operation == .remove { return .null }
        guard let value else { throw CloudError.badRequest("Operation \"\(operation.rawValue)\" requires a value.") }
        return value
    }

    private static func name(_ path: String) throws -> String {
        guard path.hasPrefix("/"), path.utf8.count > 1 else {
            throw CloudError.badRequest("Pointer '\(path.prefix(80))' does not start with \"/\" and a name.")
        }
        let pointer = String(path.dropFirst())
        guard !pointer.contains("/"),
            pointer.split(separator: "~", omittingEmptySubsequences: false).dropFirst().allSatisfy({
                $0.hasPrefix("0") || $0.hasPrefix("1")
            })
        else { throw CloudError.badRequest("Pointer '\(path.prefix(80))' names no member of an image.") }
        return pointer.replacing("~1", with: "/").replacing("~0", with: "~")
    }

    private static func apply(_ change: Change, to image: inout Model.Image, by caller: Caller) throws {
        let table = ImageAttributes.table
        let (name, isOwn) = (change.name, table.attribute(change.name) != nil)
        var properties = try image.properties.value()
        switch change.operation {
        case .remove:
            guard !isOwn else { throw CloudError(.forbidden, "Attribute '\(name)' may not be removed.") }
            guard properties.removeValue(forKey: name) != nil else { throw missing(name) }
            image.properties = try JSONText(properties)
            return
        case .replace where !isOwn && properties[name] == nil: throw missing(name)
        case .add, .replace: break
        }
        let body = JSONValue.object([.init(key: name, value: change.value)])
        try table.wishes(body, at: .change, by: caller).apply(to: &image)
    }

    private static func missing(_ name: String) -> CloudError {
        CloudError(.conflict, "Property \(name.prefix(80)) does not exist.")
    }
}
