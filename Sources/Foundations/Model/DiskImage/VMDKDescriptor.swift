/// The text inside a sparse extent. It may describe that one extent and nothing else.
enum VMDKDescriptor {
    private static let types = ["monolithicsparse", "streamoptimized"]
    private static let noParent = "ffffffff"

    static func check(_ bytes: ArraySlice<UInt8>) throws(CloudError) {
        guard let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: isForbidden)
        else { throw VMDKHeader.bad("its descriptor is not a text") }
        // QEMU looks for this word anywhere, in comments too.
        guard !text.lowercased().contains("parentfilenamehint") else {
            throw VMDKHeader.bad("it names a parent; flatten it first, for example with `qemu-img convert`")
        }
        var fields: [String: String] = [:]
        var extents = 0
        for line in text.split(whereSeparator: \.isNewline).map({ $0.drop(while: \.isWhitespace) }) where !line.isEmpty
        {
            if line.hasPrefix("#") || line.hasPrefix("ddb.") { continue }
            if let (key, value) = try field(line) {
                guard fields.updateValue(value, forKey: key) == nil else {
                    throw VMDKHeader.bad("its descriptor says \(key) twice")
                }
            } else {
                try checkExtent(line)
                extents += 1
            }
        }
        try check(fields)
        guard extents == 1 else { throw VMDKHeader.bad("its descriptor names \(extents) extents; it must be one") }
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control && !["\t", "\n", "\r"].contains(scalar)
    }

    private static func shown(_ text: some StringProtocol) -> String { String(text.prefix(60)) }

    private static func check(_ fields: [String: String]) throws(CloudError) {
        let type = fields["createtype"] ?? ""
        guard types.contains(type.lowercased()) else {
            throw VMDKHeader.bad(
                "its createType '\(shown(type))' is not monolithicSparse or streamOptimized; "
                    + "make one with `qemu-img convert -O vmdk`")
        }
        guard let own = fields["cid"], UInt32(own, radix: 16) != nil else {
            throw VMDKHeader.bad("its descriptor has no CID")
        }
        let parent = fields["parentcid"] ?? ""
        guard parent.lowercased() == noParent else {
            throw VMDKHeader.bad("its parentCID '\(shown(parent))' says that it has a parent")
        }
    }

    /// A line `key=value`, the key in lower case and the value without quotes; `nil` for another line.
    private static func field(_ line: Substring) throws(CloudError) -> (key: String, value: String)? {
        guard let equals = line.firstIndex(of: "="), !line[..<equals].contains("\"") else { return nil }
        var key = line[..<equals]
        while key.last?.isWhitespace == true { key.removeLast() }
        guard !key.contains(where: \.isWhitespace) else { return nil }
        let name = key.lowercased()
        guard !name.contains("file"), !name.contains("path") else {
            throw VMDKHeader.bad("its descriptor names another file by \(shown(key))")
        }
        return (name, line[line.index(after: equals)...].filter { $0 != "\"" && !$0.isWhitespace })
    }

    /// `RW <sectors> SPARSE "<name>"`. The name is what the file was once called, and no path.
    private static func checkExtent(_ line: Substring) throws(CloudError) {
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        let words = (parts.first ?? "").split(whereSeparator: \.isWhitespace)
        guard parts.count == 3, parts[2].allSatisfy(\.isWhitespace), words.count == 3, UInt64(words[1]) != nil,
            ["RW", "RDONLY"].contains(words[0])
        else { throw VMDKHeader.bad("its descriptor has the line '\(shown(line))', which is not understood") }
        guard words[2] == "SPARSE" else {
            throw VMDKHeader.bad("its extent is \(shown(words[2])); only SPARSE is accepted")
        }
        guard !parts[1].isEmpty, !parts[1].contains(where: { "/\\".contains($0) }) else {
            throw VMDKHeader.bad("its extent '\(shown(parts[1]))' is a path to another file")
        }
    }
}
