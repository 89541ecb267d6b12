import Foundation
import Model
import Wire

/// Files for a guest as bodies give them: Nova's `personality`, until 2.56.
enum InjectedFileForms {
    private static let member = "personality"

    static func read(_ fields: inout Fields) throws(CloudError) -> [InjectedFile] {
        var files: [InjectedFile] = []
        for item in try fields.optionalArray(member) ?? [] {
            var file = try Fields(item, at: member)
            try file.refuseNulls()
            let path = try file.string("path", 0...Int(UInt16.max))
            let contents = try file.string("contents", 0...Int.max)
            guard Data(base64Encoded: contents, options: .ignoreUnknownCharacters) != nil else {
                throw file.invalid("contents", .string(contents), "It is not a 'base64'.")
            }
            try file.finish()
            files.append(InjectedFile(path: path, contents: contents))
        }
        return files
    }
}
